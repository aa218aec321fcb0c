//! A look at an application from outside, which may outlive it and keeps nothing of it open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use std::sync::atomic::Ordering::Relaxed;

use crate::ids::TaskId;
use crate::runtime::gauges::Gauges;
use crate::runtime::health::{Health, limit_of, seconds};
use crate::runtime::metrics::{Dropped, Identity, MemoryMetrics, Metrics, TaskMetrics};
use crate::runtime::pulse::{Doing, Pulse, Pulses};
use crate::runtime::state::AppState;
use crate::state::MemoryBudget;
use crate::topology::Topology;

/// Shows state, metrics and health of an application to other parts of a program, such as a server that is asked for
/// them: a cheap clone for each, callable from any thread. It neither keeps the application running nor its log and
/// state open, and shows the last there was when the application has gone.
///
/// No call waits for a thread that runs, also if user code never comes back while it holds a store.
#[derive(Clone)]
pub struct Monitor {
    vitals: Arc<Vitals>,
    state: watch::Receiver<AppState>,
}

/// What threads write for others to look at.
pub(super) struct Vitals {
    pub(super) topology: Topology,
    pub(super) identity: Identity,
    pub(super) gauges: Arc<Gauges>,
    pub(super) pulses: Pulses,
    pub(super) budget: Arc<MemoryBudget>,
    pub(super) stuck_after: Duration,
    pub(super) started: Instant,
}

impl Monitor {
    pub(super) fn new(vitals: Arc<Vitals>, state: watch::Receiver<AppState>) -> Self {
        Monitor { vitals, state }
    }

    /// What the application is doing, to look at or to wait for changes of; needs no async runtime.
    pub fn state(&self) -> &watch::Receiver<AppState> {
        &self.state
    }

    /// Whether it is alive and ready, with the reasons.
    pub fn health(&self) -> Health {
        Health::of(self)
    }

    /// The counters as of now.
    pub fn metrics(&self) -> Metrics {
        let Vitals { gauges, topology, budget, started, identity, .. } = &*self.vitals;
        let named = |(node, reason, count)| Dropped { node: topology.node(node).name.clone(), reason, count };
        let uptime = started.elapsed();
        // Not in the expression below: the guard of a borrow lives as long as that, and health borrows again, which never
        // ends if the coordinator waits in between to change the state.
        let state = self.state.borrow().clone();
        Metrics {
            state,
            health: self.health(),
            identity: identity.clone(),
            uptime,
            consumed: gauges.consumed.load(Relaxed),
            produced: gauges.produced.load(Relaxed),
            commits: gauges.commits.load(Relaxed),
            restarts: gauges.restarts.load(Relaxed),
            restored: gauges.restored.load(Relaxed),
            rebalances: gauges.rebalances.load(Relaxed),
            records_per_second: gauges.rate(uptime),
            memory: MemoryMetrics {
                limit: budget.limit(),
                used: budget.used(),
                pending: budget.pending(),
                dirty: budget.dirty(),
            },
            threads: gauges.threads(),
            tasks: self.tasks(),
            dropped: gauges.dropped().iter().map(named).collect(),
        }
    }

    /// The tasks that run here.
    pub(super) fn tasks(&self) -> Vec<TaskMetrics> {
        let topology = &self.vitals.topology;
        let tasks = self.vitals.gauges.all().into_iter().map(|gauge| {
            let mut metrics = gauge.metrics;
            let named =
                |(node, reason, count)| Dropped { node: topology.node(node).name.clone(), reason, count };
            metrics.dropped = gauge.dropped.iter().map(named).collect();
            metrics
        });
        tasks.collect()
    }

    /// How long each thread has been at the same thing: the coordinator, then the workers.
    pub(super) fn look(&self, now: Instant) -> Vec<Duration> {
        self.vitals.look(now)
    }

    pub(super) fn pulse(&self, thread: usize) -> &Pulse {
        self.vitals.pulse(thread)
    }

    pub(super) fn describe_still(&self, thread: usize, still: Duration) -> String {
        self.vitals.describe_still(thread, still)
    }

    pub(super) fn stuck_after(&self) -> Duration {
        self.vitals.stuck_after
    }

    /// What the coordinator cannot do before the log has.
    pub(super) fn waiting(&self) -> Option<String> {
        self.vitals.gauges.waiting()
    }

    pub(super) fn in_state_for(&self) -> Duration {
        self.vitals.gauges.in_state_for()
    }
}

impl Vitals {
    fn pulse(&self, thread: usize) -> &Pulse {
        match thread {
            0 => self.pulses.coordinator(),
            worker => self.pulses.worker(worker - 1),
        }
    }

    fn look(&self, now: Instant) -> Vec<Duration> {
        self.pulses.look(now, |task| self.gauges.place_of(task))
    }

    /// What a thread has been at for so long.
    fn describe_still(&self, thread: usize, still: Duration) -> String {
        let pulse = self.pulse(thread);
        let who = match thread {
            0 => "the coordinator".to_owned(),
            worker => format!("worker {worker}"),
        };
        let what = match pulse.task() {
            Some(task) if pulse.doing() == Doing::Processing => {
                format!("processing: {}", self.whereabouts(task))
            }
            Some(task) => format!("{}: task {task}", pulse.doing().text()),
            None => pulse.doing().text().to_owned(),
        };
        format!("{who} has not come round for {}, {what}", seconds(still))
    }

    /// The node that runs and its record, for messages.
    fn whereabouts(&self, task: TaskId) -> String {
        let Some((node, record)) = self.gauges.whereabouts(task) else { return format!("task {task}") };
        let record = record
            .map_or("no record (a timer, a commit or the end of the input)".to_owned(), |(topic, offset)| {
                format!("record {topic}-{}@{offset}", task.partition)
            });
        format!("task {task}, at or behind node {}, {record}", self.topology.describe_node(node))
    }

    /// Looks at all workers; tells of those that have stood still too long and of those that go on again. `stuck` are
    /// the workers that were told of.
    pub(super) fn watch(&self, stuck: &mut Vec<usize>) {
        let still = self.look(Instant::now());
        for (thread, still) in still.into_iter().enumerate().skip(1) {
            let over =
                limit_of(self.pulse(thread).doing(), self.stuck_after).is_some_and(|limit| still > limit);
            let known = stuck.iter().position(|other| *other == thread);
            match (over, known) {
                (true, None) => {
                    stuck.push(thread);
                    let task = self.pulse(thread).task().map(|task| task.to_string());
                    tracing::warn!(worker = thread, task, "{}", self.describe_still(thread, still));
                }
                (false, Some(index)) => {
                    stuck.remove(index);
                    tracing::info!(worker = thread, "goes on after it stood still");
                }
                _ => {}
            }
        }
    }
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor")
            .field("client_id", &self.vitals.identity.client_id())
            .field("state", &*self.state.borrow())
            .finish_non_exhaustive()
    }
}
