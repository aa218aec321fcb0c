//! Engines: where the bytes of stores live below the typed entries.
//!
//! An [`Engine`] holds all stores of one task as ordered bytes; a [`Backend`] holds the engines of one application.
//! An engine has to apply a [`Batch`] wholly or not at all, also when the process is killed in the middle; it need
//! not keep the last batches, because the changelog has them. It knows nothing of types, time or commits.

mod batch;
mod memory;
pub(crate) mod range;
mod sled;

pub use batch::{Batch, Op};
pub use memory::MemoryBackend;
pub use range::{Direction, KeyRange};
pub use sled::SledBackend;

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
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

/// Which engine the stores of an application use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum EngineKind {
    /// sled: on disk, survives the process.
    #[default]
    Sled,
    /// A sorted map in memory: nothing on disk, restored from the changelog at start.
    Memory,
}

impl EngineKind {
    /// Opens the backend in `dir`, which is created if it is missing and used by engines on disk only. `cache_bytes`
    /// is how much memory such an engine may use for its own cache. Errs with `Locked` if another process uses the
    /// directory.
    pub fn open(self, dir: &Path, cache_bytes: u64) -> Result<Arc<dyn Backend>> {
        Ok(match self {
            EngineKind::Sled => Arc::new(SledBackend::open(dir, cache_bytes)?),
            EngineKind::Memory => Arc::new(MemoryBackend::new()),
        })
    }
}

impl std::str::FromStr for EngineKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "sled" => Ok(EngineKind::Sled),
            "memory" => Ok(EngineKind::Memory),
            _ => Err(Error::new(
                ErrorKind::Config,
                format!("`{name}` is not a state engine; use `sled` or `memory`"),
            )),
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EngineKind::Sled => "sled",
            EngineKind::Memory => "memory",
        })
    }
}
