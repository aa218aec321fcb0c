//! What a task does with each of its stores, whatever their types.

use std::sync::Arc;

use crate::state::StoreSpec;

/// A store of a task. Its handles for reading and writing are typed; the task itself commits, aborts, flushes and
/// restores all of them alike, through [`TaskState`](crate::state::TaskState).
pub trait TaskStore: layers::StoreLayers {
    /// What the store is.
    fn spec(&self) -> &StoreSpec;
}

/// How much there is of a store, and where. Bytes are estimates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreUsage {
    /// Rows, about; a key that was put without having been read counts as new.
    pub entries: u64,
    /// Memory of entries that are held typed.
    pub hot_bytes: usize,
    /// Of it, uncommitted ones.
    pub dirty_bytes: usize,
    /// Memory of committed entries that the engine does not have yet.
    pub pending_bytes: usize,
}

impl std::ops::Add for StoreUsage {
    type Output = StoreUsage;

    fn add(self, other: StoreUsage) -> StoreUsage {
        StoreUsage {
            entries: self.entries + other.entries,
            hot_bytes: self.hot_bytes + other.hot_bytes,
            dirty_bytes: self.dirty_bytes + other.dirty_bytes,
            pending_bytes: self.pending_bytes + other.pending_bytes,
        }
    }
}

/// A store for the list of a task's stores.
pub type TaskStoreRef = Arc<dyn TaskStore>;

/// The part of [`TaskStore`] that is for the task only.
pub(crate) mod layers {
    use std::sync::Arc;

    use crate::error::Result;
    use crate::record::RecordView;
    use crate::state::StoreUsage;
    use crate::state::budget::MemoryBudget;
    use crate::state::engine::KeyRange;
    use crate::state::entries::{Below, Pending};

    /// What is kept of a store beside its rows. For key-value stores all but `len` is empty.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct StoreProgress {
        /// About how many keys there are.
        pub len: i64,
        /// The store's time, −1 if unknown.
        pub stream_time: i64,
        /// The last sequence number given to a duplicate.
        pub sequence: u32,
        /// Windows that start here or later are kept, however old.
        pub keep_from: Option<i64>,
    }

    impl Default for StoreProgress {
        fn default() -> Self {
            StoreProgress { len: 0, stream_time: crate::time::UNKNOWN, sequence: 0, keep_from: None }
        }
    }

    /// What a flush takes from a store.
    pub struct FlushPart {
        /// Rows for the engine.
        pub rows: Arc<Pending>,
        /// What the store will be when they are in it.
        pub progress: StoreProgress,
        /// Rows in the engine that are expired.
        pub expired: Option<KeyRange>,
    }

    /// Commit, abort, flush and restore.
    pub trait StoreLayers: Send + Sync {
        /// Identifies how rows are laid out; rows of another layout cannot be read.
        fn layout(&self) -> String;
        /// Puts the engine below.
        fn attach(&self, below: Below, budget: Arc<MemoryBudget>, progress: Option<StoreProgress>);
        /// Serializes what is dirty and shows it as changelog records.
        fn stage(&self, emit: &mut dyn FnMut(RecordView<'_>) -> Result<()>) -> Result<()>;
        /// What was staged is committed.
        fn commit(&self);
        /// Drops what is not committed.
        fn abort(&self);
        /// Takes what a flush is to write.
        fn begin_flush(&self) -> FlushPart;
        /// It is written, or not.
        fn end_flush(&self, written: bool);
        /// Takes over changelog records; the number of them that were expired.
        fn restore(&self, record: &mut dyn Iterator<Item = RecordView<'_>>) -> Result<u64>;
        /// Forgets all content, the engine's rows being gone.
        fn clear(&self);
        /// Memory of committed entries that are not in the engine.
        fn pending_bytes(&self) -> usize;
        /// How much there is.
        fn usage(&self) -> StoreUsage;
    }
}
