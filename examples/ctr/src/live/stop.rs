//! A request to stop, from a signal or a failure, that threads can wait for.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Once requested, requested for ever.
#[derive(Debug, Default)]
pub struct Stop {
    requested: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Requests it; whether it was requested before.
    pub fn request(&self) -> bool {
        let before =
            std::mem::replace(&mut *self.requested.lock().unwrap_or_else(PoisonError::into_inner), true);
        self.changed.notify_all();
        before
    }

    /// Waits for a request, at most so long; whether there is one.
    pub fn wait(&self, at_most: Duration) -> bool {
        let guard = self.requested.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(guard, at_most, |requested| !*requested);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
