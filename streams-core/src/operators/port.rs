//! The edge between two nodes, and what a task asks of nodes that keep something.

use std::sync::{Arc, Mutex, TryLockError};

use crate::error::Result;
use crate::operators::process::PunctuationId;
use crate::operators::{DropReason, TaskContext};
use crate::record::{Record, RecordBatch};
use crate::time::Timestamp;

/// Records that are about to be taken up, as they lie in their topic.
#[derive(Clone, Copy)]
pub(crate) struct Coming<'a> {
    pub(crate) batch: &'a RecordBatch,
    pub(crate) first: usize,
    pub(crate) end: usize,
}

impl<'a> Coming<'a> {
    /// Their keys, of those that have one, and their times in the topic.
    pub(crate) fn keys(self) -> impl Iterator<Item = (&'a [u8], Timestamp)> {
        (self.first..self.end).filter_map(move |index| {
            let record = self.batch.get(index);
            Some((record.key?, record.timestamp))
        })
    }
}

/// Where records of one type pair go. `push` returns when the record and all that follows from it is done
/// (depth-first, rule M-2). An error means that the task has failed; what a policy lets pass is no error.
pub(crate) trait Port<K, V>: Send {
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()>;

    /// Pushes to the child of this number only; a port that is the one child itself has just number 0.
    fn push_nth(&mut self, ctx: &mut TaskContext, _child: usize, record: Record<K, V>) -> Result<()> {
        self.push(ctx, record)
    }

    /// Records with these keys will probably come next, at these times: a node with a store looks where their entries
    /// lie, so that the waits for memory overlap. A wrong guess costs time and nothing else.
    fn announce(&mut self, _coming: Coming<'_>) {}

    /// A hidden step right before this node dropped a record for this reason: `key` is there if it was for the value.
    /// Whether this node has counted it.
    fn skipped(
        &mut self,
        _ctx: &mut TaskContext,
        _reason: DropReason,
        _key: Option<&K>,
        _timestamp: Timestamp,
    ) -> Result<bool> {
        Ok(false)
    }
}

/// A node that the task itself calls, besides the records that reach it.
pub(crate) trait TaskNode: Send {
    /// Called once before the first record.
    fn init(&mut self, _ctx: &mut TaskContext) -> Result<()> {
        Ok(())
    }

    /// A punctuation that this node scheduled is due.
    fn punctuate(&mut self, _ctx: &mut TaskContext, _id: PunctuationId, _time: Timestamp) -> Result<()> {
        Ok(())
    }

    /// Time has moved to `now` without a record.
    fn pass_time(&mut self, _ctx: &mut TaskContext, _now: Timestamp) -> Result<()> {
        Ok(())
    }

    /// Forwards what was held back until the commit.
    fn flush(&mut self, _ctx: &mut TaskContext) -> Result<()> {
        Ok(())
    }

    /// The input has ended: forwards what waits for more of it.
    fn finish(&mut self, _ctx: &mut TaskContext) -> Result<()> {
        Ok(())
    }

    /// Progress that belongs to the commit, under a name that is unique in the task.
    fn save(&self, _progress: &mut Vec<(String, i64)>) {}

    /// Whether its progress is committed with every input of the task, also with those that nothing was read from, as
    /// Kafka Streams does for windows that emit on close (rule RT-6).
    fn saves_everywhere(&self) -> bool {
        false
    }

    /// Takes up the progress of the last commit.
    fn load(&mut self, _progress: &[(String, i64)]) {}
}

/// A node that is shared between the port that leads to it and the task.
pub(crate) struct NodePort<N>(pub(crate) Arc<Mutex<N>>);

impl<K, V, N: Port<K, V>> Port<K, V> for NodePort<N> {
    #[inline]
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        exclusive(&self.0, |node| node.push(ctx, record))
    }

    fn announce(&mut self, coming: Coming<'_>) {
        exclusive(&self.0, |node| node.announce(coming));
    }

    fn skipped(
        &mut self,
        ctx: &mut TaskContext,
        reason: DropReason,
        key: Option<&K>,
        timestamp: Timestamp,
    ) -> Result<bool> {
        exclusive(&self.0, |node| node.skipped(ctx, reason, key, timestamp))
    }
}

/// Runs `work` on a node that nobody else can be using: one thread runs the task, and topologies have no cycles.
#[inline]
pub(crate) fn exclusive<N: ?Sized, R>(node: &Mutex<N>, work: impl FnOnce(&mut N) -> R) -> R {
    match node.try_lock() {
        Ok(mut node) => work(&mut node),
        // A panic in user code fails the task for good, so a half-changed node is never used again.
        Err(TryLockError::Poisoned(node)) => work(&mut node.into_inner()),
        Err(TryLockError::WouldBlock) => unreachable!("a node was entered twice: the topology has a cycle"),
    }
}
