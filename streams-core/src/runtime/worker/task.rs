//! A task on its worker: the state machine with its readers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{NodeId, Offset, TaskId};
use crate::log::{Committed, PartitionReader, Wakeup};
use crate::operators::{DropCounts, DropReason};
use crate::runtime::config::{Config, Forwarding, TaskIdle};
use crate::runtime::shared::{Shared, partitions_of, wall_clock};
use crate::runtime::worker::fetch::{Bound, Input};
use crate::runtime::worker::publish::{self, TaskCounters};
use crate::runtime::worker::restore::Restore;
use crate::runtime::worker::send::Outlet;
use crate::task::{InputTopic, Task, TaskEnv};
use crate::time::Timestamp;

/// A task that a worker is to open, with its inputs in the order of its queues.
pub(in crate::runtime) struct OpenTask {
    pub(in crate::runtime) id: TaskId,
    pub(in crate::runtime) inputs: Vec<OpenInput>,
    /// Repartition topics that it tells its time.
    pub(in crate::runtime) aligned_outputs: Vec<String>,
}

/// One input of a task that is to be opened.
pub(in crate::runtime) struct OpenInput {
    pub(in crate::runtime) topic: InputTopic,
    pub(in crate::runtime) reader: Box<dyn PartitionReader>,
    pub(in crate::runtime) committed: Option<Committed>,
    pub(in crate::runtime) bound: Bound,
    /// Whether consumed records are to be deleted.
    pub(in crate::runtime) purge: bool,
    /// Offsets between what is committed and where it begins, whose records were deleted.
    pub(in crate::runtime) deleted: u64,
}

pub(super) struct RunningTask {
    pub(super) task: Task,
    pub(super) inputs: Vec<Input>,
    committed: Vec<Option<Committed>>,
    restore: Option<Restore>,
    pub(super) changelogs: Vec<Option<String>>,
    /// Where each of the task's topics is written, once it was.
    pub(super) targets: Vec<Option<Outlet>>,
    /// Whether there is something to commit.
    pub(super) dirty: bool,
    /// Whether it is to do nothing until its partitions are handed out anew.
    pub(super) suspended: bool,
    /// Records that no operator dropped: results that the log refused and the policy let pass, and deleted input.
    pub(super) dropped: DropCounts,
    consumed: u64,
    pub(super) counters: TaskCounters,
    told_drained: bool,
    /// Since when there is nothing to read.
    quiet_since: Option<Instant>,
}

impl RunningTask {
    /// Makes a task and begins to restore its stores.
    pub(super) fn open(
        open: OpenTask,
        shared: &Arc<Shared>,
        worker: usize,
        wakeup: &Arc<Wakeup>,
    ) -> Result<RunningTask> {
        let OpenTask { id, inputs, aligned_outputs } = open;
        let for_counts = Arc::clone(shared);
        let env = TaskEnv {
            application_id: Arc::clone(&shared.application_id),
            policies: shared.config.errors.clone(),
            forward_per_commit: shared.config.forwarding == Forwarding::PerCommit,
            counts: Arc::new(move |topic| partitions_of(&*for_counts.log, topic)),
            engine: shared.backend.open_task(id)?,
            budget: Arc::clone(&shared.budget),
            wall_clock: wall_clock(),
            aligned_inputs: shared.config.aligned_event_time,
            aligned_outputs,
        };
        let topics: Vec<InputTopic> = inputs.iter().map(|input| input.topic.clone()).collect();
        let task = Task::new(&shared.topology, id, &topics, env)?;
        let committed: Vec<Option<Committed>> = inputs.iter().map(|input| input.committed.clone()).collect();
        let restore = Restore::begin(&task, &committed, shared, wakeup)?;
        let mut dropped = DropCounts::default();
        for input in inputs.iter().filter(|input| input.deleted > 0) {
            dropped.add(input.topic.sources[0], DropReason::Deleted, input.deleted);
        }
        shared.states.insert(id, task.state(), wakeup);
        publish::introduce(&task, &topics, shared, worker);
        let inputs = inputs
            .into_iter()
            .map(|input| Input::new(input.topic.topic, input.reader, input.bound, input.purge))
            .collect();
        Ok(RunningTask {
            changelogs: task.changelog_topics(),
            task,
            inputs,
            committed,
            restore: Some(restore),
            targets: Vec::new(),
            dirty: false,
            suspended: false,
            dropped,
            consumed: 0,
            counters: TaskCounters::new(Instant::now()),
            told_drained: false,
            quiet_since: None,
        })
    }

    pub(super) fn id(&self) -> TaskId {
        self.task.id
    }

    pub(super) fn is_restoring(&self) -> bool {
        self.restore.is_some()
    }

    /// Restores for about as long as is `allowed`; whether anything was read.
    pub(super) fn restore(&mut self, shared: &Shared, allowed: Duration) -> Result<bool> {
        let Some(restore) = &mut self.restore else { return Ok(false) };
        let moved = restore.step(shared, allowed)?;
        let progress = restore.progress(shared.elapsed());
        let done = restore.is_done();
        restore.report(&progress, done, shared.elapsed());
        shared.gauges.publish(self.task.id, |gauge| {
            gauge.metrics.restored = progress.iter().map(|store| store.restored).sum();
            gauge.metrics.restore = progress;
        });
        if done {
            self.restore = None;
        }
        Ok(moved || done)
    }

    /// The stores are restored: takes up where the last commit left off.
    pub(super) fn begin(&mut self, wall_clock: Timestamp) -> Result<()> {
        // Nothing was read ahead of the restore.
        let starts: Vec<Offset> = self.inputs.iter().map(|input| input.reader.position()).collect();
        self.task.resume(&self.committed, &starts);
        self.task.init(wall_clock)
    }

