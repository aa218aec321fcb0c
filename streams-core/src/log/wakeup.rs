//! A bell: rung by whoever has news, waited on by whoever has nothing to do.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

/// Remembers that it was rung until somebody waits, so that no ring is missed. Threads wait on it, and one async
/// task may ask to be woken.
#[derive(Debug, Default)]
pub struct Wakeup {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rung: bool,
    waker: Option<Waker>,
}

impl Wakeup {
    /// A bell that was not rung.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rings: the current or next [`wait`](Self::wait) returns at once.
    pub fn ring(&self) {
        let waker = {
            let mut state = self.state();
            state.rung = true;
            state.waker.take()
        };
        self.bell.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits until it is rung, at most `timeout`; whether it was.
    pub fn wait(&self, timeout: Duration) -> bool {
        let waited = self.bell.wait_timeout_while(self.state(), timeout, |state| !state.rung);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.rung)
    }

    /// Wakes `waker` when it is rung the next time; replaces the one given before. Look for news again after this.
    pub fn wake(&self, waker: &Waker) {
        self.state().waker = Some(waker.clone());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
