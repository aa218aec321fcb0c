//! Joins of a stream with a table.

use std::panic::Location;
use std::sync::Arc;

use crate::dsl::co_locate::{JoinSide, co_located};
use crate::dsl::options::Joined;
use crate::dsl::{KStream, KTable, Key};
use crate::operators::JoinKey;
use crate::operators::table::{StreamTableJoin, StreamTableJoiner, View};
use crate::serde::DefaultSerde;
use crate::topology::{WireFn, boxed};

impl<K: Send + 'static, V: Send + 'static> KStream<K, V> {
    /// Joins each record with the row that the table has of its key when the record is processed; records without a
    /// row are left out. Changes of the table put nothing out. Results have the time and headers of the stream's
    /// record; its value moves into the joiner, the table's is lent. A null value is dropped and counted.
    ///
    /// The stream is repartitioned first if its key was changed; otherwise both topics need the same number of
    /// partitions, or the application does not start.
    ///
    /// ```
    /// use streams_core::{StreamsBuilder, Topic, testing::TestDriver};
    ///
    /// const PRICES: Topic<String, i64> = Topic::new("prices");
    /// const ORDERS: Topic<String, i64> = Topic::new("orders");
    /// const BILLS: Topic<String, i64> = Topic::new("bills");
    ///
    /// let builder = StreamsBuilder::new();
    /// let prices = builder.table(&PRICES);
    /// builder.stream(&ORDERS).join_table(prices, |pieces, price| pieces * price).to(&BILLS);
    ///
    /// let mut driver = TestDriver::new(&builder.build()?)?;
    /// driver.pipe(&PRICES, "apple".to_owned(), 3, 1)?;
    /// driver.pipe(&ORDERS, "apple".to_owned(), 5, 2)?;
    /// driver.pipe(&ORDERS, "pear".to_owned(), 5, 3)?;
    /// let bills = driver.read(&BILLS)?;
    /// assert_eq!((bills.len(), bills[0].value, bills[0].timestamp), (1, 15, 2));
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    #[track_caller]
    pub fn join_table<VT, R>(
        self,
        table: KTable<K, VT>,
        joiner: impl Fn(V, &VT) -> R + Send + Sync + 'static,
    ) -> KStream<K, R>
    where
        K: Key + DefaultSerde,
        V: DefaultSerde,
        VT: Clone + Send + 'static,
        R: Send + 'static,
    {
        self.join_table_with(table, joiner, Joined::new())
    }

    /// The same, with these serdes and name.
    #[track_caller]
    pub fn join_table_with<VT, R>(
        self,
        table: KTable<K, VT>,
        joiner: impl Fn(V, &VT) -> R + Send + Sync + 'static,
        joined: Joined<K, V>,
    ) -> KStream<K, R>
    where
        K: Key,
        VT: Clone + Send + 'static,
        R: Send + 'static,
    {
        let joiner = move |_: &K, value, row: Option<&VT>| row.map(|row| joiner(value, row));
        self.joined_with_table(table, Arc::new(joiner), joined, INNER, Location::caller())
    }

    /// [`join_table`](Self::join_table) with a joiner that sees the key.
    #[track_caller]
    pub fn join_table_with_key<VT, R>(
        self,
        table: KTable<K, VT>,
        joiner: impl Fn(&K, V, &VT) -> R + Send + Sync + 'static,
    ) -> KStream<K, R>
    where
        K: Key + DefaultSerde,
        V: DefaultSerde,
        VT: Clone + Send + 'static,
        R: Send + 'static,
    {
        let joiner = move |key: &K, value, row: Option<&VT>| row.map(|row| joiner(key, value, row));
        self.joined_with_table(table, Arc::new(joiner), Joined::new(), INNER, Location::caller())
    }
}

