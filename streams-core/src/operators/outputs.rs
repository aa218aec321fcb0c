//! Records that a task has put out and that are not in the log yet.

use crate::error::Result;
use crate::log::murmur2;
use crate::record::{Entry, RecordBatch, RecordView};

/// Where a record is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// Index into the task's topics.
    pub(crate) topic: u32,
    pub(crate) partition: Partition,
}

/// How the partition is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partition {
    /// By this hash of the key.
    Hash(u32),
    /// Any will do: the key is null.
    Any,
    /// This one.
    Number(u32),
}

impl Partition {
    /// By the hash of the key, without its last `suffix` bytes.
    pub(crate) fn of_key(key: &[u8], suffix: usize) -> Self {
        Partition::Hash(murmur2(&key[..key.len().saturating_sub(suffix)]))
    }
}

/// The parts of a record, in the order they are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Key,
    Value,
    Headers,
}

/// Bytes that wait to be produced, in order.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    batch: RecordBatch,
    targets: Vec<Target>,
}

impl Outputs {
    #[inline]
    pub(crate) fn push(&mut self, target: Target, record: RecordView<'_>) {
        self.batch.push(record);
        self.targets.push(target);
    }

    /// Adds a record whose parts `write` appends to what it is given, in order; it says whether the part is not null.
    /// The record's partition is decided by its key without the last `suffix` bytes. Nothing is added if it fails.
    pub(crate) fn append(
        &mut self,
        topic: u32,
        timestamp: i64,
        suffix: usize,
        mut write: impl FnMut(Part, &mut Vec<u8>) -> Result<bool>,
    ) -> Result<()> {
        let buffer = self.batch.buffer();
        let start = buffer.len();
        let mut part = |part| {
            let from = buffer.len();
            match write(part, &mut *buffer) {
                Ok(true) => Ok((buffer.len() - from) as i32),
                Ok(false) => {
                    buffer.truncate(from);
                    Ok(-1)
                }
                Err(error) => {
                    buffer.truncate(start);
                    Err(error)
                }
            }
        };
        let (key_len, value_len, headers_len) = (part(Part::Key)?, part(Part::Value)?, part(Part::Headers)?);
        let key = buffer.get(start..start + key_len.max(0) as usize).filter(|_| key_len >= 0);
        let partition = key.map_or(Partition::Any, |key| Partition::of_key(key, suffix));
        let headers_len = headers_len.max(0) as u32;
        self.batch.place(Entry { offset: 0, timestamp, start, key_len, value_len, headers_len });
        self.targets.push(Target { topic, partition });
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Hands each record to `emit` in order and forgets them; all of them also if one fails.
    pub(crate) fn drain(&mut self, mut emit: impl FnMut(Target, RecordView<'_>) -> Result<()>) -> Result<()> {
        let result = (0..self.targets.len()).try_for_each(|i| emit(self.targets[i], self.batch.get(i)));
        self.clear();
        result
    }

    pub(crate) fn clear(&mut self) {
        self.batch.clear();
        self.targets.clear();
    }
}
