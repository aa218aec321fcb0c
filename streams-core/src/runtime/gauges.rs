//! Counters that the threads of an application write and its handle reads.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ids::{NodeId, Offset, TaskId, TopicPartition};
use crate::operators::{DropCounts, Whereabouts};
use crate::runtime::metrics::{Recorder, TaskMetrics, ThreadMetrics};
use crate::state::Flushed;

/// A rate is taken over at least this long.
const RATE_WINDOW: Duration = Duration::from_secs(1);

/// No lock here is held while anything else is waited for or code of the user's runs.
#[derive(Default)]
pub(super) struct Gauges {
    pub(super) consumed: AtomicU64,
    pub(super) produced: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) restarts: AtomicU64,
    pub(super) restored: AtomicU64,
    pub(super) rebalances: AtomicU64,
    tasks: Mutex<BTreeMap<TaskId, TaskGauge>>,
    threads: Mutex<Vec<ThreadMetrics>>,
    /// Dropped by tasks that were closed since.
    dropped: Mutex<DropCounts>,
    rate: Mutex<Rate>,
    /// Committed offsets of repartition topics, to delete records up to.
    purgeable: Mutex<BTreeMap<TopicPartition, Offset>>,
    /// Topics that tasks of the sub-topologies have written to.
    written: Mutex<BTreeSet<(u32, String)>>,
    /// What the coordinator waits for.
    waiting: Mutex<Option<String>>,
    /// When the application came into the state it is in.
    changed: Mutex<Option<Instant>>,
}

/// What is known of a task.
#[derive(Clone)]
pub(super) struct TaskGauge {
    pub(super) metrics: TaskMetrics,
    pub(super) dropped: DropCounts,
    pub(super) whereabouts: Arc<Whereabouts>,
    /// Its inputs by their numbers in `whereabouts`.
    pub(super) topics: Vec<(u32, String)>,
    flushes: Option<Recorder>,
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
            whereabouts: Arc::default(),
            topics: Vec::new(),
            flushes: None,
        }));
    }

    /// Committed state of the task was written to the engine.
    pub(super) fn flushed(&self, task: TaskId, began: Instant, flushed: Flushed) {
        let now = Instant::now();
        if let Some(TaskGauge { metrics, flushes, .. }) = self.tasks().get_mut(&task) {
            let flushes = flushes.get_or_insert_with(|| Recorder::new(now));
            flushes.took(now, 1, now.duration_since(began));
            metrics.flush.time = flushes.timing(now);
            metrics.flush.rows += flushed.rows as u64;
            metrics.flush.bytes += flushed.bytes as u64;
        }
    }

    /// The task is closed.
    pub(super) fn close(&self, task: TaskId) {
        if let Some(gauge) = self.tasks().remove(&task) {
            self.dropped.lock().unwrap_or_else(PoisonError::into_inner).merge(&gauge.dropped);
        }
    }

    /// Replaces what is known of a worker thread.
    pub(super) fn publish_thread(&self, worker: usize, update: impl FnOnce(&mut ThreadMetrics)) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        while threads.len() <= worker {
            let worker = threads.len();
            threads.push(ThreadMetrics { worker, ..ThreadMetrics::default() });
        }
        update(&mut threads[worker]);
    }

    pub(super) fn threads(&self) -> Vec<ThreadMetrics> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).clone()
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

    /// A task begins to write to this topic.
    pub(super) fn writes(&self, task: TaskId, topic: &str) {
        let written = (task.sub_topology, topic.to_owned());
        self.written.lock().unwrap_or_else(PoisonError::into_inner).insert(written);
    }

    /// Topics that tasks of the sub-topologies have written to.
    pub(super) fn written(&self) -> BTreeSet<(u32, String)> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the coordinator cannot do before the log has; `None` if nothing.
    pub(super) fn set_waiting(&self, what: Option<String>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    pub(super) fn waiting(&self) -> Option<String> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The state of the application has changed now.
    pub(super) fn set_changed(&self) {
        *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn in_state_for(&self) -> Duration {
        let changed = *self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.map_or(Duration::ZERO, |changed| changed.elapsed())
    }

    pub(super) fn all(&self) -> Vec<TaskGauge> {
        self.tasks().values().cloned().collect()
    }

    /// The node of the task that runs, and its record.
    pub(super) fn whereabouts(&self, task: TaskId) -> Option<(NodeId, Option<(String, Offset)>)> {
        let tasks = self.tasks();
        let TaskGauge { whereabouts, topics, .. } = tasks.get(&task)?;
        let record = whereabouts.record().map(|(number, offset)| {
            let topic = topics.iter().find(|(known, _)| *known == number);
            (topic.map_or_else(|| "a topic".to_owned(), |(_, name)| name.clone()), offset)
        });
        Some((whereabouts.node(), record))
    }

    /// Tells one step of a task from another.
    pub(super) fn place_of(&self, task: TaskId) -> u64 {
        let tasks = self.tasks();
        let Some(TaskGauge { whereabouts, .. }) = tasks.get(&task) else { return 0 };
        BuildHasherDefault::<DefaultHasher>::default().hash_one((whereabouts.node(), whereabouts.record()))
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