    /// Reads ahead; the bytes read from repartition topics, and the records read.
    pub(super) fn fetch(&mut self, config: &Config) -> Result<(usize, u64)> {
        let (mut purgeable, mut records) = (0, 0);
        for (queue, input) in self.inputs.iter_mut().enumerate() {
            let before = input.records;
            let bytes =
                input.fetch(&mut self.task, queue, config).map_err(|e| unread(self.task.id, input, e))?;
            records += input.records - before;
            if input.purge {
                purgeable += bytes;
            }
        }
        Ok((purgeable, records))
    }

    /// Notices whether the task has nothing to read, for `after` or for good: event time behind it goes on without
    /// it then. `until` is when that is to be looked at again.
    pub(super) fn mark_idle(&mut self, after: Duration, now: Instant, until: &mut Option<Instant>) {
        let bounded = self.inputs.iter().any(|input| input.bound != Bound::Endless);
        let quiet = if bounded { self.is_exhausted() } else { self.is_at_end() };
        if !quiet {
            self.quiet_since = None;
            self.task.set_idle(false);
            return;
        }
        let since = *self.quiet_since.get_or_insert(now);
        let idle = bounded || now.duration_since(since) >= after;
        if !idle {
            let due = since + after;
            *until = Some(until.map_or(due, |earlier| earlier.min(due)));
        }
        self.task.set_idle(idle);
        self.dirty |= self.task.has_news();
    }

    /// Whether the next record may be chosen (rule P-2); `until` is when a wait for an empty input ends.
    pub(super) fn is_ready(&mut self, idle: TaskIdle, now: Instant, until: &mut Option<Instant>) -> bool {
        let (mut any, mut all) = (false, true);
        for (queue, input) in self.inputs.iter_mut().enumerate() {
            if self.task.buffered(queue) > 0 {
                input.has_records();
                any = true;
            } else {
                all &= input.may_be_left_out(idle, now, until);
            }
        }
        any && all
    }

    /// Processes up to `limit` records, or until an input runs empty; how many were taken, and how many of them are
    /// records and not markers of upstream tasks.
    pub(super) fn process(&mut self, limit: usize) -> Result<(usize, u64)> {
        let (before, markers) = (self.buffered(), self.task.markers());
        self.dirty = true;
        if self.inputs.len() == 1 {
            for _ in 0..limit {
                if !self.task.process_next()? {
                    break;
                }
            }
        } else {
            let empty = self.empty_inputs();
            for _ in 0..limit {
                if !self.task.process_next()? || self.empty_inputs() != empty {
                    break;
                }
            }
        }
        let taken = before - self.buffered();
        let records = taken as u64 - (self.task.markers() - markers);
        self.consumed += records;
        Ok((taken, records))
    }

    /// Tells the task the time; whether a punctuation was due.
    pub(super) fn advance_wall_clock(&mut self, now: Timestamp) -> Result<bool> {
        let due = self.task.next_wall_clock().is_some_and(|due| due <= now);
        self.dirty |= due;
        self.task.advance_wall_clock(now)?;
        Ok(due)
    }

    pub(super) fn next_wall_clock(&self) -> Option<Timestamp> {
        self.task.next_wall_clock().filter(|_| !self.is_restoring())
    }

    /// The input of these nodes has ended: closes their windows.
    pub(super) fn finish(&mut self, nodes: &BTreeSet<NodeId>) -> Result<()> {
        self.dirty = true;
        self.task.finish(nodes)
    }

    pub(super) fn set_bound(&mut self, topic: &str, end: Offset) {
        for input in self.inputs.iter_mut().filter(|input| input.topic == topic) {
            self.told_drained &= input.bound == Bound::At(end);
            input.bound = Bound::At(end);
        }
    }

    /// Whether everything that there ever will be was read and processed.
    pub(super) fn is_exhausted(&self) -> bool {
        !self.is_restoring() && self.inputs.iter().all(Input::is_exhausted) && self.buffered() == 0
    }

    /// Whether it has become exhausted and committed, told once per bound.
    pub(super) fn is_newly_drained(&mut self) -> bool {
        let newly = !self.told_drained && !self.dirty && self.is_exhausted();
        self.told_drained |= newly;
        newly
    }

    pub(super) fn wants_commit(&self) -> bool {
        self.task.state().wants_commit()
    }

    /// The node and record under way, for messages.
    pub(super) fn whereabouts(&self) -> String {
        self.task.whereabouts()
    }

    /// Records processed.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Writes what is committed to the engine and lets go of it. What is not committed is lost.
    pub(super) fn close(self, shared: &Shared) -> Result<()> {
        shared.states.remove(self.task.id);
        shared.gauges.close(self.task.id);
        self.task.state().flush().map(|_| ())
    }

    fn is_at_end(&self) -> bool {
        self.buffered() == 0 && self.inputs.iter().all(Input::is_at_end)
    }

    pub(super) fn buffered(&self) -> usize {
        (0..self.inputs.len()).map(|queue| self.task.buffered(queue)).sum()
    }

    fn empty_inputs(&self) -> usize {
        (0..self.inputs.len()).filter(|&queue| self.task.buffered(queue) == 0).count()
    }
}

/// Names the task whose input could not be read, and says what to do if the records are gone.
#[cold]
fn unread(task: TaskId, input: &Input, error: Error) -> Error {
    let (topic, offset) = (&input.topic, input.reader.position());
    let what = format!("task {task} reads {topic}-{} from offset {offset}", task.partition);
    if error.kind() == ErrorKind::OffsetOutOfRange {
        return error.context(format!(
            "{what}, where there is no record any more (it goes on from what is committed, or as the setting \
             `offset-reset` says)"
        ));
    }
    error.context(what)
}
