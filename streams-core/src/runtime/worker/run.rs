//! The loop of a worker: obey, fetch, process, punctuate, commit, wait.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::coordinator::Event;
use crate::runtime::gauges::Gauges;
use crate::runtime::shared::wall_clock;
use crate::runtime::worker::Worker;
use crate::runtime::worker::commit::may_pass;
use crate::runtime::worker::task::RunningTask;
use crate::time::Timestamp;

/// Records of one task in a row; the clock is looked at in between.
const RUN: usize = 256;
/// A worker looks around this often even if nothing rings.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Pause before looking for a sign of life of the coordinator.
const PULSE: Duration = Duration::from_millis(10);
/// Without transactions, outputs of a busy worker are in the log after this long.
const LINGER: Duration = Duration::from_millis(100);

impl Worker {
    /// Runs until told to stop, or until it fails.
    pub(super) fn run(mut self) {
        let result = catch_unwind(AssertUnwindSafe(|| self.run_turns()));
        let error = match result {
            Ok(Ok(())) => return self.shared.events.send(Event::Stopped { worker: self.index }),
            Ok(Err(error)) => error,
            Err(panic) => self.panicked(&*panic),
        };
        // What is half done may be broken, so that cleaning up may panic too; it is given up then.
        let aborted = catch_unwind(AssertUnwindSafe(|| self.abort()));
        if let Ok(Err(second)) = aborted {
            tracing::warn!(error = %second, "aborting after a failure failed");
        }
        self.shared.events.send(Event::Failed(error));
        self.shared.events.send(Event::Stopped { worker: self.index });
    }

    fn run_turns(&mut self) -> Result<()> {
        while self.turn()? {}
        Ok(())
    }

    /// One turn; whether there is to be another. A transaction that was fenced is done again.
    fn turn(&mut self) -> Result<bool> {
        match self.try_turn() {
            Err(error) if may_pass(&error) => {
                self.reset(error)?;
                // What could not be committed at the end is done again by whoever takes over.
                Ok(!self.stopping)
            }
            other => other,
        }
    }

    fn try_turn(&mut self) -> Result<bool> {
        if !self.sender.is_transactional() && self.shared.check_pulse().is_err() {
            self.commands.wakeup().wait(PULSE);
            return Ok(true);
        }
        while let Some(command) = self.commands.take() {
            if !self.obey(command)? {
                return Ok(false);
            }
        }
        let (now, wall_clock) = (Instant::now(), wall_clock());
        self.idle_until = None;
        let mut moved = false;
        for index in 0..self.tasks.len() {
            self.current = index;
            moved |= self.run_task(index, now, wall_clock)?;
        }
        self.current = usize::MAX;
        let dirty = self.tasks.iter().any(|task| task.dirty);
        // At the end of bounded input nothing is to be waited for.
        let ended = dirty && !moved && self.tasks.iter().any(RunningTask::is_exhausted);
        if ended || (dirty && now.duration_since(self.last_commit) >= self.shared.config.commit_interval()) {
            self.commit()?;
        }
        if !moved {
            self.sender.linger(now, Duration::ZERO)?;
            self.rest(now, wall_clock);
        } else {
            self.sender.linger(now, LINGER)?;
        }
        Ok(true)
    }

    /// Restores, or fetches and processes some records; whether anything was done.
    fn run_task(&mut self, index: usize, now: Instant, wall_clock: Timestamp) -> Result<bool> {
        let shared = &self.shared;
        let task = &mut self.tasks[index];
        if task.suspended {
            return Ok(false);
        }
        if task.is_restoring() {
            let moved = task.restore(shared)?;
            if !task.is_restoring() {
                task.begin(wall_clock)?;
                self.send_outputs(index)?;
                self.shared.events.send(Event::Ready(self.tasks[index].id()));
            }
            return Ok(moved);
        }
        let mut moved = task.advance_wall_clock(wall_clock)?;
        self.purgeable += task.fetch(&shared.config)?;
        task.mark_idle(shared.config.idle_after, now, &mut self.idle_until);
        let ready = task.is_ready(shared.config.max_task_idle, now, &mut self.idle_until);
        let count = if ready { task.process(RUN)? } else { 0 };
        if count > 0 {
            Gauges::add(&shared.gauges.consumed, count as u64);
            moved = true;
        }
        self.send_outputs(index)?;
        if self.is_large(index) {
            self.commit()?;
        }
        if self.purgeable >= self.shared.config.repartition_purge_bytes {
            self.purgeable = 0;
            self.commit()?;
            self.shared.events.send(Event::Purge);
        }
        Ok(moved)
    }

    /// Whether the transaction has become so large that it should be committed.
    fn is_large(&self, index: usize) -> bool {
        let task = &self.tasks[index];
        task.dirty
            && (self.sender.pending_bytes() >= self.shared.config.max_transaction_bytes
                || task.wants_commit())
    }

    /// Tells where the tasks are, then waits for news or for what is due next.
    fn rest(&mut self, now: Instant, wall_clock: Timestamp) {
        for task in &mut self.tasks {
            task.publish(&self.shared, self.index);
            if task.is_newly_drained() {
                self.shared.events.send(Event::Drained(task.id()));
            }
        }
        let mut longest = LONGEST_WAIT;
        if self.tasks.iter().any(|task| task.dirty) {
            let since = now.duration_since(self.last_commit);
            longest = longest.min(self.shared.config.commit_interval().saturating_sub(since));
        }
        if let Some(until) = self.idle_until {
            longest = longest.min(until.saturating_duration_since(now));
        }
        let awake = self.tasks.iter().filter(|task| !task.suspended);
        for due in awake.filter_map(RunningTask::next_wall_clock) {
            let millis = u64::try_from(due.saturating_sub(wall_clock)).unwrap_or(0);
            longest = longest.min(Duration::from_millis(millis));
        }
        self.commands.wakeup().wait(longest);
    }

    fn panicked(&self, panic: &(dyn Any + Send)) -> Error {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        let place = self.tasks.get(self.current).map(RunningTask::whereabouts);
        let place = place.unwrap_or_else(|| format!("worker {}", self.index + 1));
        Error::new(ErrorKind::User, format!("{place}: panicked: {text}"))
    }
}
