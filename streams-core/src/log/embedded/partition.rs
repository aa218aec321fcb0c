//! A partition as readers see it: what is committed, and who wants to know when there is more.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use super::image::PartitionId;
use super::segment::Segment;
use super::storage::lock;
use crate::ids::{Offset, TopicPartition};
use crate::log::Wakeup;

/// The committed part of a partition. Only commits and cleaning change it, while they hold the log's lock.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) id: PartitionId,
    pub(super) name: TopicPartition,
    start: AtomicI64,
    end: AtomicI64,
    deleted: AtomicBool,
    segments: RwLock<Vec<Arc<Segment>>>,
    bells: Mutex<Vec<Weak<Wakeup>>>,
}

impl Partition {
    pub(super) fn new(id: PartitionId, name: TopicPartition) -> Self {
        Partition {
            id,
            name,
            start: AtomicI64::new(0),
            end: AtomicI64::new(0),
            deleted: AtomicBool::new(false),
            segments: RwLock::default(),
            bells: Mutex::default(),
        }
    }

    /// Offset of the first record that was not deleted.
    pub(super) fn start(&self) -> Offset {
        self.start.load(Ordering::Acquire)
    }

    /// Offset behind the last committed record.
    pub(super) fn end(&self) -> Offset {
        self.end.load(Ordering::Acquire)
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Acquire)
    }

    pub(super) fn set_start(&self, start: Offset) {
        self.start.store(start, Ordering::Release);
    }

    pub(super) fn set_end(&self, end: Offset) {
        self.end.store(end, Ordering::Release);
    }

    pub(super) fn set_deleted(&self) {
        self.deleted.store(true, Ordering::Release);
    }

    /// The segments in order; the last one is appended to.
    pub(super) fn segments(&self) -> Vec<Arc<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The segment that is appended to.
    pub(super) fn last_segment(&self) -> Option<Arc<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// The segment that `offset` is or would be in, and the base of the one behind it.
    pub(super) fn segment_for(&self, offset: Offset) -> Option<(Arc<Segment>, Option<Offset>)> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let behind = segments.partition_point(|s| s.base <= offset);
        let found = segments.get(behind.saturating_sub(1))?;
        let next = if behind == 0 { segments.get(1) } else { segments.get(behind) };
        Some((found.clone(), next.map(|s| s.base)))
    }

    /// Changes the list of segments.
    pub(super) fn update_segments(&self, change: impl FnOnce(&mut Vec<Arc<Segment>>)) {
        change(&mut self.segments.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Rings `wakeup` whenever there is more, for as long as somebody else holds it.
    pub(super) fn subscribe(&self, wakeup: &Arc<Wakeup>) {
        let mut bells = lock(&self.bells);
        bells.retain(|bell| bell.strong_count() > 0);
        if !bells.iter().any(|bell| std::ptr::eq(bell.as_ptr(), Arc::as_ptr(wakeup))) {
            bells.push(Arc::downgrade(wakeup));
        }
    }

    pub(super) fn ring(&self) {
        for bell in lock(&self.bells).iter() {
            if let Some(bell) = bell.upgrade() {
                bell.ring();
            }
        }
    }
}
