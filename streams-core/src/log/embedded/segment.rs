//! A segment: a run of blocks, appended to only while it is the last of its partition.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::block::{HEADER, Header};
use super::change::SegmentMeta;
use super::storage::{Storage, lock};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::Offset;

/// Distance in bytes of the entries of the index.
const INDEX_EVERY: u64 = 64 << 10;
/// Bytes read at once to look for a block.
const SCAN: usize = 64 << 10;

/// A segment as readers see it.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base: Offset,
    pub(super) storage: Storage,
    /// Whether bytes of it may not be on the disk yet.
    pub(super) dirty: AtomicBool,
    len: AtomicU64,
    removed: AtomicBool,
    /// Base offset and position of some blocks, in order; filled by [`locate`](Self::locate).
    index: Mutex<Vec<(Offset, u64)>>,
}

impl Segment {
    pub(super) fn new(meta: &SegmentMeta, storage: Storage) -> Self {
        Segment {
            base: meta.base,
            storage,
            dirty: AtomicBool::new(false),
            len: AtomicU64::new(meta.len),
            removed: AtomicBool::new(false),
            index: Mutex::default(),
        }
    }

    /// Bytes committed.
    pub(super) fn len(&self) -> u64 {
        self.len.load(Ordering::Acquire)
    }

    pub(super) fn publish_len(&self, len: u64) {
        self.len.store(len, Ordering::Release);
    }

    /// Whether it was replaced or deleted, so that its file may be gone.
    pub(super) fn is_removed(&self) -> bool {
        self.removed.load(Ordering::Acquire)
    }

    /// Removes the bytes; what is open stays readable.
    pub(super) fn remove(&self) {
        self.removed.store(true, Ordering::Release);
        self.storage.remove();
    }

    /// Position of the first block that reaches beyond `offset`, or the end.
    pub(super) fn locate(&self, offset: Offset) -> Result<u64> {
        let len = self.len();
        let mut index = lock(&self.index);
        let before = index.partition_point(|(base, _)| *base <= offset);
        let mut at = before.checked_sub(1).map_or(0, |i| index[i].1);
        let mut chunk = Vec::new();
        let mut chunk_at = 0;
        while at + (HEADER as u64) <= len {
            if chunk.is_empty() || at < chunk_at || at + (HEADER as u64) > chunk_at + chunk.len() as u64 {
                chunk.clear();
                chunk_at = at;
                let wanted = usize::try_from(len - at).map_or(SCAN, |left| left.min(SCAN));
                self.storage.read_into(&mut chunk, at, wanted)?;
            }
            let header = Header::parse(&chunk[(at - chunk_at) as usize..]).ok_or_else(|| self.corrupt(at))?;
            if index.last().is_none_or(|(_, last)| at >= last + INDEX_EVERY) {
                index.push((header.base, at));
            }
            if header.end() > offset {
                return Ok(at);
            }
            at += header.total_len() as u64;
        }
        Ok(len)
    }

    /// The error for bytes at `at` that are not what was written.
    pub(super) fn corrupt(&self, at: u64) -> Error {
        let name = match self.storage.path() {
            Some(path) => path.display().to_string(),
            None => format!("in memory from offset {}", self.base),
        };
        let message = format!("segment {name} fails its checksum at byte {at}; restore it from a copy");
        Error::new(ErrorKind::Corrupt, message)
    }
}
