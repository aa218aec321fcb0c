//! How a grouping is repartitioned.

use crate::serde::{DefaultSerde, SerdeRef};

/// Serdes and name of a grouping.
pub struct Grouped<K: 'static, V: 'static> {
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
    pub(crate) name: Option<String>,
}

impl<K: DefaultSerde, V: DefaultSerde> Grouped<K, V> {
    /// The default serdes.
    #[must_use]
    pub fn new() -> Self {
        Self::with(K::serde(), V::serde())
    }
}

impl<K: DefaultSerde, V: DefaultSerde> Default for Grouped<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: 'static, V: 'static> Grouped<K, V> {
    /// These serdes.
    pub fn with(key: SerdeRef<K>, value: SerdeRef<V>) -> Self {
        Grouped { key, value, name: None }
    }

    /// Names the grouping: its repartition topic is `<application id>-<name>-repartition`, and several
    /// aggregations of it share that topic (Kafka's `Grouped.as`).
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}
