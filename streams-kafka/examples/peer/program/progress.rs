//! How many records the last stage has taken up.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Records between two additions to the common number.
const STEP: u64 = 256;
/// The end is told so many records early: what each thread has not added yet must not keep it from being reached.
const EARLY: u64 = 4096;

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// Counts records of all threads, and says when it is warm and when it is done.
pub(crate) struct Progress {
    warm: u64,
    done: u64,
    seen: AtomicU64,
}

impl Progress {
    pub(crate) fn new(warm: u64, records: u64) -> Self {
        Progress { warm, done: records.saturating_sub(EARLY), seen: AtomicU64::new(0) }
    }

    /// One record more.
    #[inline]
    pub(crate) fn take(&self) {
        let taken = TAKEN.get() + 1;
        TAKEN.set(taken);
        if taken.is_multiple_of(STEP) {
            self.add();
        }
    }

    #[cold]
    fn add(&self) {
        let before = self.seen.fetch_add(STEP, Relaxed);
        let now = before + STEP;
        for (mark, event) in [(self.warm, "warm"), (self.done, "done")] {
            if (before + 1..=now).contains(&mark) {
                super::say(event, "n", now);
            }
        }
    }
}
