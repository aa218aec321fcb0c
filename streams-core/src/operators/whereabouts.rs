//! Where a task is, for other threads to look at while it runs, also if it never comes back from user code.
//!
//! The thread that runs the task writes; everybody else reads, without a lock. A reader may see the node of one
//! record with the offset of the next: good enough for a message about a task that stands still.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::Relaxed};

use crate::ids::{NodeId, Offset};

/// No record is under way.
const NONE: Offset = -1;

/// The node that runs, or one before it, and the record it runs for.
#[derive(Debug)]
pub(crate) struct Whereabouts {
    node: AtomicU32,
    /// Number of the record's topic in the task's table.
    topic: AtomicU32,
    offset: AtomicI64,
}

impl Default for Whereabouts {
    fn default() -> Self {
        Whereabouts { node: AtomicU32::new(0), topic: AtomicU32::new(0), offset: AtomicI64::new(NONE) }
    }
}

impl Whereabouts {
    /// The last node entered that shows itself: sources, sinks and nodes with state or processors. What runs may be a
    /// stateless node behind it.
    #[inline]
    pub(crate) fn node(&self) -> NodeId {
        NodeId(self.node.load(Relaxed))
    }

    /// The record under way: the number of its topic in the task's table, and its offset.
    pub(crate) fn record(&self) -> Option<(u32, Offset)> {
        let offset = self.offset.load(Relaxed);
        (offset != NONE).then(|| (self.topic.load(Relaxed), offset))
    }

    #[inline]
    pub(super) fn enter(&self, node: NodeId) {
        self.node.store(node.0, Relaxed);
    }

    #[inline]
    pub(super) fn take_up(&self, record: Option<(u32, Offset)>) {
        let (topic, offset) = record.unwrap_or((0, NONE));
        self.topic.store(topic, Relaxed);
        self.offset.store(offset, Relaxed);
    }
}