impl<K: JoinKey, V: Send + 'static> KStream<K, V> {
    /// Joins each record with the row that the table has of its key when the record is processed, or with `None` if
    /// it has none. Otherwise as [`join_table`](Self::join_table), but the stream's keys may be `Option`s: a record
    /// without a key has no row.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const CLICKS: Topic<Option<String>, String> = Topic::new("clicks");
    /// # const NAMES: Topic<String, String> = Topic::new("names");
    /// # const OUT: Topic<Option<String>, String> = Topic::new("out");
    /// # let builder = StreamsBuilder::new();
    /// let names = builder.table(&NAMES);
    /// builder
    ///     .stream(&CLICKS)
    ///     .left_join_table(names, |page, name| match name {
    ///         Some(name) => format!("{name} was on {page}"),
    ///         None => format!("somebody was on {page}"),
    ///     })
    ///     .to(&OUT);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn left_join_table<VT, R>(
        self,
        table: KTable<K::Key, VT>,
        joiner: impl Fn(V, Option<&VT>) -> R + Send + Sync + 'static,
    ) -> KStream<K, R>
    where
        K: DefaultSerde,
        V: DefaultSerde,
        VT: Clone + Send + 'static,
        R: Send + 'static,
    {
        self.left_join_table_with(table, joiner, Joined::new())
    }

    /// The same, with these serdes and name.
    #[track_caller]
    pub fn left_join_table_with<VT, R>(
        self,
        table: KTable<K::Key, VT>,
        joiner: impl Fn(V, Option<&VT>) -> R + Send + Sync + 'static,
        joined: Joined<K, V>,
    ) -> KStream<K, R>
    where
        VT: Clone + Send + 'static,
        R: Send + 'static,
    {
        let joiner = move |_: &K, value, row: Option<&VT>| Some(joiner(value, row));
        self.joined_with_table(table, Arc::new(joiner), joined, LEFT, Location::caller())
    }

    /// [`left_join_table`](Self::left_join_table) with a joiner that sees the stream's key.
    #[track_caller]
    pub fn left_join_table_with_key<VT, R>(
        self,
        table: KTable<K::Key, VT>,
        joiner: impl Fn(&K, V, Option<&VT>) -> R + Send + Sync + 'static,
    ) -> KStream<K, R>
    where
        K: DefaultSerde,
        V: DefaultSerde,
        VT: Clone + Send + 'static,
        R: Send + 'static,
    {
        let joiner = move |key: &K, value, row: Option<&VT>| Some(joiner(key, value, row));
        self.joined_with_table(table, Arc::new(joiner), Joined::new(), LEFT, Location::caller())
    }

    fn joined_with_table<VT, R>(
        self,
        table: KTable<K::Key, VT>,
        joiner: Arc<StreamTableJoiner<K, V, VT, R>>,
        joined: Joined<K, V>,
        prefix: &str,
        location: &'static Location<'static>,
    ) -> KStream<K, R>
    where
        VT: Clone + Send + 'static,
        R: Send + 'static,
    {
        let verb = if prefix == LEFT { "left_join_table" } else { "join_table" };
        let table = table.handle;
        // With a mistake on record nothing of this is ever wired.
        let rows =
            if self.handle.same_builder(&table, verb, location) { table.node } else { self.handle.node };
        let Joined { key, value, name } = joined;
        let values = Arc::clone(&value);
        let side = JoinSide::Only;
        let stream = co_located(&self.handle, name.as_deref(), side, key, value, location);
        let generated = stream.graph().names.next(prefix);
        let node = name.unwrap_or(generated);
        let wire: Arc<WireFn> = Arc::new(move |wirer, node| {
            boxed::<K, V>(StreamTableJoin {
                node,
                table: wirer.lookup::<K::Key, VT>(rows, View::Current),
                key: K::key,
                joiner: Arc::clone(&joiner),
                value: Arc::clone(&values),
                next: wirer.next::<K, R>(node),
            })
        });
        let join = stream.add_named(node, location, wire);
        let stores = join.graph().stores_behind(rows);
        stores.into_iter().for_each(|store| join.connect(store));
        {
            let mut graph = join.graph();
            graph.node_mut(join.node).tolerates_null_keys = prefix == LEFT;
            graph.co_partition(join.node, &[stream.node, rows]);
        }
        join.set_key_changed(false);
        KStream::new(join)
    }
}

/// Prefixes of generated names.
const INNER: &str = "KSTREAM-JOIN-";
const LEFT: &str = "KSTREAM-LEFTJOIN-";
