//! Joins with another stream.

use std::panic::Location;
use std::sync::Arc;

use crate::dsl::options::StreamJoined;
use crate::dsl::stream_join::add_stream_join;
use crate::dsl::{KStream, Key};
use crate::operators::JoinKey;
use crate::operators::join::stream_stream::{Inner, JoinKind, Left, Outer};
use crate::serde::DefaultSerde;
use crate::windows::{GraceDecided, JoinWindows};

impl<K, V> KStream<K, V>
where
    K: Send + 'static,
    V: Clone + Send + 'static,
{
    /// Joins each record with every record of `other` that has its key and is near enough in time. A pair comes out
    /// when the later of the two arrives, with the greater of their times and the headers of the one that completed
    /// it. Both sides are kept in stores while partners may come. A table is joined by
    /// [`join_table`](KStream::join_table).
    ///
    /// Late records are not dropped: they join what the other side's store still has. Null keys are excluded by the
    /// types; values that are null by their serde are dropped and counted (call
    /// [`require_value`](KStream::require_value) first, so that the joiner sees the type inside). Sides whose key was
    /// changed are repartitioned first.
    ///
    /// ```
    /// use std::time::Duration;
    /// use streams_core::testing::TestDriver;
    /// use streams_core::windows::JoinWindows;
    /// use streams_core::{StreamsBuilder, Topic};
    ///
    /// const VIEWS: Topic<String, String> = Topic::new("views");
    /// const CLICKS: Topic<String, String> = Topic::new("clicks");
    /// const BOTH: Topic<String, String> = Topic::new("both");
    ///
    /// let builder = StreamsBuilder::new();
    /// let minute = JoinWindows::of(Duration::from_secs(60)).no_grace();
    /// let clicks = builder.stream(&CLICKS);
    /// builder.stream(&VIEWS).join(clicks, minute, |view, click| format!("{view} {click}")).to(&BOTH);
    ///
    /// let mut driver = TestDriver::new(&builder.build()?)?;
    /// driver.pipe(&VIEWS, "ann".to_owned(), "shoes".to_owned(), 0)?;
    /// driver.pipe(&CLICKS, "ann".to_owned(), "buy".to_owned(), 60_000)?;
    /// driver.pipe(&CLICKS, "ann".to_owned(), "too late".to_owned(), 60_001)?;
    /// let found = driver.read(&BOTH)?;
    /// assert_eq!((found.len(), &*found[0].value, found[0].timestamp), (1, "shoes buy", 60_000));
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    #[track_caller]
    pub fn join<V2, R>(
        self,
        other: KStream<K, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(&V, &V2) -> R + Send + Sync + 'static,
    ) -> KStream<K, R>
    where
        K: Key + DefaultSerde,
        V: DefaultSerde,
        V2: DefaultSerde + Clone + Send,
        R: Send + 'static,
    {
        self.join_with(other, windows, joiner, StreamJoined::new())
    }

    /// The same, with these serdes, names and stores.
    #[track_caller]
    pub fn join_with<V2, R>(
        self,
        other: KStream<K, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(&V, &V2) -> R + Send + Sync + 'static,
        options: StreamJoined<K, V, V2>,
    ) -> KStream<K, R>
    where
        K: Key,
        V2: Clone + Send + 'static,
        R: Send + 'static,
    {
        self.join_with_key_with(other, windows, move |_: &K, left, right| joiner(left, right), options)
    }

    /// [`join`](KStream::join), seeing the key.
    #[track_caller]
    pub fn join_with_key<V2, R>(
        self,
        other: KStream<K, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(&K, &V, &V2) -> R + Send + Sync + 'static,
    ) -> KStream<K, R>
    where
        K: Key + DefaultSerde,
        V: DefaultSerde,
        V2: DefaultSerde + Clone + Send,
        R: Send + 'static,
    {
        self.join_with_key_with(other, windows, joiner, StreamJoined::new())
    }

    /// The same, with these serdes, names and stores.
    #[track_caller]
    pub fn join_with_key_with<V2, R>(
        self,
        other: KStream<K, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(&K, &V, &V2) -> R + Send + Sync + 'static,
        options: StreamJoined<K, V, V2>,
    ) -> KStream<K, R>
    where
        K: Key,
        V2: Clone + Send + 'static,
        R: Send + 'static,
    {
        let joiner = Arc::new(Inner(joiner));
        add_stream_join(
            (self, other),
            JoinKind::Inner,
            windows.decided(),
            joiner,
            options,
            Location::caller(),
        )
    }

    /// Joins each record with every record of `other` that has its key and is near enough in time, or with nothing
    /// if there is none: that comes out once, when a record that is not late has moved time beyond its window and
    /// grace period, with its own time. A record that is late beyond its window when it arrives, and one without a
    /// key, comes out at once. See [`join`](KStream::join).
    ///
    /// Keys may be `Option`s; a record of `other` without a key is dropped and counted.
    ///
    /// ```
    /// use std::time::Duration;
    /// use streams_core::testing::TestDriver;
    /// use streams_core::windows::JoinWindows;
    /// use streams_core::{StreamsBuilder, Topic};
    ///
    /// const ORDERS: Topic<String, String> = Topic::new("orders");
    /// const PAYMENTS: Topic<String, i64> = Topic::new("payments");
    /// const UNPAID: Topic<String, String> = Topic::new("unpaid");
    ///
    /// let builder = StreamsBuilder::new();
    /// let ten_ms = JoinWindows::of(Duration::from_millis(10)).no_grace();
    /// builder
    ///     .stream(&ORDERS)
    ///     .left_join(builder.stream(&PAYMENTS), ten_ms, |order, payment| (order.clone(), payment.is_some()))
    ///     .filter(|_, (_, paid)| !paid)
    ///     .map_values(|(order, _)| order)
    ///     .to(&UNPAID);
    ///
    /// let mut driver = TestDriver::new(&builder.build()?)?;
    /// driver.pipe(&ORDERS, "1".to_owned(), "shoes".to_owned(), 0)?;
    /// driver.pipe(&ORDERS, "2".to_owned(), "boots".to_owned(), 0)?;
    /// driver.pipe(&PAYMENTS, "2".to_owned(), 90, 5)?;
    /// driver.pipe(&PAYMENTS, "3".to_owned(), 10, 11)?;
    /// let found = driver.read(&UNPAID)?;
    /// assert_eq!((found.len(), &*found[0].value, found[0].timestamp), (1, "shoes", 0));
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    #[track_caller]
    pub fn left_join<K2, V2, R>(
        self,
        other: KStream<K2, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(&V, Option<&V2>) -> R + Send + Sync + 'static,
    ) -> KStream<K, R>
    where
        K: JoinKey<Key: DefaultSerde>,
        K2: JoinKey<Key = K::Key>,
        V: DefaultSerde,
        V2: DefaultSerde + Clone + Send,
        R: Send + 'static,
    {
        self.left_join_with(other, windows, joiner, StreamJoined::new())
    }

    /// The same, with these serdes, names and stores.
    #[track_caller]
    pub fn left_join_with<K2, V2, R>(
        self,
        other: KStream<K2, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(&V, Option<&V2>) -> R + Send + Sync + 'static,
        options: StreamJoined<K::Key, V, V2>,
    ) -> KStream<K, R>
    where
        K: JoinKey,
        K2: JoinKey<Key = K::Key>,
        V2: Clone + Send + 'static,
        R: Send + 'static,
    {
        self.left_join_with_key_with(other, windows, move |_: &K, left, right| joiner(left, right), options)
    }

    /// [`left_join`](KStream::left_join), seeing the key.
    #[track_caller]
    pub fn left_join_with_key<K2, V2, R>(
        self,
        other: KStream<K2, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(&K, &V, Option<&V2>) -> R + Send + Sync + 'static,
    ) -> KStream<K, R>
    where
        K: JoinKey<Key: DefaultSerde>,
        K2: JoinKey<Key = K::Key>,
        V: DefaultSerde,
        V2: DefaultSerde + Clone + Send,
        R: Send + 'static,
    {
        self.left_join_with_key_with(other, windows, joiner, StreamJoined::new())
    }

    /// The same, with these serdes, names and stores.
    #[track_caller]
    pub fn left_join_with_key_with<K2, V2, R>(
        self,
        other: KStream<K2, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(&K, &V, Option<&V2>) -> R + Send + Sync + 'static,
        options: StreamJoined<K::Key, V, V2>,
    ) -> KStream<K, R>
    where
        K: JoinKey,
        K2: JoinKey<Key = K::Key>,
        V2: Clone + Send + 'static,
        R: Send + 'static,
    {
        let joiner = Arc::new(Left(joiner));
        add_stream_join((self, other), JoinKind::Left, windows.decided(), joiner, options, Location::caller())
    }

    /// Joins records of both streams that have one key and are near enough in time, and each record of either that
    /// has no partner with nothing. See [`left_join`](KStream::left_join), of which both sides now have the left
    /// one's part; either keys are `Option`s on both sides or on none.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::windows::JoinWindows;
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const OURS: Topic<String, i64> = Topic::new("ours");
    /// # const THEIRS: Topic<String, i64> = Topic::new("theirs");
    /// # const DIFFERENCES: Topic<String, i64> = Topic::new("differences");
    /// # let builder = StreamsBuilder::new();
    /// let hour = JoinWindows::of(Duration::from_secs(3600)).grace(Duration::from_secs(60));
    /// let theirs = builder.stream(&THEIRS);
    /// builder
    ///     .stream(&OURS)
    ///     .outer_join(theirs, hour, |ours, theirs| ours.unwrap_or(&0) - theirs.unwrap_or(&0))
    ///     .filter(|_, difference| *difference != 0)
    ///     .to(&DIFFERENCES);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn outer_join<V2, R>(
        self,
        other: KStream<K, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(Option<&V>, Option<&V2>) -> R + Send + Sync + 'static,
    ) -> KStream<K, R>
    where
        K: JoinKey<Key: DefaultSerde>,
        V: DefaultSerde,
        V2: DefaultSerde + Clone + Send,
        R: Send + 'static,
    {
        self.outer_join_with(other, windows, joiner, StreamJoined::new())
    }

    /// The same, with these serdes, names and stores.
    #[track_caller]
    pub fn outer_join_with<V2, R>(
        self,
        other: KStream<K, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(Option<&V>, Option<&V2>) -> R + Send + Sync + 'static,
        options: StreamJoined<K::Key, V, V2>,
    ) -> KStream<K, R>
    where
        K: JoinKey,
        V2: Clone + Send + 'static,
        R: Send + 'static,
    {
        self.outer_join_with_key_with(other, windows, move |_: &K, left, right| joiner(left, right), options)
    }

    /// [`outer_join`](KStream::outer_join), seeing the key.
    #[track_caller]
    pub fn outer_join_with_key<V2, R>(
        self,
        other: KStream<K, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> R + Send + Sync + 'static,
    ) -> KStream<K, R>
    where
        K: JoinKey<Key: DefaultSerde>,
        V: DefaultSerde,
        V2: DefaultSerde + Clone + Send,
        R: Send + 'static,
    {
        self.outer_join_with_key_with(other, windows, joiner, StreamJoined::new())
    }

    /// The same, with these serdes, names and stores.
    #[track_caller]
    pub fn outer_join_with_key_with<V2, R>(
        self,
        other: KStream<K, V2>,
        windows: impl GraceDecided<JoinWindows>,
        joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> R + Send + Sync + 'static,
        options: StreamJoined<K::Key, V, V2>,
    ) -> KStream<K, R>
    where
        K: JoinKey,
        V2: Clone + Send + 'static,
        R: Send + 'static,
    {
        let joiner = Arc::new(Outer(joiner));
        add_stream_join(
            (self, other),
            JoinKind::Outer,
            windows.decided(),
            joiner,
            options,
            Location::caller(),
        )
    }
}
