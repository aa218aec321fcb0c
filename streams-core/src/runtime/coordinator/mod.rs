//! The coordinator: the thread that is the application's member of its consumer group. It opens and closes tasks on
//! the workers as partitions come and go, commits for them where there are no transactions, and stops everything.

mod bounded;
mod clerk;
mod housekeeping;
mod opening;
mod positions;
mod rebalance;
mod stop;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

pub(super) use bounded::Bounded;
use clerk::Clerk;
use opening::Opening;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TaskId, TopicPartition};
use crate::log::{Committed, GroupMember, GroupOptions};
use crate::runtime::config::Guarantee;
use crate::runtime::flusher::Flusher;
use crate::runtime::pulse::Doing;
use crate::runtime::shared::Shared;
use crate::runtime::state::AppState;
use crate::runtime::worker::{OpenInput, Worker, WorkerHandle};
use crate::task::Assignments;

/// How often is looked whether workers stand still.
const LOOK: Duration = Duration::from_secs(3);

/// What the coordinator is told.
pub(super) enum Event {
    /// The stores of a task are restored.
    Ready(TaskId),
    /// These are committed and closed, as asked.
    Closed { tasks: Vec<TaskId> },
    /// These are committed and wait, as asked.
    Suspended { tasks: Vec<TaskId> },
    /// What failed may pass: these were dropped and have to be opened again, after a pause.
    Reset { tasks: Vec<TaskId>, pause: Duration },
    /// What a task needs to be opened was looked up.
    LookedUp { task: TaskId, attempt: u64, inputs: Result<Vec<OpenInput>> },
    /// The topics that the topology reads were looked up.
    Planned(Result<Assignments>),
    /// Where the inputs of a section of the flow end was looked up.
    Ends { version: u32, section: usize, ends: Result<Vec<(TopicPartition, Offset)>> },
    /// Positions to commit, their outputs being in the log.
    Commit { offsets: Vec<(TopicPartition, Committed)> },
    /// A task has processed and committed all of its bounded input.
    Drained(TaskId),
    /// These have closed their windows and committed, as asked.
    Finished { tasks: Vec<TaskId> },
    /// Much was read from repartition topics.
    Purge,
    /// The application cannot go on.
    Failed(Error),
    /// The thread of a worker ends.
    Stopped { worker: usize },
    /// The application is to stop.
    Stop,
}

pub(super) struct Coordinator {
    shared: Arc<Shared>,
    assignments: Assignments,
    member: Box<dyn GroupMember>,
    workers: Vec<WorkerHandle>,
    /// Threads of workers that have ended.
    ended: BTreeSet<usize>,
    flusher: Option<Flusher>,
    state: watch::Sender<AppState>,
    owned: BTreeSet<TopicPartition>,
    /// Which worker runs a task.
    open: BTreeMap<TaskId, usize>,
    /// Tasks that are being looked up.
    opening: BTreeMap<TaskId, Opening>,
    /// Number of tasks that were looked up so far.
    attempts: u64,
    /// No task is opened before this.
    open_after: Option<Instant>,
    /// Looks up what tasks need.
    look_ups: Clerk,
    /// Does what is done now and then.
    house: Clerk,
    /// The topics that the topology reads, looked up anew.
    planned: Option<Result<Assignments>>,
    /// Positions that are not committed yet; without transactions.
    positions: BTreeMap<TopicPartition, Committed>,
    /// When these are to be tried again.
    commit_after: Option<Instant>,
    restoring: BTreeSet<TaskId>,
    /// Tasks that a worker was asked to close.
    closing: BTreeSet<TaskId>,
    /// Tasks that wait for the group to hand out their partitions anew.
    suspended: BTreeSet<TaskId>,
    /// Tasks that have to be dropped before anything is committed in the name of the member as it is now.
    lost: BTreeSet<TaskId>,
    /// The group has told what belongs to this member.
    assigned: bool,
    stop: bool,
    failure: Option<Error>,
    /// Set if the application ends with its input.
    bounded: Option<Bounded>,
    last_purge: Instant,
    last_topic_check: Instant,
    /// Workers that stand still.
    stuck: Vec<usize>,
}

impl Coordinator {
    /// Joins the group and starts workers and flusher.
    pub(super) fn start(
        shared: Arc<Shared>,
        assignments: Assignments,
        bounded: bool,
        state: watch::Sender<AppState>,
    ) -> Result<Coordinator> {
        let bounded = if bounded { Some(Bounded::new(&shared, &assignments)?) } else { None };
        let member = join(&shared, &assignments)?;
        let flusher = Some(Flusher::start(&shared)?);
        let (look_ups, house) = (Clerk::start(&shared, "look-ups")?, Clerk::start(&shared, "house")?);
        let now = Instant::now();
        let mut coordinator = Coordinator {
            assignments,
            member,
            workers: Vec::new(),
            ended: BTreeSet::new(),
            flusher,
            state,
            owned: BTreeSet::new(),
            open: BTreeMap::new(),
            opening: BTreeMap::new(),
            attempts: 0,
            open_after: None,
            look_ups,
            house,
            planned: None,
            positions: BTreeMap::new(),
            commit_after: None,
            restoring: BTreeSet::new(),
            closing: BTreeSet::new(),
            suspended: BTreeSet::new(),
            lost: BTreeSet::new(),
            assigned: false,
            stop: false,
            failure: None,
            bounded,
            last_purge: now,
            last_topic_check: now,
            stuck: Vec::new(),
            shared,
        };
        for index in 0..coordinator.shared.config.num_threads {
            match Worker::start(&coordinator.shared, index) {
                Ok(worker) => coordinator.workers.push(worker),
                Err(error) => return Err(coordinator.give_up(error)),
            }
        }
        Ok(coordinator)
    }

