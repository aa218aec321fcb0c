//! How a grouping is repartitioned.

use std::sync::Arc;

use crate::serde::{DefaultSerde, SerdeRef};

/// Serdes and name of a grouping.
pub struct Grouped<K: 'static, V: 'static> {
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
    pub(crate) name: Option<String>,
    pub(crate) split_changes: bool,
}

impl<K: 'static, V: 'static> Clone for Grouped<K, V> {
    fn clone(&self) -> Self {
        Grouped {
            key: Arc::clone(&self.key),
            value: Arc::clone(&self.value),
            name: self.name.clone(),
            split_changes: self.split_changes,
        }
    }
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
        Grouped { key, value, name: None, split_changes: false }
    }

    /// Names the grouping: its repartition topic is `<application id>-<name>-repartition`, and several
    /// aggregations of it share that topic (Kafka's `Grouped.as`).
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Writes a change of a grouped table that stays within its group as two records, old value and new one, instead
    /// of one with both. Only for a repartition topic that applications on Kafka Streams before 3.5 read too (there:
    /// `upgrade.from` up to 3.4). Means nothing where a stream is grouped.
    #[must_use]
    pub fn split_changes(mut self) -> Self {
        self.split_changes = true;
        self
    }
}
