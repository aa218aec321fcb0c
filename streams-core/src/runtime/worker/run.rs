//! The loop of a worker: obey, fetch, process, punctuate, commit, wait.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::coordinator::Event;
use crate::runtime::gauges::Gauges;
use crate::runtime::metrics::ThreadPhase;
use crate::runtime::panics;
use crate::runtime::pulse::Doing;
use crate::runtime::shared::wall_clock;
use crate::runtime::worker::Worker;
use crate::runtime::worker::commit::may_pass;
use crate::runtime::worker::task::RunningTask;
use crate::time::Timestamp;

/// Records of one task in a row; the clock is looked at in between.
const RUN: usize = 256;
/// A worker looks around this often even if nothing rings.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Restoring takes no longer in a row while tasks of the worker are ready: records that come in wait for that long.
const RESTORE: Duration = Duration::from_millis(10);
/// As long as this, restoring is worth being begun.
const LEAST_RESTORE: Duration = Duration::from_millis(2);
/// Pause before looking for a sign of life of the coordinator.
const PULSE: Duration = Duration::from_millis(10);
/// Without transactions, outputs of a busy worker are in the log after this long.
const LINGER: Duration = Duration::from_millis(100);

impl Worker {
    /// Runs until told to stop, or until it fails.
    pub(super) fn run(mut self) {
        let result = catch_unwind(AssertUnwindSafe(|| self.run_turns()));
        let error = match result {
            Ok(Ok(())) => {
                self.ended(ThreadPhase::Ended);
                return self.shared.events.send(Event::Stopped { worker: self.index });
            }
            Ok(Err(error)) => error,
            Err(panic) => self.panicked(&*panic),
        };
        // What is half done may be broken, so that cleaning up may panic too; it is given up then.
        let aborted = catch_unwind(AssertUnwindSafe(|| self.abort()));
        if let Ok(Err(second)) = aborted {
            tracing::warn!(error = %second, "aborting after a failure failed");
        }
        self.ended(ThreadPhase::Failed);
        self.shared.events.send(Event::Failed(error));
        self.shared.events.send(Event::Stopped { worker: self.index });
    }

    fn ended(&mut self, phase: ThreadPhase) {
        self.publish_thread(Instant::now(), phase);
        self.beat(Doing::Ended, None);
    }

    fn run_turns(&mut self) -> Result<()> {
        while self.turn()? {}
        Ok(())
    }

    /// One turn; whether there is to be another. A transaction that was fenced is done again.
    fn turn(&mut self) -> Result<bool> {
        let error = match self.try_turn() {
            Err(error) if may_pass(&error) => error,
            other => return other,
        };
        let error = self.keep_position(error)?;
        self.reset(error)?;
        // What could not be committed at the end is done again by whoever takes over.
        Ok(!self.stopping)
    }

    /// Where records are gone, commits what was processed before them: the position tells how many are missing, and
    /// whose they are if it is refused. What is to be reported then.
    fn keep_position(&mut self, error: Error) -> Result<Error> {
        if error.kind() != ErrorKind::OffsetOutOfRange {
            return Ok(error);
        }
        match self.commit() {
            Ok(()) => Ok(error),
            Err(refused) if may_pass(&refused) => Ok(refused),
            Err(failed) => Err(failed),
        }
    }

