//! Verbs about keys and nulls.

use std::panic::Location;
use std::sync::Arc;

use crate::dsl::handle::wire_stage;
use crate::dsl::kstream::Wires;
use crate::dsl::ktable::Kept;
use crate::dsl::{KStream, KTable, Key, Materialized, ktable};
use crate::operators::DropReason;
use crate::operators::stage::{Driver, RequireKey, RequireValue, SelectKey, Stage};
use crate::schema::Keyed;
use crate::serde::{DefaultSerde, MaybeNull, SerdeRef, optional};
use crate::topology::{RepartitionWires, Required, WireFn, boxed};

impl<K: Send + 'static, V: Send + 'static> KStream<K, V> {
    /// Gives each record another key. Marks the key as changed: aggregations, tables and joins that follow
    /// repartition first.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const EVENTS: Topic<Option<String>, String> = Topic::new("events");
    /// # const BY_TEXT: Topic<String, String> = Topic::new("by-text");
    /// # let builder = StreamsBuilder::new();
    /// builder.stream(&EVENTS).select_key(|_key, text| text.clone()).to(&BY_TEXT);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn select_key<K2>(self, selector: impl Fn(&K, &V) -> K2 + Send + Sync + 'static) -> KStream<K2, V>
    where
        K2: Send + 'static,
    {
        self.rekeying("KSTREAM-KEY-SELECT-", Location::caller(), SelectKey(selector))
    }

    /// Makes the field of the value that is its key (`#[record(key)]`) the key of the record. Like
    /// [`select_key`](Self::select_key) in everything else.
    ///
    /// ```
    /// # use streams_core::{Record, StreamsBuilder, Topic};
    /// #[derive(Record)]
    /// struct Order {
    ///     #[record(key)]
    ///     customer: String,
    ///     cents: i64,
    /// }
    ///
    /// const ORDERS: Topic<Option<String>, Order> = Topic::new("orders");
    /// const BY_CUSTOMER: Topic<String, Order> = Topic::new("orders-by-customer");
    /// # let builder = StreamsBuilder::new();
    /// builder.stream(&ORDERS).keyed().to(&BY_CUSTOMER);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn keyed<K2>(self) -> KStream<K2, V>
    where
        V: Keyed<Key = K2>,
        K2: Send + 'static,
    {
        self.select_key(|_key, value| value.key())
    }

    /// The latest value of each key as a table. Values that are `Option`s may delete: `to_table::<V>()` says which
    /// of the two readings of a `KStream<K, Option<V>>` is meant. Repartitions first if the key was changed. The
    /// table is kept in a store only where something needs it.
    #[track_caller]
    pub fn to_table<R>(self) -> KTable<K, R>
    where
        K: Key + DefaultSerde,
        V: MaybeNull<R> + DefaultSerde,
        R: DefaultSerde + Clone + Send,
    {
        let store = Materialized::with(K::serde(), R::serde());
        self.into_table(K::serde(), V::serde(), store, Location::caller())
    }

    /// The same, kept in a store as `materialized` says.
    #[track_caller]
    pub fn to_table_with<R>(self, materialized: Materialized<K, R>) -> KTable<K, R>
    where
        K: Key + DefaultSerde,
        V: MaybeNull<R> + DefaultSerde,
        R: Clone + Send + 'static,
    {
        self.into_table(K::serde(), V::serde(), materialized, Location::caller())
    }

    #[track_caller]
    fn into_table<R>(
        self,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
        materialized: Materialized<K, R>,
        location: &'static Location<'static>,
    ) -> KTable<K, R>
    where
        K: Key,
        V: MaybeNull<R>,
        R: Clone + Send + 'static,
    {
        let mut graph = self.handle.graph();
        let name = graph.names.next("KSTREAM-TOTABLE-");
        let kept = match materialized.name {
            Some(_) => Kept::Always(materialized),
            // The number is taken also where no store comes of it.
            None => {
                let store = graph.names.next("KSTREAM-TOTABLE-STATE-STORE-");
                Kept::OnDemand(materialized.name(store))
            }
        };
        drop(graph);
        let input = self.repartitioned_if_changed(&name, key, value, location);
        ktable::add_source::<K, V, K, R>(&input.handle, name, kept, location)
    }
}

impl<K: Send + 'static, V: Send + 'static> KStream<Option<K>, V> {
    /// Drops and counts the records without a key. Belongs to the node before it: it takes no name and no number.
    #[track_caller]
    pub fn require_key(self) -> KStream<K, V> {
        let wire: Arc<WireFn> = Arc::new(|wirer, node| {
            // Behind a key change the JVM drops them at the repartition, uncounted; the reason tells the two apart.
            let changed = wirer.topology.node(node).key_changed;
            let reason = if changed { DropReason::NullKeyAtRepartition } else { DropReason::NullKey };
            let next = wirer.next::<K, V>(node);
            boxed::<Option<K>, V>(Driver { node, stage: Arc::new(RequireKey(reason)), next })
        });
        let lift = |wires: &dyn RepartitionWires| {
            let Wires { key, value } = wires.as_any().downcast_ref::<Wires<K, V>>()?;
            let wires = Wires { key: optional(Arc::clone(key)), value: Arc::clone(value) };
            Some(Arc::new(wires) as Arc<dyn RepartitionWires>)
        };
        KStream::new(self.handle.add_hidden(Required::Key, Location::caller(), wire, Arc::new(lift)))
    }
}

impl<K: Send + 'static, V: Send + 'static> KStream<K, Option<V>> {
    /// Drops and counts the records without a value. Belongs to the node before it: it takes no name and no number.
    #[track_caller]
    pub fn require_value(self) -> KStream<K, V> {
        let stage: Arc<dyn Stage<K, Option<V>, K, V>> = Arc::new(RequireValue);
        let lift = |wires: &dyn RepartitionWires| {
            let Wires { key, value } = wires.as_any().downcast_ref::<Wires<K, V>>()?;
            let wires = Wires { key: Arc::clone(key), value: optional(Arc::clone(value)) };
            Some(Arc::new(wires) as Arc<dyn RepartitionWires>)
        };
        let wire = wire_stage(stage);
        KStream::new(self.handle.add_hidden(Required::Value, Location::caller(), wire, Arc::new(lift)))
    }
}
