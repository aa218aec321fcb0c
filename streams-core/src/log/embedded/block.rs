//! Blocks: runs of records with one header and two checksums, the unit of a segment.
//!
//! A block is complete but for its base offset when a producer closes it; the offset and the header's checksum
//! are filled in at the commit. Nothing here knows files.
//!
//! Header, little-endian: `u32` magic, `u32` length of the body, `i64` base offset, `u32` last offset − base,
//! `u32` number of records, `i64` base timestamp, `i64` largest timestamp, `i64` delete horizon (−1: none), `u32`
//! CRC-32 of the body, `u32` CRC-32 of the header before it. Body, for each record: varints offset − base, zigzag
//! timestamp − base timestamp, key length + 1 (0: null), value length + 1 (0: null), headers length; then the
//! bytes of key, value and headers.

use super::codec::{read_u64, unzigzag, write_u64, zigzag};
use crate::ids::Offset;
use crate::record::{Entry, RecordBatch, RecordView};
use crate::time::Timestamp;

/// Bytes of a header.
pub(super) const HEADER: usize = 56;
/// A block is closed when its body is this long.
pub(super) const TARGET: usize = 32 << 10;
const MAGIC: u32 = 0x3142_4c53;

/// The parsed header of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) body_len: usize,
    pub(super) base: Offset,
    pub(super) last_delta: u32,
    pub(super) count: u32,
    pub(super) base_timestamp: Timestamp,
    pub(super) max_timestamp: Timestamp,
    /// When the tombstones in it may go; −1 if it was not compacted yet or has none.
    pub(super) delete_horizon: Timestamp,
    pub(super) body_crc: u32,
}

impl Header {
    /// The header at the start of `bytes`; `None` if there is no intact one.
    pub(super) fn parse(bytes: &[u8]) -> Option<Header> {
        let head: &[u8; HEADER] = bytes.first_chunk()?;
        let u32_at = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let i64_at = |at: usize| i64::from(u32_at(at)) | (i64::from(u32_at(at + 4)) << 32);
        if u32_at(0) != MAGIC || u32_at(52) != crc32fast::hash(&head[..52]) {
            return None;
        }
        Some(Header {
            body_len: u32_at(4) as usize,
            base: i64_at(8),
            last_delta: u32_at(16),
            count: u32_at(20),
            base_timestamp: i64_at(24),
            max_timestamp: i64_at(32),
            delete_horizon: i64_at(40),
            body_crc: u32_at(48),
        })
    }

    fn write(&self, out: &mut [u8]) {
        out[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        out[4..8].copy_from_slice(&(self.body_len as u32).to_le_bytes());
        out[8..16].copy_from_slice(&self.base.to_le_bytes());
        out[16..20].copy_from_slice(&self.last_delta.to_le_bytes());
        out[20..24].copy_from_slice(&self.count.to_le_bytes());
        out[24..32].copy_from_slice(&self.base_timestamp.to_le_bytes());
        out[32..40].copy_from_slice(&self.max_timestamp.to_le_bytes());
        out[40..48].copy_from_slice(&self.delete_horizon.to_le_bytes());
        out[48..52].copy_from_slice(&self.body_crc.to_le_bytes());
        let crc = crc32fast::hash(&out[..52]);
        out[52..56].copy_from_slice(&crc.to_le_bytes());
    }

    /// Offset behind the last one that the block stands for.
    pub(super) fn end(&self) -> Offset {
        self.base + i64::from(self.last_delta) + 1
    }

    /// Bytes of header and body.
    pub(super) fn total_len(&self) -> usize {
        HEADER + self.body_len
    }

    /// Whether `body` is what was written.
    pub(super) fn verify(&self, body: &[u8]) -> bool {
        body.len() == self.body_len && crc32fast::hash(body) == self.body_crc
    }
}

/// Where one block of a [`BlockBuffer`] lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) header: Header,
}

/// Blocks being filled, one behind the other.
#[derive(Debug, Default)]
pub(super) struct BlockBuffer {
    bytes: Vec<u8>,
    closed: Vec<Place>,
    open: Option<Place>,
}

impl BlockBuffer {
    /// Appends a record at the next offset.
    #[inline]
    pub(super) fn push(&mut self, record: RecordView<'_>) {
        let delta = self.open.as_ref().map_or(0, |open| open.header.count);
        self.push_at(i64::from(delta), record);
        if self.open_len() >= TARGET {
            self.close();
        }
    }

