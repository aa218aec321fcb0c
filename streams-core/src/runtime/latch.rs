//! A result that arrives once and that any number of threads can wait for.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Empty until it is set.
pub(super) struct Latch<T> {
    value: Mutex<Option<T>>,
    set: Condvar,
}

impl<T: Clone> Latch<T> {
    pub(super) fn new() -> Self {
        Latch { value: Mutex::new(None), set: Condvar::new() }
    }

    pub(super) fn set(&self, value: T) {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        self.set.notify_all();
    }

    /// Waits for the value, at most `timeout` (for ever with `None`).
    pub(super) fn wait(&self, timeout: Option<Duration>) -> Option<T> {
        let guard = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let unset = |value: &mut Option<T>| value.is_none();
        match timeout {
            Some(timeout) => {
                let waited = self.set.wait_timeout_while(guard, timeout, unset);
                waited.unwrap_or_else(PoisonError::into_inner).0.clone()
            }
            None => self.set.wait_while(guard, unset).unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
