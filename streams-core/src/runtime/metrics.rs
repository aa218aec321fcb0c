//! What an application tells about itself.

use std::sync::atomic::Ordering::Relaxed;

use crate::ids::TaskId;
use crate::operators::DropReason;
use crate::runtime::shared::Shared;
use crate::runtime::state::AppState;
use crate::state::RestoreProgress;
use crate::time::{Timestamp, UNKNOWN};

/// A snapshot of an application's counters.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Metrics {
    /// What the application is doing.
    pub state: AppState,
    /// Records processed since the start. Those of aborted transactions are counted each time.
    pub consumed: u64,
    /// Records sent since the start, changelogs and repartition topics included.
    pub produced: u64,
    /// Commits that had something to commit: transactions under exactly-once.
    pub commits: u64,
    /// How often the tasks of a worker were made anew from their committed offsets after a transaction failed.
    pub restarts: u64,
    /// Changelog records read to restore stores.
    pub restored: u64,
    /// Records processed per second, over the last second or longer.
    pub records_per_second: f64,
    /// The tasks that this process runs, in order.
    pub tasks: Vec<TaskMetrics>,
    /// Records that were dropped, by node and reason.
    pub dropped: Vec<Dropped>,
}

impl Metrics {
    pub(super) fn of(shared: &Shared, state: AppState) -> Self {
        let gauges = &shared.gauges;
        let dropped = gauges.dropped();
        Metrics {
            state,
            consumed: gauges.consumed.load(Relaxed),
            produced: gauges.produced.load(Relaxed),
            commits: gauges.commits.load(Relaxed),
            restarts: gauges.restarts.load(Relaxed),
            restored: gauges.restored.load(Relaxed),
            records_per_second: gauges.rate(shared.elapsed()),
            tasks: gauges.all().into_iter().map(|gauge| gauge.metrics).collect(),
            dropped: dropped
                .iter()
                .map(|(node, reason, count)| Dropped {
                    node: shared.topology.node(node).name.clone(),
                    reason,
                    count,
                })
                .collect(),
        }
    }

    /// Records behind the committed end over all inputs of all tasks; `None` while it is unknown for one.
    pub fn lag(&self) -> Option<u64> {
        self.tasks.iter().map(|task| task.lag).sum()
    }

    /// Dropped for this reason, over all nodes.
    pub fn dropped_for(&self, reason: DropReason) -> u64 {
        self.dropped.iter().filter(|dropped| dropped.reason == reason).map(|dropped| dropped.count).sum()
    }
}

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
    /// Records processed.
    pub consumed: u64,
    /// Changelog records read to restore its stores.
    pub restored: u64,
    /// The restore of each of its stores, with rate and time left; kept when it is done.
    pub restore: Vec<RestoreProgress>,
}

impl TaskMetrics {
    pub(super) fn new(task: TaskId) -> Self {
        TaskMetrics {
            task,
            worker: 0,
            phase: TaskPhase::Restoring,
            stream_time: UNKNOWN,
            lag: None,
            buffered: 0,
            consumed: 0,
            restored: 0,
            restore: Vec::new(),
        }
    }
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
