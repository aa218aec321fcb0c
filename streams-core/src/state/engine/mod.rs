//! Engines: where the bytes of stores live below the typed entries.
//!
//! An [`Engine`] holds all stores of one task as ordered bytes; a [`Backend`] holds the engines of one application.
//! An engine has to apply a [`Batch`] wholly or not at all, also when the process is killed in the middle; it need
//! not keep the last batches, because the changelog has them. It knows nothing of types, time or commits.

mod batch;
#[cfg(feature = "fjall")]
mod fjall;
mod kind;
mod memory;
pub(crate) mod range;
mod rows;
mod sled;

pub use batch::{Batch, Op};
#[cfg(feature = "fjall")]
pub use fjall::FjallBackend;
pub use kind::EngineKind;
pub use memory::MemoryBackend;
pub use range::{Direction, KeyRange};
pub use sled::SledBackend;

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::error::Result;
use crate::ids::TaskId;

/// A store inside of an engine; [`StoreNumber::META`] holds what the task keeps about its stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreNumber(pub u16);

impl StoreNumber {
    /// Checkpoints and the numbers of the stores.
    pub const META: StoreNumber = StoreNumber(0);
}

/// What [`Engine::scan`] calls for each key and value, until it breaks.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// The stores of one task as ordered bytes.
pub trait Engine: Send + Sync {
    /// Puts the value of `key` into `out`, replacing what is there; false if there is none.
    fn get(&self, store: StoreNumber, key: &[u8], out: &mut Vec<u8>) -> Result<bool>;

    /// Visits the keys of `range` in unsigned byte order or its reverse. `visit` must not use the engine.
    fn scan(
        &self,
        store: StoreNumber,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<()>;

    /// Applies all of `batch` or, if the process ends before it is done, nothing of it.
    fn apply(&self, batch: &Batch) -> Result<()>;

    /// Applies `rows` as [`apply`](Self::apply) does a batch, however many there are, if the engine can do that in
    /// little memory. They come in the order of store and key, no key twice. False, and nothing is done, if it cannot
    /// or they are too few: the caller makes batches of them.
    fn load(&self, _rows: &mut dyn Iterator<Item = Op<'_>>) -> Result<bool> {
        Ok(false)
    }

    /// Removes the keys of `range`. A crash may leave some of them.
    fn delete_range(&self, store: StoreNumber, range: &KeyRange) -> Result<()>;

    /// Removes everything. [`StoreNumber::META`] goes first and at once, so that a crash leaves nothing that looks
    /// complete.
    fn wipe(&self) -> Result<()>;

    /// Returns when everything applied would survive the machine losing power.
    fn sync(&self) -> Result<()>;
}

/// The engines of one application.
pub trait Backend: Send + Sync {
    /// The engine of a task, new and empty if there is none yet.
    fn open_task(&self, task: TaskId) -> Result<Arc<dyn Engine>>;

    /// The tasks that have an engine, in order.
    fn tasks(&self) -> Result<Vec<TaskId>>;

    /// Removes the engine of a task. Nothing must be using it. No error if there is none.
    fn wipe_task(&self, task: TaskId) -> Result<()>;
}
