//! What a worker shows of itself and its tasks: at commits and when it rests, and every second when it does not.

use std::time::{Duration, Instant};

use crate::ids::TaskId;
use crate::runtime::metrics::{
    InputMetrics, OutputMetrics, Recorder, StoreMetrics, TaskPhase, ThreadCounters, ThreadPhase,
};
use crate::runtime::pulse::Doing;
use crate::runtime::shared::Shared;
use crate::runtime::worker::Worker;
use crate::runtime::worker::send::name_of_writer;
use crate::runtime::worker::task::RunningTask;
use crate::task::{InputTopic, Task};
use crate::time::Timestamp;

/// Stores are looked at this often: each has to be locked for that.
const STORES: Duration = Duration::from_millis(200);
/// A worker that neither commits nor rests shows itself this often.
const BUSY: Duration = Duration::from_secs(1);

/// What is counted of a task.
pub(super) struct TaskCounters {
    process: Recorder,
    punctuate: Recorder,
    lateness: Recorder,
    latency: Recorder,
    pub(super) commits: u64,
    /// When its stores were looked at last.
    looked: Option<Instant>,
}

impl TaskCounters {
    pub(super) fn new(now: Instant) -> Self {
        let recorder = Recorder::new(now);
        TaskCounters {
            process: recorder.clone(),
            punctuate: recorder.clone(),
            lateness: recorder.clone(),
            latency: recorder,
            commits: 0,
            looked: None,
        }
    }

    /// A punctuation took so long.
    pub(super) fn punctuated(&mut self, now: Instant, elapsed: Duration) {
        self.punctuate.took(now, 1, elapsed);
    }

    /// So many records took so long; `last` is the time of the last one.
    pub(super) fn processed(
        &mut self,
        now: Instant,
        count: u64,
        elapsed: Duration,
        last: Option<Timestamp>,
        times: [Timestamp; 2],
    ) {
        self.process.took(now, count, elapsed);
        let Some(last) = last else { return };
        let behind = |time: Timestamp| u64::try_from(time.saturating_sub(last)).unwrap_or(0);
        let [stream_time, wall_clock] = times;
        self.lateness.add(now, 1, behind(stream_time));
        self.latency.add(now, 1, behind(wall_clock));
    }
}

/// What a worker does in one turn of its loop.
#[derive(Default)]
pub(super) struct Turn {
    pub(super) polling: Duration,
    pub(super) polled: u64,
    pub(super) processed: u64,
}

/// Shows a task that is being opened.
pub(super) fn introduce(task: &Task, inputs: &[InputTopic], shared: &Shared, worker: usize) {
    let name = |input: &InputTopic| {
        let source = input.sources.first();
        source.map(|node| shared.topology.node(*node).name.clone()).unwrap_or_default()
    };
    let shown = inputs.iter().map(|input| InputMetrics {
        topic: input.topic.clone(),
        node: name(input),
        position: None,
        lag: None,
        records: 0,
        bytes: 0,
    });
    let (shown, queues) = (shown.collect(), task.queues());
    shared.gauges.publish(task.id, |gauge| {
        gauge.metrics.worker = worker;
        gauge.metrics.inputs = shown;
        gauge.whereabouts = task.shared_whereabouts().clone();
        gauge.topics = queues.iter().map(|queue| (queue.topic_number(), queue.topic.clone())).collect();
    });
}

