//! Opening tasks: their positions and readers are looked up by the clerk, and then a worker gets them.
//!
//! A task whose partitions go meanwhile is forgotten, so that what is found for it later is thrown away.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TaskId, TopicPartition};
use crate::log::{Committed, Log, Wakeup};
use crate::runtime::config::OffsetReset;
use crate::runtime::coordinator::{Coordinator, Event};
use crate::runtime::listed::Listed;
use crate::runtime::reset;
use crate::runtime::shared::Shared;
use crate::runtime::worker::{Bound, Command, OpenInput, OpenTask};
use crate::task::InputTopic;

/// Pause before a task is looked up again that could not be opened.
const PAUSE: Duration = Duration::from_millis(100);

/// A task that is being looked up for a worker.
pub(super) struct Opening {
    attempt: u64,
    /// Gone when the answer is not wanted any more.
    _wanted: Arc<()>,
    pub(super) worker: usize,
}

/// What is to be looked up.
struct LookUp {
    application_id: Arc<str>,
    task: TaskId,
    inputs: Vec<(InputTopic, TopicPartition)>,
    /// Whether an input is a repartition topic, by input.
    internal: Vec<bool>,
    reset: OffsetReset,
    wakeup: Arc<Wakeup>,
    log: Arc<dyn Log>,
}

impl Coordinator {
    /// Begins to open every task whose inputs are all owned and that is not open.
    pub(super) fn open_owned(&mut self) -> Result<()> {
        self.resume_owned();
        // Until everything that was lost is dropped, nothing can be committed.
        if !self.lost.is_empty() {
            return Ok(());
        }
        if self.open_after.is_some_and(|after| Instant::now() < after) {
            return Ok(());
        }
        self.open_after = None;
        for task in self.assignments.tasks() {
            let inputs = self.inputs(task);
            let begun = self.open.contains_key(&task) || self.opening.contains_key(&task);
            if !begun && !inputs.is_empty() && inputs.iter().all(|input| self.owned.contains(input)) {
                self.look_up(task, inputs)?;
            }
        }
        if self.opening.is_empty() {
            self.shared.gauges.set_waiting(None);
        }
        Ok(())
    }

    fn look_up(&mut self, task: TaskId, partitions: Vec<TopicPartition>) -> Result<()> {
        let worker = self.least_loaded()?;
        let topics = self.assignments.inputs_of(task);
        let repartition = self.assignments.repartition_topics();
        let look_up = LookUp {
            application_id: Arc::clone(&self.shared.application_id),
            task,
            internal: topics.iter().map(|topic| repartition.contains_key(&topic.topic)).collect(),
            inputs: topics.into_iter().zip(partitions).collect(),
            reset: self.shared.config.offset_reset,
            wakeup: Arc::clone(self.workers[worker].commands.wakeup()),
            log: Arc::clone(&self.shared.log),
        };
        self.attempts += 1;
        let attempt = self.attempts;
        let wanted = Arc::new(());
        let still_wanted = Arc::downgrade(&wanted);
        self.opening.insert(task, Opening { attempt, _wanted: wanted, worker });
        let shared: Weak<Shared> = Arc::downgrade(&self.shared);
        self.look_ups.send(format!("looking up where task {task} goes on"), move || {
            // Its partitions may have gone while others were looked up.
            if still_wanted.strong_count() == 0 {
                return;
            }
            let inputs = look_up.inputs();
            drop(look_up);
            if let Some(shared) = shared.upgrade() {
                shared.events.send(Event::LookedUp { task, attempt, inputs });
            }
        })
    }

    /// Hands a task over to its worker, if its partitions are still owned.
    pub(super) fn looked_up(
        &mut self,
        task: TaskId,
        attempt: u64,
        inputs: Result<Vec<OpenInput>>,
    ) -> Result<()> {
        if self.opening.get(&task).is_none_or(|opening| opening.attempt != attempt) {
            return Ok(());
        }
        let Some(Opening { worker, .. }) = self.opening.remove(&task) else { return Ok(()) };
        let mut inputs = match inputs {
            Ok(inputs) => inputs,
            // Lost meanwhile, which the next poll says; or the log has to wait for something, such as the
            // transaction of a process that died.
            Err(error) if matches!(error.kind(), ErrorKind::Fenced | ErrorKind::Timeout) => {
                tracing::warn!(%task, %error, "not opened yet");
                let what = format!("task {task} cannot be opened yet: {error}");
                self.shared.gauges.set_waiting(Some(what));
                self.open_not_before(Instant::now() + PAUSE);
                return Ok(());
            }
            Err(error) => return Err(error.context(format!("opening task {task}"))),
        };
        for (input, partition) in inputs.iter_mut().zip(self.inputs(task)) {
            input.bound = self.bounded.as_ref().map_or(Bound::Endless, |bounded| bounded.bound(&partition));
        }
        let aligned_outputs = if self.shared.config.aligned_event_time {
            let (topology, id) = (&self.shared.topology, &self.shared.application_id);
            self.assignments.aligned_outputs(topology, id, task.sub_topology)
        } else {
            Vec::new()
        };
        self.workers[worker].commands.send(Command::Open(Box::new(OpenTask {
            id: task,
            inputs,
            aligned_outputs,
        })));
        tracing::info!(%task, worker = worker + 1, inputs = %Listed(self.inputs(task)), "task assigned");
        self.open.insert(task, worker);
        self.restoring.insert(task);
        Ok(())
    }

