//! Messages to a thread that waits on one bell for everything.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::log::Wakeup;

/// Messages in order. Sending rings the receiver's bell, the same one that the log rings.
pub(super) struct Mailbox<T> {
    queue: Mutex<VecDeque<T>>,
    wakeup: Arc<Wakeup>,
}

impl<T> Mailbox<T> {
    pub(super) fn new() -> Self {
        Mailbox { queue: Mutex::new(VecDeque::new()), wakeup: Arc::new(Wakeup::new()) }
    }

    /// The receiver's bell.
    pub(super) fn wakeup(&self) -> &Arc<Wakeup> {
        &self.wakeup
    }

    pub(super) fn send(&self, message: T) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(message);
        self.wakeup.ring();
    }

    /// Sends what goes before everything that was sent already.
    pub(super) fn send_first(&self, message: T) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_front(message);
        self.wakeup.ring();
    }

    /// The oldest message, if there is one.
    pub(super) fn take(&self) -> Option<T> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}
