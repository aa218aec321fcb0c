//! Reads a partition: whole blocks into the batch, records placed where they lie.

use std::sync::{Arc, PoisonError};

use super::Shared;
use super::block::{HEADER, Header, place_records};
use super::partition::Partition;
use super::segment::Segment;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::Offset;
use crate::log::{PartitionReader, Wakeup};
use crate::record::RecordBatch;

/// Least number of bytes asked of a file at once.
const MIN_READ: usize = 4 << 10;

pub(super) struct Reader {
    shared: Arc<Shared>,
    partition: Arc<Partition>,
    position: Offset,
    cursor: Option<Cursor>,
    /// Rung by the partition; held so that it stays alive as long as the reader.
    _wakeup: Arc<Wakeup>,
}

/// Where the block with the position starts.
struct Cursor {
    segment: Arc<Segment>,
    at: u64,
}

impl Reader {
    pub(super) fn new(
        shared: Arc<Shared>,
        partition: Arc<Partition>,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Self {
        partition.subscribe(wakeup);
        Reader { shared, partition, position: from, cursor: None, _wakeup: wakeup.clone() }
    }

    /// The committed end, seen together with the ends of all partitions that were committed with it.
    fn committed_end(&self) -> Result<Offset> {
        let _all_or_none = self.shared.core.gate.read().unwrap_or_else(PoisonError::into_inner);
        let (start, end) = (self.partition.start(), self.partition.end());
        if self.partition.is_deleted() {
            let message = format!("topic of partition {} was deleted", self.partition.name);
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        if self.position < start || self.position > end {
            let message = format!(
                "offset {} of partition {} is out of range: it holds {start} to {end}; seek to one of these",
                self.position, self.partition.name
            );
            return Err(Error::new(ErrorKind::OffsetOutOfRange, message));
        }
        Ok(end)
    }

    /// Where to read on. A segment that was replaced meanwhile is looked up again.
    fn locate(&mut self) -> Result<Cursor> {
        if let Some(cursor) = self.cursor.take()
            && !cursor.segment.is_removed()
        {
            return Ok(cursor);
        }
        loop {
            let Some((segment, _)) = self.partition.segment_for(self.position) else {
                let message = format!("partition {} has no segment", self.partition.name);
                return Err(Error::new(ErrorKind::Corrupt, message));
            };
            match segment.locate(self.position) {
                Ok(at) => return Ok(Cursor { segment, at }),
                Err(_) if segment.is_removed() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads from one segment and moves on; `None` if the position moved, or has to be looked up again, without a
    /// record.
    fn read_segment(
        &mut self,
        batch: &mut RecordBatch,
        max_bytes: usize,
        end: Offset,
    ) -> Result<Option<usize>> {
        let mut cursor = self.locate()?;
        let left = cursor.segment.len().saturating_sub(cursor.at);
        if left == 0 {
            // On to the next segment, or to the end over what compaction took away.
            match self.partition.segment_for(cursor.segment.base) {
                Some((_, Some(next))) => self.position = self.position.max(next),
                _ => {
                    self.position = self.position.max(end);
                    self.cursor = Some(cursor);
                }
            }
            return Ok(None);
        }
        let wanted = max_bytes.max(MIN_READ).saturating_add(HEADER);
        let chunk = usize::try_from(left).map_or(wanted, |left| left.min(wanted));
        let (records, bytes) = (batch.len(), batch.buffer().len());
        match self.read_blocks(&cursor, batch, chunk, max_bytes) {
            Ok(used) => {
                cursor.at += used as u64;
                self.cursor = Some(cursor);
                Ok(Some(batch.len() - records).filter(|taken| *taken > 0))
            }
            // The file went while it was being opened: whoever removed it has put another in its place.
            Err(_) if cursor.segment.is_removed() && batch.len() == records => {
                batch.buffer().truncate(bytes);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads `chunk` bytes (more if the first block is longer) and places the records of the whole blocks in
    /// them; the number of bytes of blocks that were used up.
    fn read_blocks(
        &mut self,
        cursor: &Cursor,
        batch: &mut RecordBatch,
        chunk: usize,
        max_bytes: usize,
    ) -> Result<usize> {
        let start = batch.buffer().len();
        let storage = &cursor.segment.storage;
        storage.read_into(batch.buffer(), cursor.at, chunk)?;
        let mut at = start;
        let mut room = max_bytes;
        loop {
            let bytes = batch.buffer();
            let have = bytes.len() - at;
            if have < HEADER {
                break;
            }
            let file_at = cursor.at + (at - start) as u64;
            let header = Header::parse(&bytes[at..]).ok_or_else(|| cursor.segment.corrupt(file_at))?;
            if have < header.total_len() {
                if at > start {
                    break;
                }
                storage.read_into(bytes, file_at + have as u64, header.total_len() - have)?;
            }
            let body = at + HEADER;
            if !header.verify(&batch.buffer()[body..body + header.body_len]) {
                return Err(cursor.segment.corrupt(file_at));
            }
            let next = place_records(batch, &header, body, self.position, room)
                .ok_or_else(|| cursor.segment.corrupt(file_at))?;
            self.position = self.position.max(next);
            if next < header.end() {
                // Full in the middle of the block: the next read starts with this block again.
                batch.buffer().truncate(body + header.body_len);
                return Ok(at - start);
            }
            at += header.total_len();
            room = room.saturating_sub(header.total_len());
            if room == 0 {
                break;
            }
        }
        batch.buffer().truncate(at);
        Ok(at - start)
    }
}

impl PartitionReader for Reader {
    fn read(&mut self, batch: &mut RecordBatch, max_bytes: usize) -> Result<usize> {
        let end = self.committed_end()?;
        while self.position < end {
            if let Some(count) = self.read_segment(batch, max_bytes, end)? {
                return Ok(count);
            }
        }
        Ok(0)
    }

    fn position(&self) -> Offset {
        self.position
    }

    fn seek(&mut self, offset: Offset) {
        self.position = offset;
        self.cursor = None;
    }

    fn end(&self) -> Option<Offset> {
        Some(self.partition.end())
    }
}
