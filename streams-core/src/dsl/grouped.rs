//! Streams grouped by key.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use crate::dsl::handle::Handle;
use crate::dsl::kstream::{RepartitionSpec, add_repartition};
use crate::dsl::ktable::materialization;
use crate::dsl::options::{Grouped, Materialized};
use crate::dsl::{KStream, KTable, TimeWindowedKStream, materialize};
use crate::operators::aggregate::{AggregateFold, Count, Fold, PlainAggregate, Reduce};
use crate::serde::{DefaultSerde, MaybeNull, SerdeRef};
use crate::windows::{GraceDecided, TimeWindows};

/// Types that can be the key of a group, a table or a join: never null.
///
/// Implemented for the common key types. For a type of your own: `impl Key for OrderId {}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a group, table or join: it may be null, or nothing says that it never is",
    label = "not known to be never null",
    note = "if the key is an `Option`, call `.require_key()` on the stream first: records without a key are dropped and counted",
    note = "if it is a type of your own that is never null, say so: `impl streams_core::Key for YourKey {{}}`"
)]
pub trait Key: Clone + Send + 'static {}

macro_rules! keys {
    ($($type:ty),*) => { $(impl Key for $type {})* };
}
keys!((), bool, i16, i32, i64, String, Vec<u8>);
impl<K: Key> Key for crate::windows::Windowed<K> {}

/// A stream grouped by its key: what aggregations begin with.
#[must_use = "a grouping does nothing without an aggregation"]
pub struct KGroupedStream<K: 'static, V: 'static> {
    pub(crate) handle: Handle,
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
    pub(crate) name: Option<String>,
    /// The repartition that all aggregations of a named grouping share, once there is one.
    shared: Rc<RefCell<Option<Handle>>>,
}

impl<K: Key, V: Clone + Send + 'static> Clone for KGroupedStream<K, V> {
    fn clone(&self) -> Self {
        self.handle.allow_fan_out::<K, V>();
        KGroupedStream {
            handle: self.handle.clone(),
            key: Arc::clone(&self.key),
            value: Arc::clone(&self.value),
            name: self.name.clone(),
            shared: Rc::clone(&self.shared),
        }
    }
}

