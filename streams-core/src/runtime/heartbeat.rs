//! A sign of life of the coordinator: workers that have no transactions send nothing without it.
//!
//! Without transactions nobody keeps a process that stood still, and whose tasks others have by now, from writing what
//! it had in hand over their newer results. So it finds out first: its coordinator, before it gives a sign of life
//! again, has the workers drop their tasks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(super) struct Heartbeat {
    started: Instant,
    /// Milliseconds since then.
    last: AtomicU64,
}

impl Heartbeat {
    pub(super) fn new() -> Self {
        Heartbeat { started: Instant::now(), last: AtomicU64::new(0) }
    }

    /// Gives a sign of life.
    pub(super) fn beat(&self) {
        self.last.store(self.now(), Ordering::Release);
    }

    /// Time since the last sign of life.
    pub(super) fn age(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.last.load(Ordering::Acquire)))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
