//! How the stream of a join with a table is repartitioned.

use crate::serde::{DefaultSerde, SerdeRef};

/// Serdes of the stream, and name, of a join of a stream with a table (Kafka's `Joined`).
pub struct Joined<K: 'static, V: 'static> {
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
    pub(crate) name: Option<String>,
}

impl<K: DefaultSerde, V: DefaultSerde> Joined<K, V> {
    /// The default serdes.
    #[must_use]
    pub fn new() -> Self {
        Self::with(K::serde(), V::serde())
    }
}

impl<K: DefaultSerde, V: DefaultSerde> Default for Joined<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: 'static, V: 'static> Joined<K, V> {
    /// These serdes of the stream's keys and values; they matter only if it has to be repartitioned.
    pub fn with(key: SerdeRef<K>, value: SerdeRef<V>) -> Self {
        Joined { key, value, name: None }
    }

    /// Names the node of the join, and its repartition topic, if it needs one, `<application id>-<name>-repartition`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}
