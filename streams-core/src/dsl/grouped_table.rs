//! Grouped tables.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use crate::dsl::builder::wire_source;
use crate::dsl::handle::Handle;
use crate::dsl::ktable::materialization;
use crate::dsl::options::{Grouped, Materialized};
use crate::dsl::{KTable, Key, materialize};
use crate::ids::NodeId;
use crate::operators::Change;
use crate::operators::aggregate::{AggregateFold, Count, Fold, Reduce, Subtract, TableAggregate};
use crate::operators::sink::{Destination, Encoder, Sink};
use crate::operators::source::{Decoder, RecordTimestamp};
use crate::serde::{DefaultSerde, MaybeNull, changes};
use crate::topology::{Node, NodeKind, SourceTopics, TopicName, Wirer, boxed};

/// The rows of a table in groups: what aggregations that can also take rows out begin with.
#[must_use = "a grouping does nothing without an aggregation"]
pub struct KGroupedTable<K: 'static, V: 'static> {
    handle: Handle,
    grouped: Grouped<K, V>,
    /// The repartition that all aggregations of a named grouping share, once there is one.
    shared: Rc<RefCell<Option<Handle>>>,
}

impl<K: Key, V: Clone + Send + 'static> Clone for KGroupedTable<K, V> {
    fn clone(&self) -> Self {
        self.handle.allow_fan_out::<K, Change<V>>();
        KGroupedTable {
            handle: self.handle.clone(),
            grouped: self.grouped.clone(),
            shared: Rc::clone(&self.shared),
        }
    }
}

