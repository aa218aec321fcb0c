//! A sign of life of the coordinator: workers that have no transactions send nothing without it.
//!
//! Without transactions nobody keeps a process that stood still, and whose tasks others have by now, from writing what
//! it had in hand over their newer results. So it finds out first: its coordinator, before it gives a sign of life
//! again, has the workers drop their tasks. What a worker was in the middle of meanwhile it notices by the number of
//! such breaks, which counts only when the command to drop the tasks is on its way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};

pub(super) struct Heartbeat {
    started: Instant,
    /// Milliseconds since then.
    last: AtomicU64,
    breaks: AtomicU64,
}

impl Heartbeat {
    pub(super) fn new() -> Self {
        Heartbeat { started: Instant::now(), last: AtomicU64::new(0), breaks: AtomicU64::new(0) }
    }

    /// Gives a sign of life.
    pub(super) fn beat(&self) {
        self.last.store(self.now(), Ordering::Release);
    }

    /// The process stood still for longer than its session, and its workers have been told to drop their tasks.
    pub(super) fn note_break(&self) {
        self.breaks.fetch_add(1, Ordering::AcqRel);
    }

    /// How often it stood still so far.
    pub(super) fn breaks(&self) -> u64 {
        self.breaks.load(Ordering::Acquire)
    }

    /// Errs with `Fenced` if this process stood still for longer than its session, and the coordinator has not looked
    /// yet what others have taken over, or has done so since there were so many `breaks`.
    pub(super) fn check(&self, session: Duration, breaks: u64) -> Result<()> {
        let age = self.age();
        let stood = match age > session {
            true => format!("for {age:.1?}"),
            false if self.breaks() != breaks => "in the middle of this".to_owned(),
            false => return Ok(()),
        };
        Err(Error::new(
            ErrorKind::Fenced,
            format!("the process stood still {stood}: others may have its tasks"),
        ))
    }

    /// Time since the last sign of life.
    pub(super) fn age(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.last.load(Ordering::Acquire)))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: Duration = Duration::from_secs(3600);

    #[test]
    fn what_was_under_way_when_the_process_stood_still_is_refused_also_after_the_next_sign_of_life() {
        let heartbeat = Heartbeat::new();
        heartbeat.beat();
        let before = heartbeat.breaks();
        heartbeat.check(SESSION, before).unwrap();
        heartbeat.note_break();
        heartbeat.beat();
        assert!(heartbeat.check(SESSION, before).unwrap_err().is_fenced());
        heartbeat.check(SESSION, heartbeat.breaks()).unwrap();
    }
}
