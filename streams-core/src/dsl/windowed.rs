//! Grouped streams divided into time windows.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::dsl::grouped::{AGGREGATE, KGroupedStream, Key, Prefixes, REDUCE};
use crate::dsl::options::Materialized;
use crate::dsl::{KTable, materialize};
use crate::operators::aggregate::{AggregateFold, Count, Emit, Fold, Reduce, WindowedAggregate};
use crate::operators::table::{Lookup, View, WindowRows};
use crate::serde::{DefaultSerde, MaybeNull};
use crate::state::WindowStore;
use crate::time::{StreamTime, UNKNOWN};
use crate::topology::{LookupFn, OldValues, Table, place};
use crate::windows::{TimeWindows, Windowed};

/// When the results of windows are forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmitStrategy {
    /// With every change, or with every commit (Kafka's `onWindowUpdate`).
    #[default]
    OnWindowUpdate,
    /// Once, when a window is closed: stream time has passed its end and grace period (Kafka's `onWindowClose`).
    OnWindowClose,
}

/// A grouped stream divided into windows: each record is aggregated in every window its time lies in. Records for
/// windows that are closed are dropped, counted as late once per window. Null values are aggregated.
#[must_use = "windows do nothing without an aggregation"]
pub struct TimeWindowedKStream<K: 'static, V: 'static> {
    grouped: KGroupedStream<K, V>,
    windows: TimeWindows,
    emit: EmitStrategy,
}

impl<K: Key, V: Clone + Send + 'static> TimeWindowedKStream<K, V> {
    pub(crate) fn new(grouped: KGroupedStream<K, V>, windows: TimeWindows) -> Self {
        TimeWindowedKStream { grouped, windows, emit: EmitStrategy::default() }
    }

    /// Says when results are forwarded.
    pub fn emit_strategy(mut self, emit: EmitStrategy) -> Self {
        self.emit = emit;
        self
    }

    /// Number of records per key and window.
    ///
    /// ```
    /// use std::time::Duration;
    /// use streams_core::{StreamsBuilder, Topic};
    /// use streams_core::windows::{TimeWindows, Windowed};
    ///
    /// const CLICKS: Topic<String, String> = Topic::new("clicks");
    /// let builder = StreamsBuilder::new();
    /// let per_minute = builder
    ///     .stream(&CLICKS)
    ///     .group_by_key()
    ///     .windowed_by(TimeWindows::tumbling(Duration::from_secs(60)).grace(Duration::from_secs(5)))
    ///     .count();
    /// per_minute.to_stream().for_each(|key: &Windowed<String>, count| { let _ = (key, count); });
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn count(self) -> KTable<Windowed<K>, i64> {
        let store = Materialized::with(Arc::clone(&self.grouped.key), i64::serde());
        self.fold(Arc::new(Count), AGGREGATE, store, Location::caller())
    }

    /// The same, kept as `materialized` says.
    #[track_caller]
    pub fn count_with(self, materialized: Materialized<K, i64>) -> KTable<Windowed<K>, i64> {
        if materialized.name.is_none() {
            self.grouped.handle.graph().names.burn();
        }
        self.fold(Arc::new(Count), AGGREGATE, materialized, Location::caller())
    }

    /// Folds the values of each key and window into one of the same type; the first is taken as it is. A reducer
    /// that returns `None` deletes.
    #[track_caller]
    pub fn reduce<R>(self, reducer: impl Fn(V, V) -> R + Send + Sync + 'static) -> KTable<Windowed<K>, V>
    where
        R: MaybeNull<V>,
    {
        let store = Materialized::with(Arc::clone(&self.grouped.key), Arc::clone(&self.grouped.value));
        self.reduce_with(reducer, store)
    }

    /// The same, kept as `materialized` says.
    #[track_caller]
    pub fn reduce_with<R>(
        self,
        reducer: impl Fn(V, V) -> R + Send + Sync + 'static,
        materialized: Materialized<K, V>,
    ) -> KTable<Windowed<K>, V>
    where
        R: MaybeNull<V>,
    {
        self.fold(Arc::new(Reduce(reducer, PhantomData)), REDUCE, materialized, Location::caller())
    }

    /// Folds the values of each key and window into an aggregate of any type, beginning with that of `initializer`.
    /// An aggregator that returns `None` deletes, and the next value begins afresh.
    #[track_caller]
    pub fn aggregate<A, R>(
        self,
        initializer: impl Fn() -> A + Send + Sync + 'static,
        aggregator: impl Fn(&K, V, A) -> R + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A>
    where
        A: DefaultSerde + Clone + Send,
        R: MaybeNull<A>,
    {
        let store = Materialized::with(Arc::clone(&self.grouped.key), A::serde());
        self.aggregate_with(initializer, aggregator, store)
    }

    /// The same, kept as `materialized` says.
    #[track_caller]
    pub fn aggregate_with<A, R>(
        self,
        initializer: impl Fn() -> A + Send + Sync + 'static,
        aggregator: impl Fn(&K, V, A) -> R + Send + Sync + 'static,
        materialized: Materialized<K, A>,
    ) -> KTable<Windowed<K>, A>
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
    ) -> KTable<Windowed<K>, A>
    where
        A: Clone + Send + 'static,
    {
        let TimeWindowedKStream { grouped, windows, emit } = self;
        if let Some(mistake) = windows.mistake() {
            grouped.handle.graph().mistakes.add(format!("the windows at {}: {mistake}", place(location)));
        }
        let on_close = emit == EmitStrategy::OnWindowClose;
        let named = grouped.name_parts(prefixes, materialized);
        let input = grouped.repartitioned(&named.store, location);
        let output = Arc::clone(&named.materialized.value);
        let store =
            materialize::windowed(&mut input.graph(), named.materialized, &windows, on_close, location);
        let store_name = named.store;
        let handle = input.add_named(
            named.node,
            location,
            Arc::new(move |wirer, node| {
                let emit = match (on_close, wirer.cached(store)) {
                    (true, _) => Emit::Close,
                    (false, true) => Emit::Commit,
                    (false, false) => Emit::Update,
                };
                let handle = wirer.store::<WindowStore<K, A>>(store);
                if on_close {
                    // Nothing is emitted yet, so nothing may expire.
                    handle.keep_from(0);
                }
                let aggregate = WindowedAggregate {
                    node,
                    name: store_name.clone(),
                    windows,
                    fold: Arc::clone(&fold),
                    store: handle,
                    output: Arc::clone(&output),
                    emit,
                    old: wirer.old_values(node),
                    clock: StreamTime::unknown(),
                    emitted: UNKNOWN,
                    next: wirer.next(node),
                };
                wirer.register::<K, V, _>(node, aggregate)
            }),
        );
        handle.connect(store);
        {
            let mut graph = handle.graph();
            let facts = &mut graph.node_mut(handle.node).facts;
            (facts.windows, facts.on_close) = (Some(windows), on_close);
        }
        let lookup: Arc<LookupFn> = Arc::new(move |wirer, _, view| {
            let forwarded = view == View::Forwarded && wirer.cached(store);
            let rows = WindowRows { store: wirer.store::<WindowStore<K, A>>(store), forwarded };
            Box::new(Lookup::<Windowed<K>, A>::Computed(Box::new(rows)))
        });
        let table =
            Table { inputs: Vec::new(), store: Some(store), on_demand: None, old: OldValues::None, lookup };
        KTable::new(handle, table)
    }
}
