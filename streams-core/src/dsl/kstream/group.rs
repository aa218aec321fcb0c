//! Verbs that group a stream for aggregation.

use std::panic::Location;

use crate::dsl::KStream;
use crate::dsl::grouped::{KGroupedStream, Key};
use crate::dsl::options::Grouped;
use crate::operators::stage::SelectKey;
use crate::serde::DefaultSerde;

impl<K: Send + 'static, V: Send + 'static> KStream<K, V> {
    /// Groups by the key the records have. Aggregations repartition first if the key was changed.
    #[track_caller]
    pub fn group_by_key(self) -> KGroupedStream<K, V>
    where
        K: Key + DefaultSerde,
        V: DefaultSerde,
    {
        self.group_by_key_with(Grouped::new())
    }

    /// The same, with these serdes and name.
    #[track_caller]
    pub fn group_by_key_with(self, grouped: Grouped<K, V>) -> KGroupedStream<K, V>
    where
        K: Key,
    {
        KGroupedStream::new(self, grouped)
    }

    /// Groups by another key. Aggregations repartition first.
    #[track_caller]
    pub fn group_by<K2>(
        self,
        selector: impl Fn(&K, &V) -> K2 + Send + Sync + 'static,
    ) -> KGroupedStream<K2, V>
    where
        K2: Key + DefaultSerde,
        V: DefaultSerde,
    {
        self.group_by_with(selector, Grouped::new())
    }

    /// The same, with these serdes and name.
    #[track_caller]
    pub fn group_by_with<K2>(
        self,
        selector: impl Fn(&K, &V) -> K2 + Send + Sync + 'static,
        grouped: Grouped<K2, V>,
    ) -> KGroupedStream<K2, V>
    where
        K2: Key,
    {
        let mut stream = self.rekeying("KSTREAM-KEY-SELECT-", Location::caller(), SelectKey(selector));
        if let Some(name) = &grouped.name {
            stream = stream.named(name.clone());
        }
        KGroupedStream::new(stream, grouped)
    }
}
