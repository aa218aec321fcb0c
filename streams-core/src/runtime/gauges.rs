//! Counters that the threads of an application write and its handle reads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ids::{Offset, TaskId, TopicPartition};
use crate::operators::DropCounts;
use crate::runtime::metrics::TaskMetrics;

/// A rate is taken over at least this long.
const RATE_WINDOW: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Gauges {
    pub(super) consumed: AtomicU64,
    pub(super) produced: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) restarts: AtomicU64,
    pub(super) restored: AtomicU64,
    tasks: Mutex<BTreeMap<TaskId, TaskGauge>>,
    /// Dropped by tasks that were closed since.
    dropped: Mutex<DropCounts>,
    rate: Mutex<Rate>,
    /// Committed offsets of repartition topics, to delete records up to.
    purgeable: Mutex<BTreeMap<TopicPartition, Offset>>,
}

/// What is known of a task.
#[derive(Clone)]
pub(super) struct TaskGauge {
    pub(super) metrics: TaskMetrics,
    pub(super) dropped: DropCounts,
}

#[derive(Default)]
struct Rate {
    at: Duration,
    consumed: u64,
    rate: f64,
}

impl Gauges {
    pub(super) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Relaxed);
    }

    /// Replaces what is known of a task.
    pub(super) fn publish(&self, task: TaskId, update: impl FnOnce(&mut TaskGauge)) {
        let mut tasks = self.tasks();
        update(tasks.entry(task).or_insert_with(|| TaskGauge {
            metrics: TaskMetrics::new(task),
            dropped: DropCounts::default(),
        }));
    }

    /// The task is closed.
    pub(super) fn close(&self, task: TaskId) {
        if let Some(gauge) = self.tasks().remove(&task) {
            self.dropped.lock().unwrap_or_else(PoisonError::into_inner).merge(&gauge.dropped);
        }
    }

    /// Records of a repartition topic below `offset` are processed and committed.
    pub(super) fn purge_below(&self, partition: &TopicPartition, offset: Offset) {
        let mut purgeable = self.purgeable.lock().unwrap_or_else(PoisonError::into_inner);
        let known = purgeable.entry(partition.clone()).or_insert(offset);
        *known = offset.max(*known);
    }

    /// Takes what was said by `purge_below` since the last call.
    pub(super) fn take_purgeable(&self) -> Vec<(TopicPartition, Offset)> {
        let mut purgeable = self.purgeable.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *purgeable).into_iter().collect()
    }

    pub(super) fn all(&self) -> Vec<TaskGauge> {
        self.tasks().values().cloned().collect()
    }

    pub(super) fn dropped(&self) -> DropCounts {
        let mut all = self.dropped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.tasks().values().for_each(|gauge| all.merge(&gauge.dropped));
        all
    }

    /// Records consumed per second, over the last second or longer.
    pub(super) fn rate(&self, now: Duration) -> f64 {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = now.saturating_sub(rate.at);
        if elapsed >= RATE_WINDOW || rate.at == Duration::ZERO {
            let consumed = self.consumed.load(Relaxed);
            rate.rate = (consumed - rate.consumed) as f64 / elapsed.as_secs_f64().max(f64::EPSILON);
            (rate.at, rate.consumed) = (now, consumed);
        }
        rate.rate
    }

    fn tasks(&self) -> MutexGuard<'_, BTreeMap<TaskId, TaskGauge>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