    /// Runs until the application has stopped; the state it ends in. A panic of this thread aborts what is under way.
    pub(super) fn run(mut self) -> AppState {
        catch_unwind(AssertUnwindSafe(|| self.run_turns())).unwrap_or_else(|panic| self.abandon(&*panic))
    }

    fn run_turns(&mut self) -> AppState {
        self.set_state(AppState::Rebalancing);
        let longest = (self.shared.config.session_timeout / 3).min(LOOK);
        while !self.stop && self.failure.is_none() {
            if let Err(error) = self.turn() {
                self.fail(error);
                break;
            }
            if self.stop || self.failure.is_some() {
                break;
            }
            self.shared.events.wakeup().wait(longest.min(self.until_due()));
        }
        self.stop()
    }

    fn turn(&mut self) -> Result<()> {
        self.tick();
        self.take_events()?;
        self.beat(Doing::Polling, None);
        self.poll_group()?;
        self.open_owned()?;
        if self.advance_bounded()? {
            self.stop = true;
        }
        self.keep_house()?;
        self.show_state();
        self.beat(Doing::Resting, None);
        self.shared.vitals.watch(&mut self.stuck);
        Ok(())
    }

    fn beat(&self, doing: Doing, task: Option<TaskId>) {
        self.shared.vitals.pulses.coordinator().beat(doing, task);
    }

    /// Gives a sign of life. Without transactions, a process that stood still for longer than its session begins again
    /// with what is committed, before its workers write anything.
    fn tick(&mut self) {
        let still = self.shared.heartbeat.age();
        let at_least_once = self.shared.config.guarantee == Guarantee::AtLeastOnce;
        if at_least_once && still > self.shared.config.session_timeout {
            tracing::warn!(
                application = %self.shared.application_id, ?still,
                "stood still for longer than the session: going back to what is committed"
            );
            self.opening.clear();
            self.positions.clear();
            self.drop_tasks(self.open.values().copied().collect());
            self.shared.heartbeat.note_break();
        }
        self.shared.heartbeat.beat();
    }

    fn take_events(&mut self) -> Result<()> {
        while let Some(event) = self.shared.events.take() {
            self.take_event(event)?;
        }
        Ok(())
    }

    fn take_event(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Ready(task) => {
                self.restoring.remove(&task);
            }
            Event::Closed { tasks } => self.closed(&tasks),
            Event::Reset { tasks, pause } => {
                self.closed(&tasks);
                self.open_not_before(Instant::now() + pause);
            }
            Event::LookedUp { task, attempt, inputs } => self.looked_up(task, attempt, inputs)?,
            // Not in the middle of a change of the group.
            Event::Planned(found) => self.planned = Some(found),
            Event::Suspended { tasks } => {
                self.closing.retain(|task| !tasks.contains(task));
                self.suspended.extend(tasks.into_iter().filter(|task| self.open.contains_key(task)));
            }
            Event::Ends { version, section, ends } => self.found_ends(version, section, ends)?,
            Event::Commit { offsets } => self.commit_positions(offsets)?,
            Event::Drained(task) => self.bounded.iter_mut().for_each(|bounded| bounded.drained(task)),
            Event::Finished { tasks } => {
                self.bounded.iter_mut().for_each(|bounded| bounded.finished(&tasks));
            }
            Event::Purge => self.purge()?,
            Event::Failed(error) => self.fail(error),
            Event::Stopped { worker } => {
                self.ended.insert(worker);
            }
            Event::Stop => self.stop = true,
        }
        Ok(())
    }

    /// A worker has let go of these.
    fn closed(&mut self, tasks: &[TaskId]) {
        for task in tasks {
            self.open.remove(task);
            self.closing.remove(task);
            self.restoring.remove(task);
            self.suspended.remove(task);
            self.lost.remove(task);
            self.bounded.iter_mut().for_each(|bounded| bounded.forget(*task));
        }
    }

    fn fail(&mut self, error: Error) {
        match &self.failure {
            None => {
                tracing::error!(%error, "the application fails");
                self.failure = Some(error);
            }
            Some(_) => {
                tracing::error!(%error, "failed while failing");
            }
        }
    }

    fn show_state(&self) {
        let changing = !self.opening.is_empty() || !self.closing.is_empty() || !self.suspended.is_empty();
        self.set_state(if !self.assigned || changing || self.open_after.is_some() {
            AppState::Rebalancing
        } else if !self.restoring.is_empty() {
            AppState::Restoring
        } else {
            AppState::Running
        });
    }

    fn set_state(&self, state: AppState) {
        self.state.send_if_modified(|current| {
            let changed = *current != state;
            if changed {
                tracing::info!(from = current.name(), to = state.name(), "{current} -> {state}");
                *current = state;
                self.shared.gauges.set_changed();
            }
            changed
        });
    }

    fn stopped_early(&self, worker: usize) -> Error {
        Error::new(
            ErrorKind::Closed,
            format!(
                "worker {} has ended, so that no task can be opened; start the application again",
                worker + 1
            ),
        )
    }
}

/// Joins the group of the application.
fn join(shared: &Shared, assignments: &Assignments) -> Result<Box<dyn GroupMember>> {
    let options = GroupOptions {
        group: shared.config.application_id.clone(),
        member_name: format!("{}-{}", shared.config.application_id, shared.process_id),
        subscription: assignments.subscription(),
        session_timeout: shared.config.session_timeout,
    };
    let member = shared.log.join_group(options, shared.events.wakeup())?;
    shared.set_membership(member.metadata());
    Ok(member)
}
