//! Records that a task has put out and that are not in the log yet.

use crate::error::Result;
use crate::record::{RecordBatch, RecordView};

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