    fn try_turn(&mut self) -> Result<bool> {
        // First: a command to drop the tasks that goes with it is there by now.
        self.breaks = self.shared.heartbeat.breaks();
        if !self.sender.is_transactional() && self.shared.check_heartbeat(self.breaks).is_err() {
            self.beat(Doing::Waiting, None);
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
        let (mut moved, mut lap) = (false, now);
        for index in 0..self.tasks.len() {
            if !self.tasks[index].is_restoring() {
                self.current = index;
                moved |= self.run_task(index, now, wall_clock, &mut lap)?;
            }
        }
        moved |= self.restore(moved.then(|| now.elapsed()), wall_clock)?;
        self.current = usize::MAX;
        self.beat(Doing::Resting, None);
        let dirty = self.tasks.iter().any(|task| task.dirty);
        // At the end of bounded input nothing is to be waited for.
        let ended = dirty && !moved && self.tasks.iter().any(RunningTask::is_exhausted);
        if ended || (dirty && now.duration_since(self.last_commit) >= self.shared.config.commit_interval()) {
            self.commit()?;
        }
        // Where there are no transactions, it may wait for the log.
        self.beat(Doing::Committing, None);
        if !moved {
            self.sender.linger(now, Duration::ZERO)?;
            self.beat(Doing::Resting, None);
            self.rest(now, wall_clock);
        } else {
            self.sender.linger(now, LINGER)?;
            self.beat(Doing::Resting, None);
        }
        self.end_turn(lap);
        Ok(true)
    }

    /// Restores the tasks that are not ready, each for a part of the time; whether anything was done. While those that
    /// are ready are busy - for as long as `busy` in this turn - they have half of the time.
    fn restore(&mut self, busy: Option<Duration>, wall_clock: Timestamp) -> Result<bool> {
        let waits = |task: &RunningTask| task.is_restoring() && !task.suspended;
        let restoring = self.tasks.iter().filter(|task| waits(task)).count();
        if restoring == 0 {
            self.restore_credit = Duration::ZERO;
            return Ok(false);
        }
        let allowed = match busy {
            None => RESTORE,
            Some(busy) => {
                self.restore_credit = RESTORE.min(self.restore_credit + busy);
                if self.restore_credit < LEAST_RESTORE {
                    return Ok(false);
                }
                std::mem::take(&mut self.restore_credit)
            }
        };
        let mut moved = false;
        for index in 0..self.tasks.len() {
            if !waits(&self.tasks[index]) {
                continue;
            }
            self.current = index;
            self.beat(Doing::Restoring, Some(self.tasks[index].id()));
            let task = &mut self.tasks[index];
            moved |= task.restore(&self.shared, allowed / restoring as u32)?;
            if !task.is_restoring() {
                task.begin(wall_clock)?;
                self.send_outputs(index)?;
                self.shared.events.send(Event::Ready(self.tasks[index].id()));
            }
        }
        Ok(moved)
    }

    /// Fetches and processes some records; whether anything was done. `lap` is when it begins, and then when it has
    /// ended.
    fn run_task(
        &mut self,
        index: usize,
        now: Instant,
        wall_clock: Timestamp,
        lap: &mut Instant,
    ) -> Result<bool> {
        if self.tasks[index].suspended {
            return Ok(false);
        }
        self.beat(Doing::Processing, Some(self.tasks[index].id()));
        let shared = &self.shared;
        let task = &mut self.tasks[index];
        let mut moved = task.advance_wall_clock(wall_clock)?;
        if moved {
            let elapsed = elapsed_since(lap);
            task.counters.punctuated(*lap, elapsed);
            self.counters.punctuate.took(*lap, 1, elapsed);
        }
        let (purgeable, polled) = task.fetch(&shared.config)?;
        self.purgeable += purgeable;
        self.turn.polled += polled;
        self.turn.polling += elapsed_since(lap);
        task.mark_idle(shared.config.idle_after, now, &mut self.idle_until);
        let ready = task.is_ready(shared.config.max_task_idle, now, &mut self.idle_until);
        let (taken, records) = if ready { task.process(RUN)? } else { (0, 0) };
        if taken > 0 {
            Gauges::add(&shared.gauges.consumed, records);
            moved = true;
        }
        self.send_outputs(index)?;
        if records > 0 {
            let (elapsed, task) = (elapsed_since(lap), &mut self.tasks[index]);
            let (last, times) = (task.task.take_last_time(), [task.task.stream_time(), wall_clock]);
            task.counters.processed(*lap, records, elapsed, last, times);
            self.counters.process.took(*lap, records, elapsed);
            self.turn.processed += records;
        }
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
        self.publish(now);
        for task in &mut self.tasks {
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
        let began = Instant::now();
        self.commands.wakeup().wait(longest);
        self.counters.idle += began.elapsed();
    }

    fn panicked(&self, panic: &(dyn Any + Send)) -> Error {
        let text = panics::text(panic);
        let place = self.tasks.get(self.current).map(RunningTask::whereabouts);
        let place = place.unwrap_or_else(|| format!("worker {}", self.index + 1));
        Error::new(ErrorKind::User, format!("{place}: panicked: {text}"))
    }
}

/// Time since `lap`, which is now from here on.
fn elapsed_since(lap: &mut Instant) -> Duration {
    let now = Instant::now();
    now.duration_since(std::mem::replace(lap, now))
}
