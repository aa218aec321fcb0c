//! A worker: one thread with its tasks and its producer. Everything its tasks do until a commit is one transaction.

mod commit;
mod fetch;
mod publish;
mod restore;
mod run;
mod send;
mod task;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

pub(super) use commit::may_pass;
pub(super) use fetch::Bound;
pub(super) use task::{OpenInput, OpenTask};

use crate::error::Result;
use crate::ids::{NodeId, Offset, TaskId};
use crate::runtime::coordinator::Event;
use crate::runtime::listed::Listed;
use crate::runtime::mailbox::Mailbox;
use crate::runtime::metrics::ThreadCounters;
use crate::runtime::pulse::Doing;
use crate::runtime::shared::Shared;
use crate::runtime::worker::publish::Turn;
use crate::runtime::worker::send::Sender;
use crate::runtime::worker::task::RunningTask;

/// Pause before a task is opened again whose stores could not be looked up.
const OPEN_PAUSE: Duration = Duration::from_millis(100);

/// What the coordinator tells a worker.
pub(super) enum Command {
    /// Make this task, restore and run it.
    Open(Box<OpenTask>),
    /// Commit everything, then close these and answer `Closed`.
    Close(Vec<TaskId>),
    /// Commit everything, then leave these as they are and answer `Suspended`.
    Suspend(Vec<TaskId>),
    /// Go on with this one.
    Resume(TaskId),
    /// Abort everything, drop all tasks and answer `Reset`.
    Reset,
    /// The input of this name will not grow beyond this offset.
    Bound(TaskId, String, Offset),
    /// The input of these nodes of these tasks has ended: close their windows, commit, and answer `Finished`.
    Finish(Vec<TaskId>, Arc<BTreeSet<NodeId>>),
    /// Commit everything, close all tasks and end.
    Stop,
    /// Abort everything, drop all tasks and end.
    Abort,
}

/// A worker as the coordinator sees it.
pub(super) struct WorkerHandle {
    pub(super) commands: Arc<Mailbox<Command>>,
    pub(super) thread: JoinHandle<()>,
}

/// A worker as its thread sees it.
pub(super) struct Worker {
    index: usize,
    shared: Arc<Shared>,
    commands: Arc<Mailbox<Command>>,
    /// In order of their ids: upstream first.
    tasks: Vec<RunningTask>,
    sender: Sender,
    last_commit: Instant,
    /// The task that runs, for messages about panics.
    current: usize,
    /// Transactions that failed since the last one that did not.
    failures: u32,
    /// Since when they fail.
    failing: Option<Instant>,
    /// How often the process had stood still when this turn began.
    breaks: u64,
    /// It was told to stop.
    stopping: bool,
    /// Until when a task waits for an input that is at its end.
    idle_until: Option<Instant>,
    /// Bytes read from repartition topics since records were deleted there.
    purgeable: usize,
    /// Time that tasks which restore are still to have.
    restore_credit: Duration,
    counters: ThreadCounters,
    /// What was done in the turn under way.
    turn: Turn,
    /// When it has shown itself last.
    published: Instant,
}

impl Worker {
    /// Starts the thread of worker `index`.
    pub(super) fn start(shared: &Arc<Shared>, index: usize) -> Result<WorkerHandle> {
        let commands = Arc::new(Mailbox::new());
        let (shared, for_worker) = (Arc::clone(shared), Arc::clone(&commands));
        let name = format!("{}-worker-{}", shared.application_id, index + 1);
        Worker::introduce(&shared, index);
        let thread = Builder::new().name(name).spawn(move || {
            let span = tracing::info_span!(parent: &shared.span, "worker", worker = index + 1);
            let _in_span = span.entered();
            let sender = Sender::new(&shared, index);
            let worker = Worker {
                index,
                shared,
                commands: for_worker,
                tasks: Vec::new(),
                sender,
                last_commit: Instant::now(),
                current: usize::MAX,
                failures: 0,
                failing: None,
                breaks: 0,
                stopping: false,
                idle_until: None,
                purgeable: 0,
                restore_credit: Duration::ZERO,
                counters: Worker::new_counters(),
                turn: Turn::default(),
                published: Instant::now(),
            };
            worker.run();
        })?;
        Ok(WorkerHandle { commands, thread })
    }

