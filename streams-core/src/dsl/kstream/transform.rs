//! Verbs that look at one record at a time.

use std::marker::PhantomData;
use std::panic::Location;

use crate::dsl::KStream;
use crate::operators::stage::{Filter, FlatMap, FlatMapValues, Map, MapValues, Peek, TryMapValues};

impl<K: Send + 'static, V: Send + 'static> KStream<K, V> {
    /// Keeps the records the predicate accepts.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const IN: Topic<String, i64> = Topic::new("in");
    /// # const OUT: Topic<String, i64> = Topic::new("out");
    /// # let builder = StreamsBuilder::new();
    /// builder.stream(&IN).filter(|_key, value| *value > 0).to(&OUT);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn filter(self, predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KStream<K, V> {
        self.keeping("KSTREAM-FILTER-", Location::caller(), Filter { predicate, keep: true })
    }

    /// Keeps the records the predicate refuses.
    #[track_caller]
    pub fn filter_not(self, predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KStream<K, V> {
        self.keeping("KSTREAM-FILTER-", Location::caller(), Filter { predicate, keep: false })
    }

    /// Turns each record into one other. Marks the key as changed: what follows may have to repartition.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const WORDS: Topic<String, String> = Topic::new("words");
    /// # const BY_LENGTH: Topic<i64, String> = Topic::new("by-length");
    /// # let builder = StreamsBuilder::new();
    /// builder.stream(&WORDS).map(|_key, word| (word.len() as i64, word)).to(&BY_LENGTH);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn map<K2, V2>(self, mapper: impl Fn(K, V) -> (K2, V2) + Send + Sync + 'static) -> KStream<K2, V2>
    where
        K2: Send + 'static,
        V2: Send + 'static,
    {
        self.rekeying("KSTREAM-MAP-", Location::caller(), Map(mapper))
    }

    /// Turns each value into another; the key stays, so nothing has to be repartitioned.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const WORDS: Topic<String, String> = Topic::new("words");
    /// # const LENGTHS: Topic<String, i64> = Topic::new("lengths");
    /// # let builder = StreamsBuilder::new();
    /// builder.stream(&WORDS).map_values(|word| word.len() as i64).to(&LENGTHS);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn map_values<V2>(self, mapper: impl Fn(V) -> V2 + Send + Sync + 'static) -> KStream<K, V2>
    where
        V2: Send + 'static,
    {
        self.revaluing("KSTREAM-MAPVALUES-", Location::caller(), MapValues(move |_: &K, value| mapper(value)))
    }

    /// Turns each value into another, seeing the key.
    #[track_caller]
    pub fn map_values_with_key<V2>(
        self,
        mapper: impl Fn(&K, V) -> V2 + Send + Sync + 'static,
    ) -> KStream<K, V2>
    where
        V2: Send + 'static,
    {
        self.revaluing("KSTREAM-MAPVALUES-", Location::caller(), MapValues(mapper))
    }

    /// Turns each value into another by code that may fail; the application's policy for failing user code decides
    /// what then becomes of the record.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const TEXTS: Topic<String, String> = Topic::new("texts");
    /// # const NUMBERS: Topic<String, i64> = Topic::new("numbers");
    /// # let builder = StreamsBuilder::new();
    /// builder.stream(&TEXTS).try_map_values(|_key, text| text.parse::<i64>()).to(&NUMBERS);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn try_map_values<V2, E>(
        self,
        mapper: impl Fn(&K, V) -> Result<V2, E> + Send + Sync + 'static,
    ) -> KStream<K, V2>
    where
        V2: Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
    {
        self.revaluing("KSTREAM-MAPVALUES-", Location::caller(), TryMapValues(mapper, PhantomData))
    }

    /// Turns each record into any number of others, in the order of the iterator. Marks the key as changed.
    #[track_caller]
    pub fn flat_map<K2, V2, I>(self, mapper: impl Fn(K, V) -> I + Send + Sync + 'static) -> KStream<K2, V2>
    where
        K2: Send + 'static,
        V2: Send + 'static,
        I: IntoIterator<Item = (K2, V2)> + 'static,
    {
        self.rekeying("KSTREAM-FLATMAP-", Location::caller(), FlatMap(mapper))
    }

    /// Turns each value into any number of others under the same key, in the order of the iterator.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const LINES: Topic<String, String> = Topic::new("lines");
    /// # const WORDS: Topic<String, String> = Topic::new("words");
    /// # let builder = StreamsBuilder::new();
    /// builder
    ///     .stream(&LINES)
    ///     .flat_map_values(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    ///     .to(&WORDS);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn flat_map_values<V2, I>(self, mapper: impl Fn(V) -> I + Send + Sync + 'static) -> KStream<K, V2>
    where
        K: Clone,
        V2: Send + 'static,
        I: IntoIterator<Item = V2> + 'static,
    {
        let mapper = FlatMapValues(move |_: &K, value| mapper(value));
        self.revaluing("KSTREAM-FLATMAPVALUES-", Location::caller(), mapper)
    }

    /// Turns each value into any number of others, seeing the key.
    #[track_caller]
    pub fn flat_map_values_with_key<V2, I>(
        self,
        mapper: impl Fn(&K, V) -> I + Send + Sync + 'static,
    ) -> KStream<K, V2>
    where
        K: Clone,
        V2: Send + 'static,
        I: IntoIterator<Item = V2> + 'static,
    {
        self.revaluing("KSTREAM-FLATMAPVALUES-", Location::caller(), FlatMapValues(mapper))
    }

    /// Shows each record to `action` and passes it on.
    #[track_caller]
    pub fn peek(self, action: impl Fn(&K, &V) + Send + Sync + 'static) -> KStream<K, V> {
        self.keeping("KSTREAM-PEEK-", Location::caller(), Peek(action))
    }

    /// Shows each record to `action`; the stream ends here. What the action does is not part of the transaction: it
    /// may happen again after a failure.
    #[track_caller]
    pub fn for_each(self, action: impl Fn(&K, &V) + Send + Sync + 'static) {
        let _ = self.stage::<K, V>("KSTREAM-FOREACH-", Location::caller(), Peek(action));
    }
}