    /// No task is opened before this.
    pub(super) fn open_not_before(&mut self, after: Instant) {
        self.open_after = Some(self.open_after.map_or(after, |later| later.max(after)));
    }

    /// Forgets the tasks that are being opened and read one of these.
    pub(super) fn forget_opening(&mut self, partitions: &[TopicPartition]) {
        let reads = |task: TaskId| self.inputs(task).iter().any(|input| partitions.contains(input));
        let stale: Vec<TaskId> = self.opening.keys().copied().filter(|task| reads(*task)).collect();
        for task in stale {
            self.opening.remove(&task);
        }
    }

    fn least_loaded(&self) -> Result<usize> {
        let opening = |worker: usize| self.opening.values().filter(|o| o.worker == worker).count();
        let load = |worker: usize| self.open.values().filter(|w| **w == worker).count() + opening(worker);
        let able = (0..self.workers.len()).filter(|worker| !self.ended.contains(worker));
        able.min_by_key(|worker| (load(*worker), *worker)).ok_or_else(|| self.stopped_early(0))
    }
}

impl LookUp {
    /// The inputs as the worker takes them; how far to read them is not known here.
    fn inputs(&self) -> Result<Vec<OpenInput>> {
        let partitions: Vec<TopicPartition> =
            self.inputs.iter().map(|(_, partition)| partition.clone()).collect();
        let committed = self.log.committed(&self.application_id, &partitions)?;
        let mut inputs = Vec::with_capacity(partitions.len());
        for (((topic, partition), committed), &internal) in
            self.inputs.iter().zip(committed).zip(&self.internal)
        {
            let (from, deleted) = self.start_of(partition, internal, committed.as_ref())?;
            tracing::debug!(task = %self.task, topic = partition.topic, partition = partition.partition, offset = from, "reads from");
            let reader = self.log.open_reader(partition, from, &self.wakeup)?;
            let committed = committed.map(|committed| Committed { offset: from, ..committed });
            let (topic, bound) = (topic.clone(), Bound::Unknown);
            inputs.push(OpenInput { topic, reader, committed, bound, purge: internal, deleted });
        }
        Ok(inputs)
    }

    /// Where to read a partition from: what is committed, or as the setting says; and how many offsets are left out
    /// because the records behind what is committed are gone.
    fn start_of(
        &self,
        partition: &TopicPartition,
        internal: bool,
        committed: Option<&Committed>,
    ) -> Result<(Offset, u64)> {
        let task = self.task;
        let start = self.log.start_offset(partition)?;
        let mut expected = None;
        if let Some(committed) = committed {
            reset::check(&self.application_id, committed)?;
            // More may have been written since: the end is asked for where it may matter.
            let end = if committed.offset > start { self.log.written_offset(partition)? } else { start };
            if committed.offset > end {
                return Ok((self.behind_end(partition, internal, committed.offset, start, end)?, 0));
            }
            if committed.offset >= start {
                return Ok((committed.offset, 0));
            }
            expected = Some(committed.offset);
        }
        let from = match self.reset {
            OffsetReset::Earliest => start,
            // A repartition topic holds results of this application: none may be left out.
            _ if internal => start,
            OffsetReset::Latest => self.log.end_offset(partition)?,
            OffsetReset::Fail => return Err(self.without_position(partition, expected, start)),
        };
        let Some(expected) = expected else { return Ok((from, 0)) };
        tracing::warn!(
            %task, topic = partition.topic, partition = partition.partition, offset = expected, start, from,
            "records behind the committed position were deleted before they were processed"
        );
        Ok((from, (from - expected).max(0) as u64))
    }

    /// Where to go on if the committed position is `offset`, and the partition holds `start` to `end` only.
    fn behind_end(
        &self,
        partition: &TopicPartition,
        internal: bool,
        offset: Offset,
        start: Offset,
        end: Offset,
    ) -> Result<Offset> {
        let task = self.task;
        let from = match self.reset {
            OffsetReset::Latest if !internal => self.log.end_offset(partition)?,
            OffsetReset::Fail if !internal => {
                return Err(Error::new(
                    ErrorKind::OffsetOutOfRange,
                    format!(
                        "task {task} is to go on in {partition} from offset {offset}, which lies behind its end at \
                         {end}: the topic was made anew or cut, and `offset-reset` is `fail`; start over with a \
                         reset, commit another position for the group, or choose `earliest` or `latest`"
                    ),
                ));
            }
            _ => start,
        };
        tracing::warn!(
            %task, topic = partition.topic, partition = partition.partition, offset, start, end, from,
            "the committed position lies behind the end of the partition: the topic was made anew or cut"
        );
        Ok(from)
    }

    fn without_position(&self, partition: &TopicPartition, expected: Option<Offset>, start: Offset) -> Error {
        let task = self.task;
        let what = match expected {
            Some(offset) => format!(
                "task {task} is to go on in {partition} from offset {offset}, but the records below offset {start} were \
                 deleted before they were processed (keep them for longer)"
            ),
            None => format!("task {task} has no committed position in {partition}"),
        };
        let remedy =
            "and `offset-reset` is `fail`; commit one for the group, or choose `earliest` or `latest`";
        Error::new(ErrorKind::OffsetOutOfRange, format!("{what}, {remedy}"))
    }
}
