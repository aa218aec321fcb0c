//! What an application tells about itself: a snapshot of counters, also as Prometheus text.
//!
//! Nothing is counted per record that is not counted per batch: threads keep their own counters and publish them at
//! commits and when they rest. A snapshot never waits for a thread that runs.

mod prometheus;
mod task;
mod thread;
mod timing;

use std::time::Duration;

pub use task::{Dropped, FlushMetrics, InputMetrics, OutputMetrics, StoreMetrics, TaskMetrics, TaskPhase};
pub use thread::{ThreadMetrics, ThreadPhase};
pub use timing::{Spread, Timing};

pub(super) use thread::ThreadCounters;
pub(super) use timing::Recorder;

use crate::operators::DropReason;
use crate::runtime::config::Guarantee;
use crate::runtime::health::Health;
use crate::runtime::state::AppState;

/// A snapshot of an application's counters.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Metrics {
    /// What the application is doing.
    pub state: AppState,
    /// Whether it is alive and ready.
    pub health: Health,
    /// What it is: ids, version, guarantee.
    pub identity: Identity,
    /// Time since it was started.
    pub uptime: Duration,
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
    /// How often the group has changed what belongs to this process.
    pub rebalances: u64,
    /// Records processed per second, over the last second or longer.
    pub records_per_second: f64,
    /// Memory of all stores together.
    pub memory: MemoryMetrics,
    /// The worker threads, in order.
    pub threads: Vec<ThreadMetrics>,
    /// The tasks that this process runs, in order.
    pub tasks: Vec<TaskMetrics>,
    /// Records that were dropped, by node and reason, by tasks that were closed since too.
    pub dropped: Vec<Dropped>,
}

/// What an application is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The application's id: its consumer group, and the prefix of its internal topics.
    pub application_id: String,
    /// The id of this process among those of the application.
    pub process_id: String,
    /// Version of this library.
    pub version: String,
    /// A checksum of the topology's description: equal where the topologies are.
    pub topology: String,
    /// What a crash may do to results.
    pub guarantee: Guarantee,
}

impl Identity {
    /// Names this process among those of the application, as Kafka's `client-id` does.
    pub fn client_id(&self) -> String {
        format!("{}-{}", self.application_id, self.process_id)
    }
}

/// Memory of the stores of all tasks together, estimated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryMetrics {
    /// What they may use.
    pub limit: usize,
    /// What they use.
    pub used: usize,
    /// Of it, committed entries that the engine does not have yet.
    pub pending: usize,
    /// Uncommitted entries.
    pub dirty: usize,
}

impl Metrics {
    /// Records behind the committed end over all inputs of all tasks; `None` while it is unknown for one.
    pub fn lag(&self) -> Option<u64> {
        self.tasks.iter().map(|task| task.lag).sum()
    }

    /// Dropped for this reason, over all nodes.
    pub fn dropped_for(&self, reason: DropReason) -> u64 {
        self.dropped.iter().filter(|dropped| dropped.reason == reason).map(|dropped| dropped.count).sum()
    }

    /// Worker threads that run.
    pub fn alive_threads(&self) -> usize {
        self.threads.iter().filter(|thread| thread.is_alive()).count()
    }
}
