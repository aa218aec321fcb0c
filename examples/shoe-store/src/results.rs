//! Reading result topics: every record, or what a table has come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use streams_core::log::Log;
use streams_core::runtime::{Start, Subscription};
use streams_core::serde::{DefaultSerde, SerdeRef, optional};
use streams_core::{Record, Result, Topic};

/// Every record of a topic, by time.
pub fn all<K: DefaultSerde, V: DefaultSerde>(
    log: &Arc<dyn Log>,
    topic: &Topic<K, V>,
) -> Result<Vec<Record<K, V>>> {
    all_with(log, topic, K::serde(), V::serde())
}

/// The same by these serdes.
pub fn all_with<K: 'static, V: 'static>(
    log: &Arc<dyn Log>,
    topic: &Topic<K, V>,
    key: SerdeRef<K>,
    value: SerdeRef<V>,
) -> Result<Vec<Record<K, V>>> {
    let mut topic = Subscription::open_with(log, topic, Start::Earliest, key, value)?;
    let mut records = Vec::new();
    while let Some(received) = topic.next_now()? {
        records.push(received.record);
    }
    records.sort_by_key(|record| record.timestamp);
    Ok(records)
}

/// The latest value of each key, without those that are deleted.
pub fn latest<K, V>(log: &Arc<dyn Log>, topic: &Topic<K, V>) -> Result<BTreeMap<K, V>>
where
    K: DefaultSerde + Ord,
    V: DefaultSerde,
{
    let changes: Topic<K, Option<V>> = Topic::new(topic.name());
    let (key, value) = (K::serde(), optional(V::serde()));
    let mut changes = Subscription::open_with(log, &changes, Start::Earliest, key, value)?;
    let mut table = BTreeMap::new();
    // All changes of a key are in one partition, in order.
    while let Some(change) = changes.next_now()? {
        match change.record.value {
            Some(value) => table.insert(change.record.key, value),
            None => table.remove(&change.record.key),
        };
    }
    Ok(table)
}
