//! Tables.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::dsl::handle::{Handle, wire_stage};
use crate::dsl::options::Materialized;
use crate::dsl::{KStream, materialize};
use crate::error::Result;
use crate::ids::StoreId;
use crate::operators::Change;
use crate::operators::source::{TimestampExtractor, negative};
use crate::operators::stage::Stage;
use crate::operators::table::{
    Materialization, TableFilter, TableMapValues, TableMapper, TableSource, ToStream,
};
use crate::record::Record;
use crate::serde::MaybeNull;
use crate::state::KeyValueStore;
use crate::time::Timestamp;
use crate::topology::{NodeKind, TableKind, Wirer};

/// A table: the latest value of each key, and the stream of its changes. Tombstones are its own business: a value
/// is never null.
///
/// Verbs take the handle; clone it to use a table twice.
#[must_use = "a table that goes nowhere does nothing: end it with `to_stream`"]
pub struct KTable<K, V> {
    pub(crate) handle: Handle,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for KTable<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn clone(&self) -> Self {
        self.handle.allow_fan_out::<K, Change<V>>();
        KTable { handle: self.handle.clone(), types: PhantomData }
    }
}

impl<K, V> KTable<K, V> {
    /// A table whose node has a store.
    pub(crate) fn stored(handle: Handle) -> Self {
        handle.graph().node_mut(handle.node).table = TableKind::Stored;
        KTable { handle, types: PhantomData }
    }

    /// Names the node this handle stands for. The source of a table of a topic is named `<name>-source`.
    pub fn named(self, name: impl Into<String>) -> Self {
        let name = name.into();
        let parent = {
            let graph = self.handle.graph();
            graph.node(self.handle.node).parents.first().copied().filter(|&parent| {
                graph.node(self.handle.node).name.starts_with("KTABLE-SOURCE-")
                    && matches!(graph.node(parent).kind, NodeKind::Source(_))
            })
        };
        if let Some(source) = parent {
            self.handle.at(source).rename(&format!("{name}-source"));
        }
        self.handle.rename(&name);
        self
    }
}

impl<K, V> KTable<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The rows the predicate accepts; a row that no longer passes is deleted.
    #[track_caller]
    pub fn filter(self, predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KTable<K, V> {
        self.filtered(Arc::new(predicate), true, None, Location::caller())
    }

    /// The same, kept in a store of its own.
    #[track_caller]
    pub fn filter_with(
        self,
        predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static,
        materialized: Materialized<K, V>,
    ) -> KTable<K, V> {
        self.filtered(Arc::new(predicate), true, Some(materialized), Location::caller())
    }

    /// The rows the predicate refuses.
    #[track_caller]
    pub fn filter_not(self, predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KTable<K, V> {
        self.filtered(Arc::new(predicate), false, None, Location::caller())
    }

    /// The same, kept in a store of its own.
    #[track_caller]
    pub fn filter_not_with(
        self,
        predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static,
        materialized: Materialized<K, V>,
    ) -> KTable<K, V> {
        self.filtered(Arc::new(predicate), false, Some(materialized), Location::caller())
    }

    /// The table with each value mapped. The mapper may run more than once per change, so it has to be pure. One that
    /// may delete rows goes to [`filter_map_values`](Self::filter_map_values).
    #[track_caller]
    pub fn map_values<V2>(self, mapper: impl Fn(V) -> V2 + Send + Sync + 'static) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        self.mapped(Arc::new(move |_, value| Some(mapper(value))), None, Location::caller())
    }

    /// The same, kept in a store of its own.
    #[track_caller]
    pub fn map_values_with<V2>(
        self,
        mapper: impl Fn(V) -> V2 + Send + Sync + 'static,
        materialized: Materialized<K, V2>,
    ) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        self.mapped(Arc::new(move |_, value| Some(mapper(value))), Some(materialized), Location::caller())
    }

    /// The table with each value mapped, seeing the key.
    #[track_caller]
    pub fn map_values_with_key<V2>(
        self,
        mapper: impl Fn(&K, V) -> V2 + Send + Sync + 'static,
    ) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        self.mapped(Arc::new(move |key, value| Some(mapper(key, value))), None, Location::caller())
    }

    /// The table with each value mapped, without the rows whose mapper returns `None` (Kafka's null result).
    #[track_caller]
    pub fn filter_map_values<V2>(
        self,
        mapper: impl Fn(&K, V) -> Option<V2> + Send + Sync + 'static,
    ) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        self.mapped(Arc::new(mapper), None, Location::caller())
    }

    /// The same, kept in a store of its own.
    #[track_caller]
    pub fn filter_map_values_with<V2>(
        self,
        mapper: impl Fn(&K, V) -> Option<V2> + Send + Sync + 'static,
        materialized: Materialized<K, V2>,
    ) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        self.mapped(Arc::new(mapper), Some(materialized), Location::caller())
    }

    /// The stream of the table's changes: `None` for a deleted row.
    #[track_caller]
    pub fn to_stream(self) -> KStream<K, Option<V>> {
        let stage: Arc<dyn Stage<K, Change<V>, K, Option<V>>> = Arc::new(ToStream);
        KStream::new(self.handle.add("KTABLE-TOSTREAM-", Location::caller(), wire_stage(stage)))
    }

    fn filtered(
        self,
        predicate: Arc<dyn Fn(&K, &V) -> bool + Send + Sync>,
        keep: bool,
        materialized: Option<Materialized<K, V>>,
        location: &'static Location<'static>,
    ) -> KTable<K, V> {
        let (name, store) = self.derive("KTABLE-FILTER-", materialized, location);
        let able = self.handle.graph().enable_old(self.handle.node);
        let handle = self.handle.add_named(
            name,
            location,
            Arc::new(move |wirer, node| {
                let filter = TableFilter {
                    node,
                    predicate: Arc::clone(&predicate),
                    keep,
                    store: materialization(wirer, store),
                    knows_old: wirer.topology.node(node).sends_old,
                    next: wirer.next(node),
                };
                wirer.register::<K, Change<V>, _>(node, filter)
            }),
        );
        handle.graph().node_mut(handle.node).sends_old = able;
        derived(handle, store)
    }

    fn mapped<V2>(
        self,
        mapper: Arc<TableMapper<K, V, V2>>,
        materialized: Option<Materialized<K, V2>>,
        location: &'static Location<'static>,
    ) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        let (name, store) = self.derive("KTABLE-MAPVALUES-", materialized, location);
        let handle = self.handle.add_named(
            name,
            location,
            Arc::new(move |wirer, node| {
                let map = TableMapValues {
                    node,
                    mapper: Arc::clone(&mapper),
                    store: materialization(wirer, store),
                    send_old: wirer.topology.node(node).sends_old,
                    next: wirer.next(node),
                };
                wirer.register::<K, Change<V>, _>(node, map)
            }),
        );
        derived(handle, store)
    }

    /// Name and store of a table made from this one. Without a name no store comes of a `Materialized`, but it
    /// takes a number (reference section 19.1).
    fn derive<V2>(
        &self,
        prefix: &str,
        materialized: Option<Materialized<K, V2>>,
        location: &'static Location<'static>,
    ) -> (String, Option<StoreId>)
    where
        V2: Clone + Send + 'static,
    {
        let mut graph = self.handle.graph();
        let materialized = match materialized {
            Some(unnamed) if unnamed.name.is_none() => {
                graph.names.burn();
                None
            }
            other => other,
        };
        let name = graph.names.next(prefix);
        let store = materialized.map(|m| materialize::key_value(&mut graph, m, location));
        (name, store)
    }
}