impl<K: Key, V: Send + 'static> KGroupedTable<K, V> {
    pub(crate) fn new(handle: Handle, grouped: Grouped<K, V>) -> Self {
        KGroupedTable { handle, grouped, shared: Rc::default() }
    }

    /// Number of rows per group. A group that has lost its last row is counted 0; it is not deleted.
    #[track_caller]
    pub fn count(self) -> KTable<K, i64> {
        let store = Materialized::with(Arc::clone(&self.grouped.key), i64::serde());
        self.count_with(store)
    }

    /// The same, kept as `materialized` says.
    #[track_caller]
    pub fn count_with(self, materialized: Materialized<K, i64>) -> KTable<K, i64> {
        let subtract = |_: &K, _, count: i64| Some(count - 1);
        self.fold(Arc::new(Count), Arc::new(subtract), AGGREGATE, materialized, Location::caller())
    }

    /// Folds the values of each group into one of the same type: `adder` adds a value, `subtractor` takes one out
    /// that was added before; the first is taken as it is. A function that returns `None` deletes.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const STOCK: Topic<String, i64> = Topic::new("stock");
    /// # const STOCK_PER_KIND: Topic<String, i64> = Topic::new("stock-per-kind");
    /// # let builder = StreamsBuilder::new();
    /// // Keys are kind and article, as in `shoe/42`.
    /// let kind = |article: &String| article.split('/').next().unwrap_or_default().to_owned();
    /// builder
    ///     .table(&STOCK)
    ///     .group_by(move |article, pieces| (kind(article), pieces))
    ///     .reduce(|sum, pieces| sum + pieces, |sum, pieces| sum - pieces)
    ///     .to_stream()
    ///     .to(&STOCK_PER_KIND);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn reduce<R, S>(
        self,
        adder: impl Fn(V, V) -> R + Send + Sync + 'static,
        subtractor: impl Fn(V, V) -> S + Send + Sync + 'static,
    ) -> KTable<K, V>
    where
        V: Clone,
        R: MaybeNull<V>,
        S: MaybeNull<V>,
    {
        let store = Materialized::with(Arc::clone(&self.grouped.key), Arc::clone(&self.grouped.value));
        self.reduce_with(adder, subtractor, store)
    }

    /// The same, kept as `materialized` says.
    #[track_caller]
    pub fn reduce_with<R, S>(
        self,
        adder: impl Fn(V, V) -> R + Send + Sync + 'static,
        subtractor: impl Fn(V, V) -> S + Send + Sync + 'static,
        materialized: Materialized<K, V>,
    ) -> KTable<K, V>
    where
        V: Clone,
        R: MaybeNull<V>,
        S: MaybeNull<V>,
    {
        let add = Arc::new(Reduce(adder, PhantomData));
        let subtract = move |_: &K, value, aggregate| subtractor(aggregate, value).into_option();
        self.fold(add, Arc::new(subtract), REDUCE, materialized, Location::caller())
    }

    /// Folds the values of each group into an aggregate of any type, beginning with that of `initializer`: `adder`
    /// adds a value, `subtractor` takes one out that was added before. A function that returns `None` deletes, and
    /// the next value begins afresh.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const SALARIES: Topic<String, f64> = Topic::new("salaries");
    /// # const COSTS: Topic<String, f64> = Topic::new("costs");
    /// # let builder = StreamsBuilder::new();
    /// // Keys are department and person, as in `sales/ann`.
    /// builder
    ///     .table(&SALARIES)
    ///     .group_by(|person, salary| Some((person.split_once('/')?.0.to_owned(), salary)))
    ///     .aggregate(|| 0.0, |_, salary, sum| sum + salary, |_, salary, sum| sum - salary)
    ///     .to_stream()
    ///     .to(&COSTS);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn aggregate<A, R, S>(
        self,
        initializer: impl Fn() -> A + Send + Sync + 'static,
        adder: impl Fn(&K, V, A) -> R + Send + Sync + 'static,
        subtractor: impl Fn(&K, V, A) -> S + Send + Sync + 'static,
    ) -> KTable<K, A>
    where
        A: DefaultSerde + Clone + Send,
        R: MaybeNull<A>,
        S: MaybeNull<A>,
    {
        let store = Materialized::with(Arc::clone(&self.grouped.key), A::serde());
        self.aggregate_with(initializer, adder, subtractor, store)
    }

    /// The same, kept as `materialized` says.
    #[track_caller]
    pub fn aggregate_with<A, R, S>(
        self,
        initializer: impl Fn() -> A + Send + Sync + 'static,
        adder: impl Fn(&K, V, A) -> R + Send + Sync + 'static,
        subtractor: impl Fn(&K, V, A) -> S + Send + Sync + 'static,
        materialized: Materialized<K, A>,
    ) -> KTable<K, A>
    where
        A: Clone + Send + 'static,
        R: MaybeNull<A>,
        S: MaybeNull<A>,
    {
        let add = Arc::new(AggregateFold { initializer, aggregator: adder, result: PhantomData });
        let subtract = move |key: &K, value, aggregate| subtractor(key, value, aggregate).into_option();
        self.fold(add, Arc::new(subtract), AGGREGATE, materialized, Location::caller())
    }

    fn fold<A>(
        self,
        add: Arc<dyn Fold<K, V, A>>,
        subtract: Arc<Subtract<K, V, A>>,
        prefix: &str,
        materialized: Materialized<K, A>,
        location: &'static Location<'static>,
    ) -> KTable<K, A>
    where
        A: Clone + Send + 'static,
    {
        let [store, sink, source, node] = {
            let names = &mut self.handle.graph().names;
            let store = materialized.name.clone().unwrap_or_else(|| names.next(STORE));
            [store, names.next("KSTREAM-SINK-"), names.next("KSTREAM-SOURCE-"), names.next(prefix)]
        };
        let (input, named_after) = self.repartitioned(&store, sink, source, location);
        let materialized = materialized.name(store);
        let output = Arc::clone(&materialized.value);
        let store = materialize::key_value(&mut input.graph(), materialized, location);
        let handle = input.add_named(
            node,
            location,
            Arc::new(move |wirer, node| {
                let aggregate = TableAggregate {
                    node,
                    add: Arc::clone(&add),
                    subtract: Arc::clone(&subtract),
                    store: materialization(wirer, node).expect("it was given a store just here"),
                    output: Arc::clone(&output),
                    old: wirer.old_values(node),
                    next: wirer.next(node),
                };
                wirer.register::<K, Change<V>, _>(node, aggregate)
            }),
        );
        handle.connect(store);
        handle.graph().node_mut(handle.node).named_after = named_after;
        KTable::stored(handle, store)
    }

    /// The changes of the groups behind their repartition, and which of its nodes are named after the aggregation:
    /// the first of a named grouping, whose topic the others share (rule R-5).
    fn repartitioned(
        &self,
        store: &str,
        sink: String,
        source: String,
        location: &'static Location<'static>,
    ) -> (Handle, Vec<(NodeId, &'static str)>) {
        if let Some(shared) = &*self.shared.borrow() {
            shared.allow_fan_out_as(&self.handle);
            return (shared.clone(), Vec::new());
        }
        let base = self.grouped.name.as_deref().unwrap_or(store);
        let topic = TopicName { name: format!("{base}-repartition"), internal: true };
        let (sink, source) = self.add_repartition(&topic, sink, source, location);
        if self.grouped.name.is_some() {
            *self.shared.borrow_mut() = Some(source.clone());
        }
        let named_after = vec![(sink.node, "-sink"), (source.node, "-source")];
        (source, named_after)
    }

    /// Sink, topic and source. Nothing that reaches them lacks a key, so there is no filter (rule R-4).
    fn add_repartition(
        &self,
        topic: &TopicName,
        sink: String,
        source: String,
        location: &'static Location<'static>,
    ) -> (Handle, Handle) {
        let (key, value) = (Arc::clone(&self.grouped.key), changes(Arc::clone(&self.grouped.value)));
        let encoder: Arc<ChangeEncoder<K, V>> = Arc::new(Encoder {
            destination: Destination::Topic(topic.name.as_str().into()),
            key: Arc::clone(&key),
            value: Arc::clone(&value),
            partitioner: None,
            key_suffix: 0,
            types: PhantomData,
        });
        let wire_sink = {
            let topic = topic.clone();
            move |wirer: &mut Wirer<'_>, node| {
                let topic = wirer.topic_number(&topic);
                boxed::<K, Change<V>>(Sink { node, encoder: Arc::clone(&encoder), topic: Some(topic) })
            }
        };
        let kind = NodeKind::Sink(Some(topic.clone()));
        let sink = self.handle.add_kind(sink, kind, location, Arc::new(wire_sink));
        let decoder = Arc::new(Decoder { key, value, extractor: Arc::new(RecordTimestamp) });
        let kind = NodeKind::Source(SourceTopics::Repartition { name: topic.name.clone(), partitions: None });
        let node = Node::new(source, kind, Vec::new(), location, wire_source(decoder));
        let node = self.handle.graph().add(node);
        (sink, self.handle.at(node))
    }
}

type ChangeEncoder<K, V> = Encoder<K, Change<V>, K, Change<V>>;

/// Prefixes of generated names.
const STORE: &str = "KTABLE-AGGREGATE-STATE-STORE-";
const AGGREGATE: &str = "KTABLE-AGGREGATE-";
const REDUCE: &str = "KTABLE-REDUCE-";