    /// Takes over one command; whether the worker goes on.
    fn obey(&mut self, command: Command) -> Result<bool> {
        match command {
            Command::Open(open) => {
                self.beat(Doing::Opening, Some(open.id));
                self.open(*open)?;
            }
            Command::Close(tasks) => {
                self.commit()?;
                // Of those that were dropped before, and may be open again elsewhere, the coordinator was told then.
                let mut closed = Vec::with_capacity(tasks.len());
                for task in tasks {
                    if let Some(index) = self.tasks.iter().position(|t| t.id() == task) {
                        self.beat(Doing::Closing, Some(task));
                        self.counters.closed += 1;
                        self.tasks.remove(index).close(&self.shared)?;
                        tracing::info!(%task, "task closed");
                        closed.push(task);
                    }
                }
                self.shared.events.send(Event::Closed { tasks: closed });
            }
            Command::Suspend(tasks) => {
                self.commit()?;
                let mut suspended = Vec::with_capacity(tasks.len());
                for task in self.tasks.iter_mut().filter(|task| tasks.contains(&task.id())) {
                    task.suspended = true;
                    suspended.push(task.id());
                }
                self.shared.events.send(Event::Suspended { tasks: suspended });
            }
            Command::Resume(task) => {
                self.tasks.iter_mut().filter(|t| t.id() == task).for_each(|task| task.suspended = false);
            }
            Command::Reset => {
                tracing::warn!(
                    tasks = %Listed(self.tasks.iter().map(RunningTask::id)),
                    "partitions were given to another process: going back to what is committed"
                );
                self.drop_tasks(Duration::ZERO)?;
            }
            Command::Bound(task, topic, end) => {
                if let Some(task) = self.tasks.iter_mut().find(|t| t.id() == task) {
                    task.set_bound(&topic, end);
                }
            }
            Command::Finish(tasks, nodes) => {
                // Those that were dropped meanwhile have not closed their windows: they come round again.
                let mut finished = Vec::with_capacity(tasks.len());
                for index in 0..self.tasks.len() {
                    let id = self.tasks[index].id();
                    if tasks.contains(&id) {
                        self.current = index;
                        self.beat(Doing::Processing, Some(id));
                        self.tasks[index].finish(&nodes)?;
                        self.send_outputs(index)?;
                        finished.push(id);
                    }
                }
                self.commit()?;
                self.shared.events.send(Event::Finished { tasks: finished });
            }
            Command::Stop => {
                self.stopping = true;
                self.commit()?;
                for task in std::mem::take(&mut self.tasks) {
                    self.beat(Doing::Closing, Some(task.id()));
                    self.counters.closed += 1;
                    task.close(&self.shared)?;
                }
                return Ok(false);
            }
            Command::Abort => {
                self.stopping = true;
                self.abort()?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn open(&mut self, open: OpenTask) -> Result<()> {
        let id = open.id;
        let task = match RunningTask::open(open, &self.shared, self.index, self.commands.wakeup()) {
            Ok(task) => task,
            Err(error) if may_pass(&error) => {
                tracing::warn!(task = %id, %error, "not opened yet");
                self.shared.gauges.set_waiting(Some(format!("task {id} cannot be opened yet: {error}")));
                self.shared.events.send(Event::Reset { tasks: vec![id], pause: OPEN_PAUSE });
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let at = self.tasks.partition_point(|t| t.id() < task.id());
        self.tasks.insert(at, task);
        self.counters.created += 1;
        Ok(())
    }
}
