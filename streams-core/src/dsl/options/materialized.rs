//! How a table is kept.

use std::sync::Arc;
use std::time::Duration;

use crate::serde::{DefaultSerde, SerdeRef};
use crate::topic::Store;

/// Name, serdes and settings of the store behind a table.
pub struct Materialized<K: 'static, V: 'static> {
    pub(crate) name: Option<String>,
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
    pub(crate) logged: bool,
    pub(crate) cached: bool,
    pub(crate) in_memory: bool,
    pub(crate) key_ordered: bool,
    pub(crate) retention: Option<Duration>,
    pub(crate) max_keys: Option<usize>,
}

impl<K: 'static, V: 'static> Clone for Materialized<K, V> {
    fn clone(&self) -> Self {
        Materialized {
            name: self.name.clone(),
            key: Arc::clone(&self.key),
            value: Arc::clone(&self.value),
            ..*self
        }
    }
}

impl<K: DefaultSerde, V: DefaultSerde> Materialized<K, V> {
    /// A store of this name with the default serdes; its changelog is `<application id>-<name>-changelog`.
    pub fn named(name: impl Into<String>) -> Self {
        Self::with(K::serde(), V::serde()).name(name)
    }

    /// The store of this constant with the default serdes.
    pub fn as_store(store: &Store<K, V>) -> Self {
        Self::named(store.name())
    }
}

impl<K: 'static, V: 'static> Materialized<K, V> {
    /// A store of a generated name with these serdes.
    pub fn with(key: SerdeRef<K>, value: SerdeRef<V>) -> Self {
        Materialized {
            name: None,
            key,
            value,
            logged: true,
            cached: true,
            in_memory: false,
            key_ordered: false,
            retention: None,
            max_keys: None,
        }
    }

    /// Names the store.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether changes go to a changelog topic (the default). Without one the content is lost with the machine. The
    /// changelog of a table of a topic may be that topic, see
    /// [`Optimization::reuse_source_topics`](crate::Optimization::reuse_source_topics).
    #[must_use]
    pub fn logged(mut self, logged: bool) -> Self {
        self.logged = logged;
        self
    }

    /// Whether results are forwarded once per key and commit where the application does so (the default), or on
    /// every update (`false`).
    #[must_use]
    pub fn cached(mut self, cached: bool) -> Self {
        self.cached = cached;
        self
    }

    /// Expires entries of a window store one by one instead of by segments, as Kafka's in-memory stores do.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    /// Keeps a window store that emits on close in the order of keys instead of times: results of one closing then
    /// come in the order of that store (Kafka: a store given by a supplier).
    #[must_use]
    pub fn key_ordered(mut self) -> Self {
        self.key_ordered = true;
        self
    }

    /// How long a window store keeps windows, counted from their start; at least size and grace, or `build`
    /// reports it.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = Some(retention);
        self
    }

    /// Keeps at most this many keys in a key-value store: the one whose use is longest ago goes first (Kafka's
    /// `lruMap`). What goes is removed from the changelog too, so that a restart does not bring it back.
    #[must_use]
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = Some(keys);
        self
    }
}
