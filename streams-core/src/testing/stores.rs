//! Looking into the stores of a driver.

use crate::error::{Error, ErrorKind, Result};
use crate::state::{KeyValueStore, WindowStore};
use crate::testing::TestDriver;
use crate::topic::Store;

impl TestDriver {
    /// The key-value store of this name, of partition 0.
    pub fn store<K: 'static, V: 'static>(&self, store: &Store<K, V>) -> Result<KeyValueStore<K, V>> {
        self.store_of(store, 0)
    }

    /// The key-value store of this name, of one partition. Errs if there is none, or of other types.
    pub fn store_of<K: 'static, V: 'static>(
        &self,
        store: &Store<K, V>,
        partition: u32,
    ) -> Result<KeyValueStore<K, V>> {
        self.find(store.name(), partition)
    }

    /// The window store of this name, of partition 0.
    pub fn window_store<K: 'static, V: 'static>(&self, store: &Store<K, V>) -> Result<WindowStore<K, V>> {
        self.window_store_of(store, 0)
    }

    /// The window store of this name, of one partition. Errs if there is none, or of other types.
    pub fn window_store_of<K: 'static, V: 'static>(
        &self,
        store: &Store<K, V>,
        partition: u32,
    ) -> Result<WindowStore<K, V>> {
        self.find(store.name(), partition)
    }

    fn find<S: Clone + 'static>(&self, name: &str, partition: u32) -> Result<S> {
        let id = self.topology.store_named(name).ok_or_else(|| Self::unknown("store", name))?;
        let mut tasks = self.tasks.iter().filter(|task| task.id.partition == partition);
        tasks.find_map(|task| task.store::<S>(id)).ok_or_else(|| {
            let wanted = std::any::type_name::<S>();
            Error::new(
                ErrorKind::NotFound,
                format!("no task of partition {partition} has `{name}` as a {wanted}"),
            )
        })
    }
}