    /// Appends a record `delta` behind the block's base, for a block that [`close_at`](Self::close_at) closes.
    #[inline]
    pub(super) fn push_at(&mut self, delta: i64, record: RecordView<'_>) {
        if self.open.is_none() {
            self.open_block(record.timestamp);
        }
        let Some(place) = &mut self.open else { return };
        let mut head = [0; 50];
        let mut len = write_u64(&mut head, delta as u64);
        let timestamp = record.timestamp.wrapping_sub(place.header.base_timestamp);
        len += write_u64(&mut head[len..], zigzag(timestamp));
        len += write_u64(&mut head[len..], record.key.map_or(0, |k| k.len() as u64 + 1));
        len += write_u64(&mut head[len..], record.value.map_or(0, |v| v.len() as u64 + 1));
        len += write_u64(&mut head[len..], record.headers.0.len() as u64);
        self.bytes.extend_from_slice(&head[..len]);
        self.bytes.extend_from_slice(record.key.unwrap_or_default());
        self.bytes.extend_from_slice(record.value.unwrap_or_default());
        if !record.headers.0.is_empty() {
            self.bytes.extend_from_slice(record.headers.0);
        }
        place.header.count += 1;
        place.header.last_delta = delta as u32;
        place.header.max_timestamp = place.header.max_timestamp.max(record.timestamp);
    }

    /// Bytes in the block that is being filled.
    #[inline]
    pub(super) fn open_len(&self) -> usize {
        self.open.as_ref().map_or(0, |place| self.bytes.len() - place.start)
    }

    #[cold]
    fn open_block(&mut self, timestamp: Timestamp) {
        let start = self.bytes.len();
        self.bytes.resize(start + HEADER, 0);
        self.open = Some(Place {
            start,
            header: Header {
                body_len: 0,
                base: 0,
                last_delta: 0,
                count: 0,
                base_timestamp: timestamp,
                max_timestamp: timestamp,
                delete_horizon: -1,
                body_crc: 0,
            },
        });
    }

    /// Completes the open block, if there is one, but for its base offset.
    pub(super) fn close(&mut self) {
        if let Some(mut place) = self.open.take() {
            let body = &self.bytes[place.start + HEADER..];
            place.header.body_len = body.len();
            place.header.body_crc = crc32fast::hash(body);
            self.closed.push(place);
        }
    }

    /// Completes the open block as the one that stands for `base` to `last`.
    pub(super) fn close_at(&mut self, base: Offset, last: Offset, delete_horizon: Timestamp) {
        let Some(place) = &mut self.open else { return };
        place.header.base = base;
        place.header.last_delta = (last - base) as u32;
        place.header.delete_horizon = delete_horizon;
        self.close();
        if let Some(place) = self.closed.last() {
            place.header.write(&mut self.bytes[place.start..place.start + HEADER]);
        }
    }

    /// Closes the open block and gives the blocks their offsets, from `base` on without gaps; the offset behind
    /// the last record.
    pub(super) fn assign_offsets(&mut self, base: Offset) -> Offset {
        self.close();
        let mut next = base;
        for place in &mut self.closed {
            place.header.base = next;
            next = place.header.end();
            place.header.write(&mut self.bytes[place.start..place.start + HEADER]);
        }
        next
    }

    /// The closed blocks in order.
    pub(super) fn blocks(&self) -> &[Place] {
        &self.closed
    }

    /// All bytes of the closed blocks.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets the blocks; keeps the memory unless it is much.
    pub(super) fn clear(&mut self) {
        const KEEP: usize = 4 << 20;
        self.bytes.clear();
        self.bytes.shrink_to(KEEP);
        self.closed.clear();
        self.open = None;
    }
}

/// Places the records of the block body that starts at `start` of the batch's buffer, from offset `from` on, until
/// `max_bytes` of them are placed but at least one; the offset behind the last record placed, or `None` if the
/// body cannot be parsed.
pub(super) fn place_records(
    batch: &mut RecordBatch,
    header: &Header,
    start: usize,
    from: Offset,
    max_bytes: usize,
) -> Option<Offset> {
    let mut at = start;
    let body_end = start + header.body_len;
    let mut taken = 0;
    for _ in 0..header.count {
        let (entry, next) = parse_record(batch.buffer(), header, at, body_end)?;
        let size = next - at;
        at = next;
        if entry.offset >= from {
            if taken > 0 && taken + size > max_bytes {
                return Some(entry.offset);
            }
            taken += size;
            batch.place(entry);
        }
    }
    (at == body_end).then(|| header.end())
}

/// The record at `at` and where the next one is.
#[inline]
fn parse_record(bytes: &[u8], header: &Header, mut at: usize, body_end: usize) -> Option<(Entry, usize)> {
    let delta = read_u64(bytes, &mut at)?;
    let timestamp = unzigzag(read_u64(bytes, &mut at)?).wrapping_add(header.base_timestamp);
    let key_len = i32::try_from(read_u64(bytes, &mut at)?).ok()? - 1;
    let value_len = i32::try_from(read_u64(bytes, &mut at)?).ok()? - 1;
    let headers_len = u32::try_from(read_u64(bytes, &mut at)?).ok()?;
    let end = at + key_len.max(0) as usize + value_len.max(0) as usize + headers_len as usize;
    if end > body_end || delta > u64::from(header.last_delta) {
        return None;
    }
    let offset = header.base + delta as i64;
    Some((Entry { offset, timestamp, start: at, key_len, value_len, headers_len }, end))
}