fn derived<K, V>(handle: Handle, store: Option<StoreId>) -> KTable<K, V> {
    if let Some(store) = store {
        handle.connect(store);
        return KTable::stored(handle);
    }
    handle.graph().node_mut(handle.node).table = TableKind::Derived;
    KTable { handle, types: PhantomData }
}

fn materialization<K, V>(wirer: &Wirer<'_>, store: Option<StoreId>) -> Option<Materialization<K, V>>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    store.map(|store| Materialization {
        store: wirer.store::<KeyValueStore<K, V>>(store),
        cached: wirer.cached(store),
    })
}

/// Adds the node where a table begins, under the next number of `prefix`.
pub(crate) fn add_source<KI, VI, K, V>(
    input: &Handle,
    prefix: &str,
    materialized: Option<Materialized<K, V>>,
    location: &'static Location<'static>,
) -> KTable<K, V>
where
    KI: MaybeNull<K> + Send,
    VI: MaybeNull<V> + Send,
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    let name = input.graph().names.next(prefix);
    add_source_named::<KI, VI, K, V>(input, name, materialized, location)
}

/// Adds the node where a table begins, under this name.
pub(crate) fn add_source_named<KI, VI, K, V>(
    input: &Handle,
    name: String,
    materialized: Option<Materialized<K, V>>,
    location: &'static Location<'static>,
) -> KTable<K, V>
where
    KI: MaybeNull<K> + Send,
    VI: MaybeNull<V> + Send,
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    let store = materialized.map(|m| materialize::key_value(&mut input.graph(), m, location));
    let handle = input.add_named(
        name,
        location,
        Arc::new(move |wirer, node| {
            let source = TableSource::<KI, VI, K, V> {
                node,
                store: materialization(wirer, store),
                send_old: wirer.topology.node(node).sends_old,
                next: wirer.next(node),
                input: PhantomData,
            };
            wirer.register::<KI, VI, _>(node, source)
        }),
    );
    handle.set_key_changed(false);
    if let Some(store) = store {
        handle.connect(store);
        return KTable::stored(handle);
    }
    handle.graph().node_mut(handle.node).table = TableKind::Stateless;
    KTable { handle, types: PhantomData }
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
