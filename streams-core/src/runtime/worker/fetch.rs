//! The inputs of a task: when to read more, and whether an empty one is to be waited for (rules P-1 to P-4).

use std::time::Instant;

use crate::error::Result;
use crate::ids::Offset;
use crate::log::PartitionReader;
use crate::record::RecordBatch;
use crate::runtime::config::{Config, TaskIdle};
use crate::task::Task;

/// How far an input is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum Bound {
    /// As far as there is something, for ever.
    Endless,
    /// Up to before this offset.
    At(Offset),
    /// To an end that is known when the tasks that write it have finished.
    Unknown,
}

/// Reads one partition into one queue of a task.
pub(super) struct Input {
    pub(super) topic: String,
    /// Records and bytes read.
    pub(super) records: u64,
    pub(super) bytes: u64,
    pub(super) reader: Box<dyn PartitionReader>,
    pub(super) bound: Bound,
    /// Whether consumed records are to be deleted: it is a repartition topic.
    pub(super) purge: bool,
    spare: Option<RecordBatch>,
    /// Since when it is known to be at its end and empty.
    empty_since: Option<Instant>,
}

impl Input {
    pub(super) fn new(topic: String, reader: Box<dyn PartitionReader>, bound: Bound, purge: bool) -> Self {
        Input { topic, records: 0, bytes: 0, reader, bound, purge, spare: None, empty_since: None }
    }

    /// Whether everything was read that ever will be.
    pub(super) fn is_exhausted(&self) -> bool {
        matches!(self.bound, Bound::At(end) if self.reader.position() >= end)
    }

    /// Whether there is nothing to read now, as far as that is known.
    pub(super) fn is_at_end(&self) -> bool {
        self.reader.end().is_some_and(|end| self.reader.position() >= end)
    }

    /// Reads more into queue `queue` if few records wait there; the bytes read.
    pub(super) fn fetch(&mut self, task: &mut Task, queue: usize, config: &Config) -> Result<usize> {
        if task.buffered(queue) >= config.buffered_records || self.is_exhausted() {
            return Ok(0);
        }
        let mut batch = self.spare.take().unwrap_or_else(|| task.spare_batch(queue));
        let count = self.reader.read(&mut batch, config.fetch_bytes)?;
        if count == 0 {
            self.spare = Some(batch);
            return Ok(0);
        }
        if let Bound::At(end) = self.bound
            && batch.get(batch.len() - 1).offset >= end
        {
            batch = below(&batch, end);
            self.reader.seek(end);
        }
        let bytes = batch.byte_len();
        self.records += batch.len() as u64;
        self.bytes += bytes as u64;
        task.add(queue, batch);
        Ok(bytes)
    }

    /// Whether the task may go on while this input, whose queue is empty, has no record (rule P-2).
    pub(super) fn may_be_left_out(
        &mut self,
        idle: TaskIdle,
        now: Instant,
        until: &mut Option<Instant>,
    ) -> bool {
        if self.is_exhausted() {
            return true;
        }
        if self.bound != Bound::Endless {
            // More is sure to come, and the order is to be the same in every run.
            return false;
        }
        let TaskIdle::UpTo(idle) = idle else { return true };
        if !self.is_at_end() {
            self.empty_since = None;
            return false;
        }
        let since = *self.empty_since.get_or_insert(now);
        // The check for zero spares callers whose clock moves in between.
        if idle.is_zero() || now.duration_since(since) >= idle {
            return true;
        }
        let due = since + idle;
        *until = Some(until.map_or(due, |earlier| earlier.min(due)));
        false
    }

    /// The input has a record again.
    pub(super) fn has_records(&mut self) {
        self.empty_since = None;
    }

    /// Records between what is processed and the end; `None` if the end is unknown.
    pub(super) fn lag(&self, buffered: usize) -> Option<u64> {
        let behind = self.reader.end()?.saturating_sub(self.reader.position()).max(0);
        Some(behind as u64 + buffered as u64)
    }
}

fn below(batch: &RecordBatch, end: Offset) -> RecordBatch {
    let mut kept = RecordBatch::new();
    batch.iter().take_while(|record| record.offset < end).for_each(|record| kept.push(record));
    kept
}
