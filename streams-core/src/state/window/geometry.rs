//! How the rows of a window store are laid out, and which are expired.
//!
//! Rows by key: 8 bytes of segment, key, 8 bytes of start, 4 bytes of sequence. Rows by time: start, key, sequence.
//! In the changelog it is always key, start, sequence (formats 3.2). All numbers are big-endian.

use crate::state::spec::{WindowExpiry, WindowLayout, WindowSpec};
use crate::time::{StreamTime, Timestamp};

/// What the store knows of time and sequence numbers. It goes back with an abort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Clock {
    pub(super) stream_time: StreamTime,
    /// The last sequence number given.
    pub(super) sequence: u32,
    /// Windows from here on never expire.
    pub(super) keep_from: Option<Timestamp>,
}

/// Numbers of a window store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    pub(super) size: i64,
    pub(super) retention: i64,
    pub(super) segment: i64,
    pub(super) layout: WindowLayout,
    pub(super) expiry: WindowExpiry,
    pub(super) duplicates: bool,
}

/// A row's key, taken apart.
pub(super) struct RowKey<'a> {
    pub(super) key: &'a [u8],
    pub(super) start: Timestamp,
    pub(super) sequence: u32,
}

impl Geometry {
    pub(super) fn new(spec: &WindowSpec) -> Self {
        Geometry {
            size: spec.size_ms(),
            retention: spec.retention_ms(),
            segment: spec.segment_ms(),
            layout: spec.layout,
            expiry: spec.expiry,
            duplicates: spec.retain_duplicates,
        }
    }

    pub(super) fn segment_of(&self, start: Timestamp) -> i64 {
        start.div_euclid(self.segment)
    }

    /// Whether a put at `start` is taken (rules V-1 and V-3).
    #[inline]
    pub(super) fn accepts(&self, clock: &Clock, start: Timestamp) -> bool {
        let edge = clock.stream_time.get().saturating_sub(self.retention);
        let live = match self.expiry {
            // The first comparison decides nearly always, without a division.
            WindowExpiry::Persistent => start >= edge || self.segment_of(start) >= self.segment_of(edge),
            WindowExpiry::InMemory => start > edge,
        };
        live || clock.keep_from.is_some_and(|keep_from| start >= keep_from)
    }

    /// The first start that reads show (rules V-2 and V-3).
    #[inline]
    pub(super) fn visible_from(&self, clock: &Clock) -> Timestamp {
        let edge = clock.stream_time.get().saturating_sub(self.retention);
        let first = match (self.layout, self.expiry) {
            (WindowLayout::TimeFirst, WindowExpiry::Persistent) => edge,
            _ => edge.saturating_add(1),
        };
        first.min(clock.keep_from.unwrap_or(i64::MAX)).max(0)
    }

    /// The first segment whose rows are kept.
    pub(super) fn first_segment(&self, clock: &Clock) -> i64 {
        let edge = clock.stream_time.get().saturating_sub(self.retention);
        self.segment_of(edge.min(clock.keep_from.unwrap_or(i64::MAX)).max(0))
    }

    /// Rows below this are in earlier segments.
    pub(super) fn floor(&self, segment: i64) -> [u8; 8] {
        match self.layout {
            WindowLayout::KeyFirst => segment.to_be_bytes(),
            WindowLayout::TimeFirst => segment.saturating_mul(self.segment).to_be_bytes(),
        }
    }

    /// Appends a row's key to `out`, the key's own bytes written by `key`.
    #[inline]
    pub(super) fn row_key<E>(
        &self,
        start: Timestamp,
        sequence: u32,
        out: &mut Vec<u8>,
        key: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.layout {
            WindowLayout::KeyFirst => {
                out.extend_from_slice(&self.segment_of(start).to_be_bytes());
                key(out)?;
                out.extend_from_slice(&start.to_be_bytes());
            }
            WindowLayout::TimeFirst => {
                out.extend_from_slice(&start.to_be_bytes());
                key(out)?;
            }
        }
        out.extend_from_slice(&sequence.to_be_bytes());
        Ok(())
    }

    /// Takes a row's key apart; `None` if it is too short to be one.
    pub(super) fn parse<'a>(&self, row: &'a [u8]) -> Option<RowKey<'a>> {
        match self.layout {
            WindowLayout::KeyFirst => parse_changelog(row.get(8..)?),
            WindowLayout::TimeFirst => {
                let (start, rest) = row.split_first_chunk::<8>()?;
                let (key, sequence) = rest.split_last_chunk::<4>()?;
                let start = Timestamp::from_be_bytes(*start);
                Some(RowKey { key, start, sequence: u32::from_be_bytes(*sequence) })
            }
        }
    }

    /// The changelog's key of a row; `out` is where it is put together if it is not in one piece.
    pub(super) fn changelog_key<'a>(&self, row: &'a [u8], out: &'a mut Vec<u8>) -> &'a [u8] {
        match (self.layout, self.parse(row)) {
            (WindowLayout::TimeFirst, Some(parts)) => {
                out.clear();
                out.extend_from_slice(parts.key);
                out.extend_from_slice(&parts.start.to_be_bytes());
                out.extend_from_slice(&parts.sequence.to_be_bytes());
                out
            }
            (WindowLayout::KeyFirst, Some(_)) => &row[8..],
            (_, None) => row,
        }
    }
}

/// Takes a key of the changelog apart; `None` if it is too short to be one.
pub(super) fn parse_changelog(key: &[u8]) -> Option<RowKey<'_>> {
    let (rest, sequence) = key.split_last_chunk::<4>()?;
    let (key, start) = rest.split_last_chunk::<8>()?;
    let start = Timestamp::from_be_bytes(*start);
    Some(RowKey { key, start, sequence: u32::from_be_bytes(*sequence) })
}