impl RunningTask {
    /// Shows where the task is.
    pub(super) fn publish(&mut self, shared: &Shared, worker: usize, now: Instant) {
        let stores = self.look_at_stores(now);
        let restoring = self.is_restoring();
        let (consumed, buffered, dirty) = (self.consumed(), self.buffered(), self.dirty);
        let RunningTask { task, inputs, targets, dropped, counters, .. } = self;
        let (id, time, state) = (task.id, task.stream_time(), task.state().clone());
        shared.gauges.publish(id, |gauge| {
            let metrics = &mut gauge.metrics;
            metrics.worker = worker;
            metrics.phase = if restoring { TaskPhase::Restoring } else { TaskPhase::Running };
            metrics.stream_time = time;
            metrics.consumed = consumed;
            metrics.buffered = buffered;
            metrics.commits = counters.commits;
            metrics.process = counters.process.timing(now);
            metrics.punctuate = counters.punctuate.timing(now);
            metrics.lateness = counters.lateness.spread(now);
            metrics.latency = counters.latency.spread(now);
            let queues = task.queues();
            metrics.buffered_bytes = queues.iter().fold(0, |sum, queue| sum + queue.byte_len());
            for ((shown, input), queue) in metrics.inputs.iter_mut().zip(inputs.iter()).zip(queues) {
                shown.position = queue.position;
                shown.lag = input.lag(queue.len());
                shown.records = input.records - queue.len() as u64 - queue.markers;
                shown.bytes = input.bytes;
            }
            metrics.lag = metrics.inputs.iter().map(|input| input.lag).sum();
            let (_, topics) = task.outputs();
            let written = targets.iter().enumerate().filter_map(|(n, t)| Some((n, t.as_ref()?)));
            for (index, (number, outlet)) in written.enumerate() {
                let topic = topics.name(number as u32);
                if metrics.outputs.get(index).is_none_or(|shown| *shown.topic != **topic) {
                    let node = name_of_writer(shared, id.sub_topology, topic);
                    let new = OutputMetrics { topic: topic.to_string(), node, records: 0, bytes: 0 };
                    metrics.outputs.insert(index, new);
                }
                (metrics.outputs[index].records, metrics.outputs[index].bytes) =
                    (outlet.records, outlet.bytes);
            }
            if let Some(usages) = stores {
                metrics.stores.resize_with(usages.len(), StoreMetrics::default);
                for (index, (shown, usage)) in metrics.stores.iter_mut().zip(usages).enumerate() {
                    if shown.store.is_empty() {
                        shown.store.clone_from(&state.store(index).spec().name);
                    }
                    shown.usage = usage;
                }
            }
            if !dirty {
                gauge.dropped = task.drops().clone();
                gauge.dropped.merge(dropped);
            }
        });
    }

    fn look_at_stores(&mut self, now: Instant) -> Option<Vec<crate::state::StoreUsage>> {
        if self.counters.looked.is_some_and(|looked| now.duration_since(looked) < STORES) {
            return None;
        }
        self.counters.looked = Some(now);
        Some(self.task.state().usage().collect())
    }
}

impl Worker {
    /// Says what the thread does, for those who look whether it comes round.
    pub(super) fn beat(&self, doing: Doing, task: Option<TaskId>) {
        self.shared.vitals.pulses.worker(self.index).beat(doing, task);
    }

    /// The turn is over.
    pub(super) fn end_turn(&mut self, now: Instant) {
        let Turn { polling, polled, processed } = std::mem::take(&mut self.turn);
        let counters = &mut self.counters;
        counters.poll.took(now, 1, polling);
        counters.poll_records.add(now, u64::from(polled > 0), polled);
        counters.process_records.add(now, u64::from(processed > 0), processed);
        if now.duration_since(self.published) >= BUSY {
            self.publish(now);
        }
    }

    /// Shows itself and its tasks.
    pub(super) fn publish(&mut self, now: Instant) {
        self.published = now;
        for task in &mut self.tasks {
            task.publish(&self.shared, self.index, now);
        }
        let restoring = self.tasks.iter().any(RunningTask::is_restoring);
        self.publish_thread(now, if restoring { ThreadPhase::Restoring } else { ThreadPhase::Running });
    }

    pub(super) fn publish_thread(&mut self, now: Instant, phase: ThreadPhase) {
        let Worker { shared, counters, sender, tasks, index, .. } = self;
        counters.blocked = sender.blocked();
        shared.gauges.publish_thread(*index, |shown| {
            shown.phase = phase;
            shown.tasks = tasks.len();
            counters.show(now, shown);
        });
    }

    /// Shows a thread that has just begun.
    pub(super) fn introduce(shared: &Shared, index: usize) {
        let id = format!("{}-worker-{}", shared.vitals.identity.client_id(), index + 1);
        shared.gauges.publish_thread(index, |shown| {
            shown.id = id;
            shown.started = crate::runtime::shared::wall_clock();
        });
    }

    pub(super) fn new_counters() -> ThreadCounters {
        ThreadCounters::new(Instant::now())
    }
}
