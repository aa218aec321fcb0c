//! What is known of one task.

use crate::ids::{Offset, TaskId};
use crate::operators::DropReason;
use crate::runtime::metrics::{Spread, Timing};
use crate::state::{RestoreProgress, StoreUsage};
use crate::time::{Timestamp, UNKNOWN};

/// What a task is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskPhase {
    /// Its stores are being restored.
    Restoring,
    /// It processes records.
    Running,
}

/// One task, as of its last commit or moment of rest.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TaskMetrics {
    /// The task.
    pub task: TaskId,
    /// The worker thread that runs it.
    pub worker: usize,
    /// What it is doing.
    pub phase: TaskPhase,
    /// Highest event time taken up, in milliseconds since the epoch; −1 at first.
    pub stream_time: Timestamp,
    /// Records between what is processed and the end of its inputs; `None` if the end is unknown.
    pub lag: Option<u64>,
    /// Records read ahead and not processed yet.
    pub buffered: usize,
    /// Bytes of the batches that they are in.
    pub buffered_bytes: usize,
    /// Records processed.
    pub consumed: u64,
    /// Processing, per record; outputs are handed to the log in this time.
    pub process: Timing,
    /// Punctuations by the wall clock that were due.
    pub punctuate: Timing,
    /// Commits that had something of it to commit.
    pub commits: u64,
    /// How far behind the stream time records were, in milliseconds; looked at once per run of up to 256 records.
    pub lateness: Spread,
    /// How long after its timestamp a record was processed, in milliseconds; looked at once per run of up to 256
    /// records.
    pub latency: Spread,
    /// What it reads.
    pub inputs: Vec<InputMetrics>,
    /// What it has written to, changelogs and repartition topics included.
    pub outputs: Vec<OutputMetrics>,
    /// Its stores, looked at several times a second.
    pub stores: Vec<StoreMetrics>,
    /// Background writes of its stores to the engine.
    pub flush: FlushMetrics,
    /// Records that it dropped, by node and reason, as of its last commit.
    pub dropped: Vec<Dropped>,
    /// Changelog records read to restore its stores.
    pub restored: u64,
    /// The restore of each of its stores, with rate and time left; kept when it is done.
    pub restore: Vec<RestoreProgress>,
}

impl TaskMetrics {
    pub(in crate::runtime) fn new(task: TaskId) -> Self {
        TaskMetrics {
            task,
            worker: 0,
            phase: TaskPhase::Restoring,
            stream_time: UNKNOWN,
            lag: None,
            buffered: 0,
            buffered_bytes: 0,
            consumed: 0,
            process: Timing::default(),
            punctuate: Timing::default(),
            commits: 0,
            lateness: Spread::default(),
            latency: Spread::default(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            stores: Vec::new(),
            flush: FlushMetrics::default(),
            dropped: Vec::new(),
            restored: 0,
            restore: Vec::new(),
        }
    }

    /// Offsets that its stores have to go to be restored.
    pub fn restore_remaining(&self) -> u64 {
        self.restore.iter().map(|store| (store.end - store.position).max(0) as u64).sum()
    }
}

/// One partition that a task reads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputMetrics {
    /// The topic; its partition is the task's.
    pub topic: String,
    /// Name of the source that reads it, the first if there are several.
    pub node: String,
    /// Offset behind the last record processed; `None` if none was and nothing was committed.
    pub position: Option<Offset>,
    /// Records between there and the end; `None` if the end is unknown.
    pub lag: Option<u64>,
    /// Records processed.
    pub records: u64,
    /// Bytes read, those of records that wait included.
    pub bytes: u64,
}

/// One topic that a task writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputMetrics {
    /// The topic.
    pub topic: String,
    /// Name of the sink that writes to it; of a changelog, the name of the store.
    pub node: String,
    /// Records handed to the log. Those of aborted transactions are counted each time.
    pub records: u64,
    /// Bytes of their keys, values and headers.
    pub bytes: u64,
}

/// One store of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreMetrics {
    /// The store's name.
    pub store: String,
    /// How much there is of it, and where.
    pub usage: StoreUsage,
}

/// Background writes of committed state to the engine.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct FlushMetrics {
    /// How often, and how long they took.
    pub time: Timing,
    /// Rows put or removed.
    pub rows: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
}

/// Records dropped by one node for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// Name of the node.
    pub node: String,
    /// Why.
    pub reason: DropReason,
    /// How many.
    pub count: u64,
}
