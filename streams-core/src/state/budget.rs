//! How much memory the entries of all stores may use together.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::state::StoreUsage;

/// A limit that the stores of one application share. The figures are estimates: the heap memory of a typed value is
/// taken to be as large as its bytes.
#[derive(Debug)]
pub struct MemoryBudget {
    limit: usize,
    used: AtomicUsize,
    pending: AtomicUsize,
    dirty: AtomicUsize,
}

impl MemoryBudget {
    /// A budget of `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        MemoryBudget {
            limit,
            used: AtomicUsize::new(0),
            pending: AtomicUsize::new(0),
            dirty: AtomicUsize::new(0),
        }
    }

    /// No limit: nothing is evicted and no flush is asked for.
    pub const fn unlimited() -> Self {
        Self::new(usize::MAX)
    }

    /// The limit in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Bytes of committed entries that have not reached an engine.
    pub fn pending(&self) -> usize {
        self.pending.load(Relaxed)
    }

    /// Bytes of uncommitted entries.
    pub fn dirty(&self) -> usize {
        self.dirty.load(Relaxed)
    }

    /// Whether clean entries have to go.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.used() > self.limit
    }

    /// Whether committed entries take more than half of their share, so that a flush is due.
    pub(crate) fn wants_flush(&self) -> bool {
        self.pending() > self.share_of_pending() / 2
    }

    /// Whether they take so much that nothing should be added before a flush.
    pub(crate) fn needs_flush(&self) -> bool {
        self.pending() > self.share_of_pending()
    }

    /// What other entries leave, and half of everything at least: the more a flush writes at once, the less an engine
    /// has to merge, and a restore has all memory to itself.
    fn share_of_pending(&self) -> usize {
        let others = self.used().saturating_sub(self.pending());
        self.limit.saturating_sub(others).max(self.limit / 2)
    }

    /// Whether uncommitted entries take more than their share, so that a commit is due.
    pub(crate) fn wants_commit(&self) -> bool {
        self.dirty() > self.limit / 4
    }
}

/// What one store uses of a budget; given back when it is dropped.
pub(crate) struct Share {
    budget: std::sync::Arc<MemoryBudget>,
    hot: usize,
    pending: usize,
    dirty: usize,
}

impl Share {
    pub(crate) fn new(budget: std::sync::Arc<MemoryBudget>) -> Self {
        Share { budget, hot: 0, pending: 0, dirty: 0 }
    }

    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.budget.is_over()
    }

    /// What is used, of so many entries.
    pub(crate) fn usage(&self, entries: u64) -> StoreUsage {
        StoreUsage { entries, hot_bytes: self.hot, dirty_bytes: self.dirty, pending_bytes: self.pending }
    }

    pub(crate) fn add_hot(&mut self, bytes: usize) {
        self.hot += bytes;
        self.budget.used.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn remove_hot(&mut self, bytes: usize) {
        self.hot -= bytes;
        self.budget.used.fetch_sub(bytes, Relaxed);
    }

    pub(crate) fn remove_all_hot(&mut self) {
        self.remove_hot(self.hot);
    }

    pub(crate) fn add_dirty(&mut self, bytes: usize) {
        self.dirty += bytes;
        self.budget.dirty.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn set_dirty(&mut self, bytes: usize) {
        self.budget.dirty.fetch_sub(self.dirty, Relaxed);
        self.dirty = 0;
        self.add_dirty(bytes);
    }

    pub(crate) fn set_pending(&mut self, bytes: usize) {
        // Added before subtracting, so that the counters never wrap for others.
        self.budget.pending.fetch_add(bytes, Relaxed);
        self.budget.pending.fetch_sub(self.pending, Relaxed);
        self.budget.used.fetch_add(bytes, Relaxed);
        self.budget.used.fetch_sub(self.pending, Relaxed);
        self.pending = bytes;
    }

    /// Moves what is used over to another budget.
    pub(crate) fn move_to(&mut self, budget: std::sync::Arc<MemoryBudget>) {
        let mut moved = Share::new(budget);
        moved.add_hot(self.hot);
        moved.add_dirty(self.dirty);
        moved.set_pending(self.pending);
        *self = moved;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.hot + self.pending, Relaxed);
        self.budget.pending.fetch_sub(self.pending, Relaxed);
        self.budget.dirty.fetch_sub(self.dirty, Relaxed);
    }
}
