//! A bell: rung by whoever has news, waited on by whoever has nothing to do.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Remembers that it was rung until somebody waits, so that no ring is missed.
#[derive(Debug, Default)]
pub struct Wakeup {
    rung: Mutex<bool>,
    bell: Condvar,
}

impl Wakeup {
    /// A bell that was not rung.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rings: the current or next [`wait`](Self::wait) returns at once.
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.bell.notify_all();
    }

    /// Waits until it is rung, at most `timeout`; whether it was.
    pub fn wait(&self, timeout: Duration) -> bool {
        let guard = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut rung, _) = self
            .bell
            .wait_timeout_while(guard, timeout, |rung| !*rung)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *rung)
    }
}
