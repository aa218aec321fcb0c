//! What is known of one worker thread.

use std::time::{Duration, Instant};

use crate::runtime::metrics::{Recorder, Spread, Timing};
use crate::time::Timestamp;

/// What a worker thread is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThreadPhase {
    /// It has begun and has not reported yet.
    #[default]
    Starting,
    /// It runs, and restores stores of some of its tasks.
    Restoring,
    /// It runs.
    Running,
    /// It has ended as asked.
    Ended,
    /// It has ended by an error, which ends the application.
    Failed,
}

/// One worker thread, as of its last commit or moment of rest.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ThreadMetrics {
    /// Its name: application id, process id and number, as `shop-4711-worker-1`.
    pub id: String,
    /// Its index, from 0, which [`TaskMetrics::worker`](crate::runtime::TaskMetrics::worker) refers to.
    pub worker: usize,
    /// What it is doing.
    pub phase: ThreadPhase,
    /// When it began, in milliseconds since the epoch.
    pub started: Timestamp,
    /// Tasks that it runs.
    pub tasks: usize,
    /// Tasks that it opened.
    pub tasks_created: u64,
    /// Tasks that it closed, dropped ones included.
    pub tasks_closed: u64,
    /// Transactions that failed, after which its tasks were made anew.
    pub failed_transactions: u64,
    /// Taking records from the log, per turn of its loop.
    pub poll: Timing,
    /// Processing, per record.
    pub process: Timing,
    /// Punctuations by the wall clock that were due.
    pub punctuate: Timing,
    /// Commits that had something to commit.
    pub commit: Timing,
    /// Records taken from the log per turn of its loop that took some.
    pub poll_records: Spread,
    /// Records processed per turn of its loop that processed some.
    pub process_records: Spread,
    /// Time spent waiting for something to do.
    pub idle: Duration,
    /// Time spent waiting for the log to take and commit records.
    pub blocked: Duration,
}

impl ThreadMetrics {
    /// Whether the thread runs.
    pub fn is_alive(&self) -> bool {
        !matches!(self.phase, ThreadPhase::Ended | ThreadPhase::Failed)
    }
}

/// What a worker counts itself.
pub(in crate::runtime) struct ThreadCounters {
    pub(in crate::runtime) created: u64,
    pub(in crate::runtime) closed: u64,
    pub(in crate::runtime) failed_transactions: u64,
    pub(in crate::runtime) poll: Recorder,
    pub(in crate::runtime) process: Recorder,
    pub(in crate::runtime) punctuate: Recorder,
    pub(in crate::runtime) commit: Recorder,
    pub(in crate::runtime) poll_records: Recorder,
    pub(in crate::runtime) process_records: Recorder,
    pub(in crate::runtime) idle: Duration,
    pub(in crate::runtime) blocked: Duration,
}

impl ThreadCounters {
    pub(in crate::runtime) fn new(now: Instant) -> Self {
        let recorder = Recorder::new(now);
        ThreadCounters {
            created: 0,
            closed: 0,
            failed_transactions: 0,
            poll: recorder.clone(),
            process: recorder.clone(),
            punctuate: recorder.clone(),
            commit: recorder.clone(),
            poll_records: recorder.clone(),
            process_records: recorder,
            idle: Duration::ZERO,
            blocked: Duration::ZERO,
        }
    }

    /// Takes everything over into what is shown.
    pub(in crate::runtime) fn show(&mut self, now: Instant, shown: &mut ThreadMetrics) {
        shown.tasks_created = self.created;
        shown.tasks_closed = self.closed;
        shown.failed_transactions = self.failed_transactions;
        shown.poll = self.poll.timing(now);
        shown.process = self.process.timing(now);
        shown.punctuate = self.punctuate.timing(now);
        shown.commit = self.commit.timing(now);
        shown.poll_records = self.poll_records.spread(now);
        shown.process_records = self.process_records.spread(now);
        (shown.idle, shown.blocked) = (self.idle, self.blocked);
    }
}
