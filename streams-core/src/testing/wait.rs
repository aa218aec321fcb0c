//! Waiting in tests for what other threads and processes do.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// How long [`wait_for`] and [`wait_until`] wait: longer than anything takes on a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Time between two looks: short beside what is waited for, and the processor is left to those who work.
const PAUSE: Duration = Duration::from_millis(2);

/// Looks until something is found, which it returns.
///
/// # Panics
/// If nothing is found within [`PATIENCE`]; `what` says what was waited for.
#[track_caller]
pub fn wait_for<T>(what: impl Display, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited {PATIENCE:?} in vain for {what}");
        std::thread::sleep(PAUSE);
    }
}

/// Looks until it is so.
///
/// # Panics
/// If it is not so within [`PATIENCE`]; `what` says what was waited for.
#[track_caller]
pub fn wait_until(what: impl Display, mut is_so: impl FnMut() -> bool) {
    wait_for(what, || is_so().then_some(()));
}
