//! Whether threads come round: each says what it does and counts its turns; anybody can see how long a thread has
//! been at the same thing. No lock that a thread may hold while it works is needed to look.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::ids::TaskId;

/// What a thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Between two things, or waiting for something to do.
    Resting,
    /// Running a task: code of the user's.
    Processing,
    /// Filling the stores of a task.
    Restoring,
    /// Writing the state of a task to the engine before closing it.
    Closing,
    /// Asking the log where a task begins.
    Opening,
    /// Handing outputs and positions to the log.
    Committing,
    /// Asking the log for topics or about the group.
    Polling,
    /// Waiting for other threads, which have a pulse of their own.
    Waiting,
    /// It has ended.
    Ended,
}

impl Doing {
    const ALL: [Doing; 9] = [
        Doing::Resting,
        Doing::Processing,
        Doing::Restoring,
        Doing::Closing,
        Doing::Opening,
        Doing::Committing,
        Doing::Polling,
        Doing::Waiting,
        Doing::Ended,
    ];

    /// Whether it waits for the log, whose calls have time limits of their own.
    pub(super) fn is_of_log(self) -> bool {
        matches!(self, Doing::Opening | Doing::Committing | Doing::Polling)
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Doing::Resting => "between two turns",
            Doing::Processing => "processing",
            Doing::Restoring => "restoring",
            Doing::Closing => "writing state to the engine",
            Doing::Opening => "opening",
            Doing::Committing => "committing",
            Doing::Polling => "asking about topics and group",
            Doing::Waiting => "waiting for other threads",
            Doing::Ended => "ended",
        }
    }
}

/// The pulse of one thread.
#[derive(Debug)]
pub(super) struct Pulse {
    turns: AtomicU64,
    doing: AtomicU8,
    /// The task that it is about.
    task: AtomicU64,
}

/// No task.
const NONE: u64 = u64::MAX;

impl Pulse {
    fn new() -> Self {
        Pulse {
            turns: AtomicU64::new(0),
            doing: AtomicU8::new(Doing::Resting as u8),
            task: AtomicU64::new(NONE),
        }
    }

    /// The thread has come round, or goes on to the next thing.
    pub(super) fn beat(&self, doing: Doing, task: Option<TaskId>) {
        let task = task.map_or(NONE, |task| u64::from(task.sub_topology) << 32 | u64::from(task.partition));
        self.task.store(task, Relaxed);
        self.doing.store(doing as u8, Relaxed);
        // Only the thread itself writes.
        self.turns.store(self.turns.load(Relaxed) + 1, Relaxed);
    }

    pub(super) fn doing(&self) -> Doing {
        Doing::ALL[usize::from(self.doing.load(Relaxed)).min(Doing::ALL.len() - 1)]
    }

    pub(super) fn task(&self) -> Option<TaskId> {
        let task = self.task.load(Relaxed);
        (task != NONE).then_some(TaskId { sub_topology: (task >> 32) as u32, partition: task as u32 })
    }
}

/// The pulses of all threads of an application: its coordinator, then its workers.
#[derive(Debug)]
pub(super) struct Pulses {
    threads: Vec<Pulse>,
    seen: Mutex<Vec<Seen>>,
}

/// What a thread was at when it was looked at, and since when.
#[derive(Debug, Clone, Copy)]
struct Seen {
    at: (u64, u64),
    since: Instant,
}

impl Pulses {
    pub(super) fn new(workers: usize) -> Self {
        let seen = Seen { at: (0, 0), since: Instant::now() };
        let threads = (0..=workers).map(|_| Pulse::new()).collect();
        Pulses { threads, seen: Mutex::new(vec![seen; workers + 1]) }
    }

    pub(super) fn coordinator(&self) -> &Pulse {
        &self.threads[0]
    }

    pub(super) fn worker(&self, index: usize) -> &Pulse {
        &self.threads[index + 1]
    }

    /// Looks at all threads: how long each has been at the same thing, as far as it was looked at. `place` tells one
    /// step of a task from another.
    pub(super) fn look(&self, now: Instant, place: impl Fn(TaskId) -> u64) -> Vec<Duration> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let look = |(pulse, seen): (&Pulse, &mut Seen)| {
            let at = (pulse.turns.load(Relaxed), pulse.task().map_or(0, &place));
            if seen.at != at {
                *seen = Seen { at, since: now };
            }
            now.saturating_duration_since(seen.since)
        };
        self.threads.iter().zip(seen.iter_mut()).map(look).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_thread_that_neither_comes_round_nor_moves_on_stands_still() {
        let (pulses, start) = (Pulses::new(1), Instant::now());
        let task = TaskId { sub_topology: 3, partition: 9 };
        pulses.worker(0).beat(Doing::Processing, Some(task));
        assert_eq!((pulses.worker(0).doing(), pulses.worker(0).task()), (Doing::Processing, Some(task)));
        let still = |after: u32, place: u64| pulses.look(start + SECOND * after, |_| place)[1];
        assert_eq!(still(1, 7), Duration::ZERO);
        assert_eq!(still(4, 7), SECOND * 3);
        assert_eq!(still(5, 8), Duration::ZERO, "the next record");
        assert_eq!(still(6, 8), SECOND);
        pulses.worker(0).beat(Doing::Processing, Some(task));
        assert_eq!(still(7, 8), Duration::ZERO, "the next turn");
    }

    #[test]
    fn every_kind_of_work_comes_back_as_it_was_said() {
        let pulses = Pulses::new(0);
        for doing in Doing::ALL {
            pulses.coordinator().beat(doing, None);
            assert_eq!((pulses.coordinator().doing(), pulses.coordinator().task()), (doing, None));
        }
    }
}
