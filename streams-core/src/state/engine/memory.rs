//! Sorted maps in memory: deterministic, nothing on disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::error::Result;
use crate::ids::TaskId;
use crate::state::engine::{Backend, Batch, Direction, Engine, KeyRange, Op, StoreNumber, Visit};

/// Engines in memory. A task opened again finds what it had, as long as the backend lives.
#[derive(Default)]
pub struct MemoryBackend {
    tasks: Mutex<BTreeMap<TaskId, Arc<MemoryEngine>>>,
}

impl MemoryBackend {
    /// A backend without tasks.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Backend for MemoryBackend {
    fn open_task(&self, task: TaskId) -> Result<Arc<dyn Engine>> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(tasks.entry(task).or_default().clone())
    }

    fn tasks(&self) -> Result<Vec<TaskId>> {
        Ok(self.tasks.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect())
    }

    fn wipe_task(&self, task: TaskId) -> Result<()> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).remove(&task);
        Ok(())
    }
}

type Rows = BTreeMap<Vec<u8>, Box<[u8]>>;

#[derive(Default)]
struct MemoryEngine {
    stores: RwLock<BTreeMap<StoreNumber, Rows>>,
}

impl MemoryEngine {
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<StoreNumber, Rows>> {
        self.stores.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<StoreNumber, Rows>> {
        self.stores.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for MemoryEngine {
    fn get(&self, store: StoreNumber, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        let stores = self.read();
        let Some(value) = stores.get(&store).and_then(|rows| rows.get(key)) else {
            return Ok(false);
        };
        out.clear();
        out.extend_from_slice(value);
        Ok(true)
    }

    fn scan(
        &self,
        store: StoreNumber,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        let stores = self.read();
        let Some(rows) = stores.get(&store).filter(|_| !range.is_empty()) else {
            return Ok(());
        };
        direction.walk(rows.range::<[u8], _>(range.bounds()), |(key, value)| Ok(visit(key, value)))
    }

    fn apply(&self, batch: &Batch) -> Result<()> {
        self.load(&mut batch.ops()).map(|_| ())
    }

    fn load(&self, ops: &mut dyn Iterator<Item = Op<'_>>) -> Result<bool> {
        let mut stores = self.write();
        for op in ops {
            let rows = stores.entry(op.store).or_default();
            match op.value {
                Some(value) => drop(rows.insert(op.key.to_vec(), value.into())),
                None => drop(rows.remove(op.key)),
            }
        }
        Ok(true)
    }

    fn delete_range(&self, store: StoreNumber, range: &KeyRange) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let mut stores = self.write();
        if let Some(rows) = stores.get_mut(&store) {
            let keys: Vec<Vec<u8>> =
                rows.range::<[u8], _>(range.bounds()).map(|(key, _)| key.clone()).collect();
            for key in keys {
                rows.remove(&key);
            }
        }
        Ok(())
    }

    fn wipe(&self) -> Result<()> {
        self.write().clear();
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }
}
