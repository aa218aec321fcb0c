//! Stores as bytes: what is in them, and what their changelogs say should be.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};
use crate::serde::{SerdeRef, time_windowed, to_bytes};
use crate::testing::TestDriver;
use crate::time::{Timestamp, millis};
use crate::topic::Store;

/// Rows by the bytes of their keys; those of windows end in the window's start.
pub(super) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store that must be the fold of its changelog.
pub(super) struct Stored {
    pub(super) name: &'static str,
    /// The topic that has every change of it.
    pub(super) topic: Option<&'static str>,
    /// Whether keys in the changelog have a sequence number behind them.
    pub(super) windowed: bool,
    content: Box<Content>,
}

/// The rows of one partition, and the start from which on windows are kept.
type Content = dyn Fn(&TestDriver, u32) -> Result<(Rows, Timestamp)>;

impl Stored {
    pub(super) fn key_value<K: 'static, V: Clone + Send + 'static>(
        store: Store<K, V>,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
    ) -> Stored {
        let content = move |driver: &TestDriver, partition| {
            let rows = driver.store_of(&store, partition)?.all();
            Ok((encoded(rows, &key, &value)?, 0))
        };
        Stored { name: store.name(), topic: None, windowed: false, content: Box::new(content) }
    }

    pub(super) fn window<K: 'static, V: Clone + Send + 'static>(
        store: Store<K, V>,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
    ) -> Stored {
        let content = move |driver: &TestDriver, partition| {
            let found = driver.window_store_of(&store, partition)?;
            let spec = found.window_spec();
            let key = time_windowed(std::sync::Arc::clone(&key), spec.size);
            let kept_from = found.stream_time().saturating_sub(millis(spec.retention));
            Ok((encoded(found.all(), &key, &value)?, kept_from))
        };
        Stored { name: store.name(), topic: None, windowed: true, content: Box::new(content) }
    }

    /// The rows of one partition, and the start from which on windows are kept.
    pub(super) fn content(&self, driver: &TestDriver, partition: u32) -> Result<(Rows, Timestamp)> {
        (self.content)(driver, partition)
    }

    /// The partitions that have this store.
    pub(super) fn partitions(&self, driver: &TestDriver) -> Result<Vec<u32>> {
        let id = driver.topology.store_named(self.name).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("the topology has no store `{}`", self.name))
        })?;
        let has = |sub: u32| driver.topology.stores_of(sub).contains(&id);
        Ok(driver.tasks().filter(|task| has(task.sub_topology)).map(|task| task.partition).collect())
    }

    /// The fold of the changelog: of the topic that the store is restored from, which can be one that a table is of. A
    /// store without a changelog has no rows after a restart.
    pub(super) fn of_changelog(&self, driver: &TestDriver, partition: u32) -> Rows {
        let Some(id) = driver.topology.store_named(self.name) else { return Rows::new() };
        let place = |sub: u32| driver.topology.stores_of(sub).iter().position(|store| *store == id);
        let mut tasks = driver.tasks.iter().filter(|task| task.id.partition == partition);
        let found = tasks.find_map(|task| task.restores().swap_remove(place(task.id.sub_topology)?));
        let Some(from) = found.map(|from| from.partition) else { return Rows::new() };
        let mut rows = fold(driver, &from.topic, Some(from.partition));
        if self.windowed {
            // Key, start, and a sequence number that is 0 in stores without duplicates.
            rows = rows.into_iter().map(|(key, value)| (cut(key), value)).collect();
        }
        rows
    }
}

/// The fold of a topic: the last value of each key, without those that were deleted.
pub(super) fn fold(driver: &TestDriver, topic: &str, partition: Option<u32>) -> Rows {
    let mut rows = Rows::new();
    for record in driver.topic_records(topic) {
        if partition.is_some_and(|partition| partition != record.partition) {
            continue;
        }
        let key = record.key.unwrap_or_default();
        match record.value {
            Some(value) => _ = rows.insert(key, value),
            None => _ = rows.remove(&key),
        }
    }
    rows
}

/// The start of the window that a key ends in.
pub(super) fn start_of(key: &[u8]) -> Timestamp {
    key.last_chunk::<8>().map_or(0, |start| Timestamp::from_be_bytes(*start))
}

fn cut(mut key: Vec<u8>) -> Vec<u8> {
    key.truncate(key.len().saturating_sub(4));
    key
}

fn encoded<K: 'static, V: 'static>(
    rows: impl Iterator<Item = Result<(K, V)>>,
    key: &SerdeRef<K>,
    value: &SerdeRef<V>,
) -> Result<Rows> {
    let mut encoded = Rows::new();
    for row in rows {
        let (row_key, row_value) = row?;
        let (mut key_bytes, mut value_bytes) = (Vec::new(), Vec::new());
        to_bytes(&**key, &row_key, &mut key_bytes)?;
        to_bytes(&**value, &row_value, &mut value_bytes)?;
        encoded.insert(key_bytes, value_bytes);
    }
    Ok(encoded)
}
