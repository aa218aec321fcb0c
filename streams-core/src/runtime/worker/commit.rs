//! Committing and aborting everything that a worker's tasks did.

use std::fmt;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TaskId, TopicPartition};
use crate::log::Committed;
use crate::runtime::coordinator::Event;
use crate::runtime::gauges::Gauges;
use crate::runtime::listed::Listed;
use crate::runtime::pulse::Doing;
use crate::runtime::worker::Worker;
use crate::runtime::worker::task::RunningTask;

/// So many transactions may fail one after the other ...
const MAX_FAILURES: u32 = 10;
/// ... and for this long, which is what Kafka Streams takes for `task.timeout.ms`. While the group is without this
/// process there are no tasks and so no failures: it may be cut off for longer.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Worker {
    /// Commits what there is to commit: outputs, changelogs and positions of all tasks. Does nothing if nothing
    /// happened.
    pub(super) fn commit(&mut self) -> Result<()> {
        self.last_commit = Instant::now();
        if !self.tasks.iter().any(|task| task.dirty) {
            return Ok(());
        }
        let began = Instant::now();
        for index in 0..self.tasks.len() {
            if self.tasks[index].dirty {
                self.current = index;
                self.beat(Doing::Processing, Some(self.tasks[index].id()));
                self.tasks[index].task.prepare_commit()?;
                // In two steps, because fewer bytes that wait are nearer to the processor.
                self.send_outputs(index)?;
                self.tasks[index].task.changes()?;
                self.send_outputs(index)?;
            }
        }
        self.current = usize::MAX;
        self.beat(Doing::Committing, None);
        let dirty = || self.tasks.iter().filter(|task| task.dirty);
        let offsets: Vec<_> = dirty().flat_map(|task| task.task.positions()).collect();
        let transactional = self.sender.is_transactional();
        let sending = Instant::now();
        let producer = self.sender.producer()?;
        if transactional {
            if !offsets.is_empty() {
                producer.send_offsets(&self.shared.membership()?, &offsets)?;
            }
            producer.commit()?;
        } else {
            producer.flush()?;
            // What got into the log behind the records of others must not pass for the end of the state here.
            self.shared.check_heartbeat(self.breaks)?;
        }
        let blocked = sending.elapsed();
        for task in self.tasks.iter_mut().filter(|task| task.dirty) {
            let partition = task.id().partition;
            let mut ends: Vec<Option<Offset>> = Vec::with_capacity(task.changelogs.len());
            for changelog in &task.changelogs {
                let Some(changelog) = changelog else {
                    ends.push(None);
                    continue;
                };
                let topic = producer.topic(changelog)?;
                ends.push(producer.written_end(topic, partition));
            }
            task.task.committed(&ends);
            task.dirty = false;
            task.counters.commits += 1;
        }
        self.sender.ended();
        self.sender.blocked_for(blocked);
        (self.failures, self.failing) = (0, None);
        Gauges::add(&self.shared.gauges.commits, 1);
        let now = Instant::now();
        self.counters.commit.took(now, 1, now.duration_since(began));
        tracing::debug!(
            elapsed_ms = now.duration_since(began).as_millis() as u64,
            positions = %Listed(offsets.iter().map(|(partition, c)| Position(partition, c.offset))),
            "committed"
        );
        self.publish(now);
        self.committed(offsets);
        self.beat(Doing::Resting, None);
        Ok(())
    }

    fn committed(&mut self, offsets: Vec<(TopicPartition, Committed)>) {
        let mut hurry = false;
        for task in &self.tasks {
            hurry |= task.task.state().wants_flush();
            // Without transactions the positions are committed later, by the coordinator.
            if !self.sender.is_transactional() {
                continue;
            }
            let purge = |topic: &str| task.inputs.iter().any(|input| input.purge && input.topic == topic);
            for (partition, committed) in &offsets {
                if partition.partition == task.id().partition && purge(&partition.topic) {
                    self.shared.gauges.purge_below(partition, committed.offset);
                }
            }
        }
        if hurry {
            self.shared.states.hurry();
        }
        if !self.sender.is_transactional() && !offsets.is_empty() {
            self.shared.events.send(Event::Commit { offsets });
        }
    }

    /// Aborts everything since the last commit and drops all tasks. Their committed state is kept.
    pub(super) fn abort(&mut self) -> Result<Vec<TaskId>> {
        let aborted = self.sender.abort();
        let mut ids = Vec::new();
        for mut task in std::mem::take(&mut self.tasks) {
            ids.push(task.id());
            task.task.aborted();
            self.counters.closed += 1;
            task.close(&self.shared)?;
        }
        match aborted {
            // A fenced producer cannot abort any more; and where nobody answers, the next producer of the id ends the
            // transaction, or the log does when its time is over.
            Err(error) if !may_pass(&error) => Err(error),
            Err(error) => {
                tracing::debug!(%error, "the transaction is left to be aborted");
                Ok(ids)
            }
            Ok(()) => Ok(ids),
        }
    }

    /// Something failed for a reason that may pass: asks for the tasks again, as they were committed.
    pub(super) fn reset(&mut self, error: Error) -> Result<()> {
        let since = *self.failing.get_or_insert_with(Instant::now);
        self.failures += 1;
        if self.failures > MAX_FAILURES && since.elapsed() > PATIENCE {
            let (failures, time) = (self.failures, since.elapsed());
            return Err(
                error.context(format!("nothing was committed in {failures} tries and {time:.0?}, the last"))
            );
        }
        tracing::warn!(
            tasks = %Listed(self.tasks.iter().map(RunningTask::id)), failures = self.failures, %error,
            "transaction failed: going back to what is committed"
        );
        // The first time it is worth to try again at once.
        let pause = Duration::from_millis(10 << self.failures.min(8)).min(LONGEST_PAUSE);
        self.drop_tasks(if self.failures == 1 { Duration::ZERO } else { pause })
    }

    /// Aborts, drops all tasks and asks for them again.
    pub(super) fn drop_tasks(&mut self, pause: Duration) -> Result<()> {
        Gauges::add(&self.shared.gauges.restarts, 1);
        self.counters.failed_transactions += 1;
        let tasks = self.abort()?;
        self.shared.events.send(Event::Reset { tasks, pause });
        Ok(())
    }
}

/// Whether the same may succeed later, with tasks as they were committed. Records that are gone were deleted by others
/// who have processed them, or it is decided by what is committed where to go on.
pub(in crate::runtime) fn may_pass(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Fenced | ErrorKind::Timeout | ErrorKind::OffsetOutOfRange)
}

/// A position for messages: `words-0@17`.
struct Position<'a>(&'a TopicPartition, Offset);

impl fmt::Display for Position<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.0, self.1)
    }
}
