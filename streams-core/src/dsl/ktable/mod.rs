//! Tables.

mod derive;
mod group;
mod join;
mod source;
mod transform;

pub(crate) use source::{Kept, SomeExtractor, add_source};

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::dsl::handle::{Handle, wire_stage};
use crate::dsl::options::Materialized;
use crate::dsl::{KStream, materialize};
use crate::ids::{NodeId, StoreId};
use crate::operators::Change;
use crate::operators::stage::{SelectKey, Stage};
use crate::operators::table::{Materialization, ToStream};
use crate::state::KeyValueStore;
use crate::topic::Store;
use crate::topology::{LookupFn, OldValues, Table, Wirer, lookup_in_store};

/// A table: the latest value of each key, and the stream of its changes. Tombstones are its own business: a value
/// is never null.
///
/// Verbs take the handle; clone it to use a table twice. A table is kept in a store where a [`Materialized`] with a
/// name says so, and where something needs it: a join, a grouping.
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
    /// The output of a node that is this table.
    pub(crate) fn new(handle: Handle, table: Table) -> Self {
        handle.graph().node_mut(handle.node).table = Some(table);
        KTable { handle, types: PhantomData }
    }

    /// Names the node this handle stands for, and those that belong to it: the source of a table of a topic is named
    /// `<name>-source`, the sides of a join of tables are named `<name>-join-this` and `<name>-join-other`, the
    /// repartition of a grouped table `<name>-sink` and `<name>-source`.
    pub fn named(self, name: impl Into<String>) -> Self {
        let name = name.into();
        let others = self.handle.graph().node(self.handle.node).named_after.clone();
        for (node, suffix) in others {
            self.handle.at(node).rename(&format!("{name}{suffix}"));
        }
        self.handle.rename(&name);
        self
    }

    /// Connects the transformer that this handle stands for to a store, which must have been added to the builder, or
    /// `build` reports it.
    #[track_caller]
    pub fn with_store<SK, SV>(self, store: &Store<SK, SV>) -> Self {
        self.handle.use_store(store.name(), "transform_values", Location::caller());
        self
    }
}

impl<K, V> KTable<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// A table that is kept in a key-value store.
    pub(crate) fn stored(handle: Handle, store: StoreId) -> Self {
        let table = Table {
            inputs: Vec::new(),
            store: Some(store),
            on_demand: None,
            old: OldValues::None,
            lookup: lookup_in_store::<K, V>(),
        };
        KTable::new(handle, table)
    }

    /// The stream of the table's changes: `None` for a deleted row.
    #[track_caller]
    pub fn to_stream(self) -> KStream<K, Option<V>> {
        let stage: Arc<dyn Stage<K, Change<V>, K, Option<V>>> = Arc::new(ToStream);
        KStream::new(self.handle.add("KTABLE-TOSTREAM-", Location::caller(), wire_stage(stage)))
    }

    /// The stream of the table's changes under another key, which marks the key as changed: [`to_stream`] and
    /// [`select_key`](KStream::select_key) in one (Kafka's `toStream` with a mapper).
    ///
    /// [`to_stream`]: Self::to_stream
    #[track_caller]
    pub fn to_stream_with_new_key<K2>(
        self,
        selector: impl Fn(&K, Option<&V>) -> K2 + Send + Sync + 'static,
    ) -> KStream<K2, Option<V>>
    where
        K2: Send + 'static,
    {
        let location = Location::caller();
        let stage: Arc<dyn Stage<K, Change<V>, K, Option<V>>> = Arc::new(ToStream);
        let stream = self.handle.add("KTABLE-TOSTREAM-", location, wire_stage(stage));
        let select = SelectKey(move |key: &K, value: &Option<V>| selector(key, value.as_ref()));
        let stage: Arc<dyn Stage<K, Option<V>, K2, Option<V>>> = Arc::new(select);
        let rekeyed = stream.add("KSTREAM-KEY-SELECT-", location, wire_stage(stage));
        rekeyed.set_key_changed(true);
        KStream::new(rekeyed)
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

/// A table made of other ones; `lookup` finds its rows where it has no store.
fn derived<K, V>(
    handle: Handle,
    inputs: &[&Handle],
    store: Option<StoreId>,
    lookup: Arc<LookupFn>,
) -> KTable<K, V> {
    if let Some(store) = store {
        handle.connect(store);
    }
    let inputs = inputs.iter().map(|input| input.node).collect();
    KTable::new(handle, Table { inputs, store, on_demand: None, old: OldValues::None, lookup })
}

/// The store of table `node`.
pub(crate) fn materialization<K, V>(wirer: &Wirer<'_>, node: NodeId) -> Option<Materialization<K, V>>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    wirer.table_store(node).map(|store| Materialization {
        store: wirer.store::<KeyValueStore<K, V>>(store),
        held_back: wirer.holds_back(node, store),
        send_old: wirer.old_values(node).are_sent(),
    })
}
