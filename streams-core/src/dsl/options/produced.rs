//! How a topic is written.

use crate::operators::sink::{PartitionerFn, Partitioning};
use crate::serde::{DefaultSerde, SerdeRef};

/// How a stream of `K, V` is written to a topic of `K2, V2` (the same types, or the ones inside of `Option`).
pub struct Produced<K, V, K2: 'static = K, V2: 'static = V> {
    pub(crate) key: SerdeRef<K2>,
    pub(crate) value: SerdeRef<V2>,
    pub(crate) partitioner: Option<Box<PartitionerFn<K, V>>>,
    pub(crate) name: Option<String>,
}

impl<K, V, K2: DefaultSerde, V2: DefaultSerde> Produced<K, V, K2, V2> {
    /// The default serdes; partitions by the key.
    #[must_use]
    pub fn new() -> Self {
        Self::with(K2::serde(), V2::serde())
    }
}

impl<K, V, K2: DefaultSerde, V2: DefaultSerde> Default for Produced<K, V, K2, V2> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V, K2: 'static, V2: 'static> Produced<K, V, K2, V2> {
    /// These serdes; partitions by the key.
    pub fn with(key: SerdeRef<K2>, value: SerdeRef<V2>) -> Self {
        Produced { key, value, partitioner: None, name: None }
    }

    /// Chooses partitions by topic, key, value and number of partitions (Kafka's `StreamPartitioner`).
    #[must_use]
    pub fn partitioner(
        mut self,
        partitioner: impl Fn(&str, &K, &V, u32) -> Partitioning + Send + Sync + 'static,
    ) -> Self {
        self.partitioner = Some(Box::new(partitioner));
        self
    }

    /// Names the sink node.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}
