//! Where tables begin.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::dsl::handle::Handle;
use crate::dsl::ktable::materialization;
use crate::dsl::options::Materialized;
use crate::dsl::{KTable, materialize};
use crate::error::Result;
use crate::operators::source::{TimestampExtractor, negative};
use crate::operators::table::TableSource;
use crate::record::Record;
use crate::serde::MaybeNull;
use crate::time::Timestamp;
use crate::topology::{OldValues, Table, lookup_in_store};

/// When a table gets the store that is described, which has a name by now.
pub(crate) enum Kept<K: 'static, V: 'static> {
    Always(Materialized<K, V>),
    /// When something needs it (rule T-5).
    OnDemand(Materialized<K, V>),
}

/// Adds the node where a table begins.
pub(crate) fn add_source<KI, VI, K, V>(
    input: &Handle,
    name: String,
    kept: Kept<K, V>,
    location: &'static Location<'static>,
) -> KTable<K, V>
where
    KI: MaybeNull<K> + Send,
    VI: MaybeNull<V> + Send,
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    let handle = input.add_named(
        name,
        location,
        Arc::new(|wirer, node| {
            let source = TableSource::<KI, VI, K, V> {
                node,
                store: materialization(wirer, node),
                next: wirer.next(node),
                input: PhantomData,
            };
            wirer.register::<KI, VI, _>(node, source)
        }),
    );
    handle.set_key_changed(false);
    match kept {
        Kept::Always(store) => {
            let store = materialize::key_value(&mut handle.graph(), store, location);
            handle.connect(store);
            KTable::stored(handle, store)
        }
        Kept::OnDemand(store) => {
            let table = Table {
                inputs: Vec::new(),
                store: None,
                on_demand: Some(Arc::new(move |graph| {
                    materialize::key_value(graph, store.clone(), location)
                })),
                old: OldValues::None,
                lookup: lookup_in_store::<K, V>(),
            };
            KTable::new(handle, table)
        }
    }
}

/// Shows an extractor for `K, V` the records of a table's topic; without key or value there is nothing to show, and
/// the record keeps its timestamp.
pub(crate) struct SomeExtractor<K, V>(pub(crate) Arc<dyn TimestampExtractor<K, V>>);

impl<K: Clone + 'static, V: Clone + 'static> TimestampExtractor<Option<K>, Option<V>>
    for SomeExtractor<K, V>
{
    fn extract(&self, record: &Record<Option<K>, Option<V>>, partition_time: Timestamp) -> Result<Timestamp> {
        match (&record.key, &record.value) {
            (Some(key), Some(value)) => {
                let record = Record::new(key.clone(), value.clone(), record.timestamp)
                    .with_headers(record.headers.clone());
                self.0.extract(&record, partition_time)
            }
            _ if record.timestamp < 0 => Err(negative(record.timestamp)),
            _ => Ok(record.timestamp),
        }
    }
}
