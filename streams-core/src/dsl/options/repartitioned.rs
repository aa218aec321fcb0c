//! How a stream is repartitioned.

use crate::operators::sink::{PartitionerFn, Partitioning};
use crate::serde::{DefaultSerde, SerdeRef};

/// Serdes, name and partitions of an explicit repartition.
pub struct Repartitioned<K: 'static, V: 'static> {
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
    pub(crate) name: Option<String>,
    pub(crate) partitions: Option<u32>,
    pub(crate) partitioner: Option<Box<PartitionerFn<K, V>>>,
}

impl<K: DefaultSerde, V: DefaultSerde> Repartitioned<K, V> {
    /// The default serdes, and as many partitions as the input has.
    #[must_use]
    pub fn new() -> Self {
        Self::with(K::serde(), V::serde())
    }
}

impl<K: DefaultSerde, V: DefaultSerde> Default for Repartitioned<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: 'static, V: 'static> Repartitioned<K, V> {
    /// These serdes, and as many partitions as the input has.
    pub fn with(key: SerdeRef<K>, value: SerdeRef<V>) -> Self {
        Repartitioned { key, value, name: None, partitions: None, partitioner: None }
    }

    /// Names the repartition topic `<application id>-<name>-repartition`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Gives the repartition topic this many partitions.
    #[must_use]
    pub fn partitions(mut self, partitions: u32) -> Self {
        self.partitions = Some(partitions);
        self
    }

    /// Chooses partitions by topic, key, value and number of partitions.
    #[must_use]
    pub fn partitioner(
        mut self,
        partitioner: impl Fn(&str, &K, &V, u32) -> Partitioning + Send + Sync + 'static,
    ) -> Self {
        self.partitioner = Some(Box::new(partitioner));
        self
    }
}
