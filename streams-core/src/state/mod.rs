//! State: typed stores over an engine over a changelog.
//!
//! The changelog topic is the write-ahead log. What a task puts into a store stays in memory, typed, until the task
//! commits; then it goes to the changelog, one record per key, in the same transaction as everything else. Later, and
//! in the background, it goes to the engine, sorted, and in the last batch with it the changelog offset it stands for.
//! After a crash the engine holds a committed state and the offset to continue from; rows of a flush that was cut short
//! are put again by the replay from that offset, before anybody reads them.
//! Nothing here has a clock or a thread: [`TaskState`] is told when to commit, flush and restore.

mod budget;
pub mod engine;
mod entries;
mod key_value;
mod recency;
mod rows;
mod spec;
mod task_state;
mod task_store;
#[cfg(test)]
mod testing;
mod unmatched;
mod value;
mod window;

pub use budget::MemoryBudget;
pub use engine::{Backend, Engine, EngineKind};
pub use key_value::KeyValueStore;
pub use rows::{KeyValueRows, StampedRows};
pub use spec::{StoreKind, StoreSpec, WindowExpiry, WindowLayout, WindowSpec};
pub use task_state::{Checkpoint, Flushed, RestoreProgress, Restorer, TaskState};
pub use task_store::{StoreUsage, TaskStore, TaskStoreRef};
pub(crate) use unmatched::{Due, Side, UnmatchedStore};
pub use value::ValueAndTimestamp;
pub use window::{Put, StampedStarts, StampedWindows, StartRows, WindowRows, WindowStore};

use crate::time::Timestamp;

/// A change that is forwarded once per key and commit (rule H-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unforwarded<K, V> {
    /// The key.
    pub key: K,
    /// The value now, `None` if the key was removed.
    pub new: Option<V>,
    /// The value when changes were last taken.
    pub old: Option<V>,
    /// Time of the value; of a removal, the time given for it.
    pub timestamp: Timestamp,
}