impl<K: Key, V: Send + 'static> KGroupedStream<K, V> {
    pub(crate) fn new(stream: KStream<K, V>, grouped: Grouped<K, V>) -> Self {
        let Grouped { key, value, name, .. } = grouped;
        KGroupedStream { handle: stream.handle, key, value, name, shared: Rc::default() }
    }

    /// Divides each group into windows, whose grace period has to be decided.
    pub fn windowed_by(self, windows: impl GraceDecided<TimeWindows>) -> TimeWindowedKStream<K, V>
    where
        V: Clone,
    {
        TimeWindowedKStream::new(self, windows.decided())
    }

    /// Number of records per key. Null values are dropped and counted as such.
    ///
    /// ```
    /// use streams_core::{StreamsBuilder, Topic};
    ///
    /// const VISITS: Topic<String, String> = Topic::new("visits");
    /// const VISITS_PER_USER: Topic<String, i64> = Topic::new("visits-per-user");
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.stream(&VISITS).group_by_key().count().to_stream().to(&VISITS_PER_USER);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn count(self) -> KTable<K, i64> {
        let store = Materialized::with(Arc::clone(&self.key), i64::serde());
        self.fold(Arc::new(Count), AGGREGATE, store, Location::caller())
    }

    /// The same, kept as `materialized` says.
    #[track_caller]
    pub fn count_with(self, materialized: Materialized<K, i64>) -> KTable<K, i64> {
        if materialized.name.is_none() {
            // The JVM takes a number here that nothing is named by.
            self.handle.graph().names.burn();
        }
        self.fold(Arc::new(Count), AGGREGATE, materialized, Location::caller())
    }

    /// Folds the values of each key into one of the same type; the first is taken as it is. A reducer that returns
    /// `None` deletes.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const BIDS: Topic<String, i64> = Topic::new("bids");
    /// # const HIGHEST: Topic<String, i64> = Topic::new("highest");
    /// # let builder = StreamsBuilder::new();
    /// builder.stream(&BIDS).group_by_key().reduce(i64::max).to_stream().to(&HIGHEST);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn reduce<R>(self, reducer: impl Fn(V, V) -> R + Send + Sync + 'static) -> KTable<K, V>
    where
        V: Clone,
        R: MaybeNull<V>,
    {
        let store = Materialized::with(Arc::clone(&self.key), Arc::clone(&self.value));
        self.reduce_with(reducer, store)
    }

    /// The same, kept as `materialized` says.
    #[track_caller]
    pub fn reduce_with<R>(
        self,
        reducer: impl Fn(V, V) -> R + Send + Sync + 'static,
        materialized: Materialized<K, V>,
    ) -> KTable<K, V>
    where
        V: Clone,
        R: MaybeNull<V>,
    {
        self.fold(Arc::new(Reduce(reducer, PhantomData)), REDUCE, materialized, Location::caller())
    }

    /// Folds the values of each key into an aggregate of any type, beginning with that of `initializer`. An
    /// aggregator that returns `None` deletes, and the next value begins afresh.
    ///
    /// ```
    /// use streams_core::{StreamsBuilder, Topic};
    ///
    /// const PAYMENTS: Topic<String, i64> = Topic::new("payments");
    /// const BALANCES: Topic<String, i64> = Topic::new("balances");
    ///
    /// let builder = StreamsBuilder::new();
    /// builder
    ///     .stream(&PAYMENTS)
    ///     .group_by_key()
    ///     .aggregate(|| 0, |_account, amount, balance| balance + amount)
    ///     .to_stream()
    ///     .to(&BALANCES);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn aggregate<A, R>(
        self,
        initializer: impl Fn() -> A + Send + Sync + 'static,
        aggregator: impl Fn(&K, V, A) -> R + Send + Sync + 'static,
    ) -> KTable<K, A>
    where
        A: DefaultSerde + Clone + Send,
        R: MaybeNull<A>,
    {
        let store = Materialized::with(Arc::clone(&self.key), A::serde());
        self.aggregate_with(initializer, aggregator, store)
    }

    /// The same, kept as `materialized` says.
    #[track_caller]
    pub fn aggregate_with<A, R>(
        self,
        initializer: impl Fn() -> A + Send + Sync + 'static,
        aggregator: impl Fn(&K, V, A) -> R + Send + Sync + 'static,
        materialized: Materialized<K, A>,
    ) -> KTable<K, A>
    where
        A: Clone + Send + 'static,
        R: MaybeNull<A>,
    {
        let fold = AggregateFold { initializer, aggregator, result: PhantomData };
        self.fold(Arc::new(fold), AGGREGATE, materialized, Location::caller())
    }

    fn fold<A>(
        self,
        fold: Arc<dyn Fold<K, V, A>>,
        prefixes: Prefixes,
        materialized: Materialized<K, A>,
        location: &'static Location<'static>,
    ) -> KTable<K, A>
    where
        A: Clone + Send + 'static,
    {
        let named = self.name_parts(prefixes, materialized);
        let input = self.repartitioned(&named.store, location);
        let output = Arc::clone(&named.materialized.value);
        let store = materialize::key_value(&mut input.graph(), named.materialized, location);
        let value_serde = Arc::clone(&self.value);
        let handle = input.add_named(
            named.node,
            location,
            Arc::new(move |wirer, node| {
                let aggregate = PlainAggregate {
                    node,
                    fold: Arc::clone(&fold),
                    store: materialization(wirer, node).expect("it was given a store just here"),
                    input: Arc::clone(&value_serde),
                    output: Arc::clone(&output),
                    old: wirer.old_values(node),
                    next: wirer.next(node),
                };
                wirer.register::<K, V, _>(node, aggregate)
            }),
        );
        handle.connect(store);
        KTable::stored(handle, store)
    }

    /// Names of store and node, taking the JVM's numbers.
    pub(crate) fn name_parts<A>(&self, prefixes: Prefixes, materialized: Materialized<K, A>) -> Parts<K, A> {
        let names = &mut self.handle.graph().names;
        let store = materialized.name.clone().unwrap_or_else(|| names.next(prefixes.store));
        let node = names.next(prefixes.node);
        Parts { node, materialized: materialized.name(store.clone()), store }
    }

    /// The input of an aggregation: behind a repartition if the key was changed. Aggregations of a named grouping
    /// share one (rule R-5).
    pub(crate) fn repartitioned(&self, store: &str, location: &'static Location<'static>) -> Handle {
        if !self.handle.key_changed() {
            return self.handle.clone();
        }
        if let Some(shared) = &*self.shared.borrow() {
            shared.allow_fan_out_as(&self.handle);
            // The JVM takes the numbers of the nodes it then does not make.
            let mut graph = self.handle.graph();
            (0..3).for_each(|_| graph.names.burn());
            return shared.clone();
        }
        let spec = RepartitionSpec {
            base: self.name.clone().unwrap_or_else(|| store.to_owned()),
            key: Arc::clone(&self.key),
            value: Arc::clone(&self.value),
            partitions: None,
            partitioner: None,
        };
        let source = add_repartition(&self.handle, spec, location);
        if self.name.is_some() {
            *self.shared.borrow_mut() = Some(source.clone());
        }
        source
    }
}

/// Prefixes of generated names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prefixes {
    pub(crate) store: &'static str,
    pub(crate) node: &'static str,
}

pub(crate) const AGGREGATE: Prefixes =
    Prefixes { store: "KSTREAM-AGGREGATE-STATE-STORE-", node: "KSTREAM-AGGREGATE-" };
pub(crate) const REDUCE: Prefixes =
    Prefixes { store: "KSTREAM-REDUCE-STATE-STORE-", node: "KSTREAM-REDUCE-" };

/// Names of an aggregation.
pub(crate) struct Parts<K: 'static, A: 'static> {
    pub(crate) store: String,
    pub(crate) node: String,
    pub(crate) materialized: Materialized<K, A>,
}
