//! How a join of two streams keeps their records.

use crate::serde::{DefaultSerde, SerdeRef};

/// Serdes, names and stores of a join of two streams (Kafka's `StreamJoined`).
pub struct StreamJoined<K: 'static, V1: 'static, V2: 'static> {
    pub(crate) key: SerdeRef<K>,
    pub(crate) left: SerdeRef<V1>,
    pub(crate) right: SerdeRef<V2>,
    pub(crate) name: Option<String>,
    pub(crate) store_name: Option<String>,
    pub(crate) own_stores: Option<(String, String)>,
    pub(crate) logged: bool,
    pub(crate) in_memory: bool,
}

impl<K: DefaultSerde, V1: DefaultSerde, V2: DefaultSerde> StreamJoined<K, V1, V2> {
    /// The default serdes.
    #[must_use]
    pub fn new() -> Self {
        Self::with(K::serde(), V1::serde(), V2::serde())
    }
}

impl<K: DefaultSerde, V1: DefaultSerde, V2: DefaultSerde> Default for StreamJoined<K, V1, V2> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: 'static, V1: 'static, V2: 'static> StreamJoined<K, V1, V2> {
    /// These serdes of the keys, the left values and the right values. A value that is null by its serde is dropped
    /// and counted.
    pub fn with(key: SerdeRef<K>, left: SerdeRef<V1>, right: SerdeRef<V2>) -> Self {
        StreamJoined {
            key,
            left,
            right,
            name: None,
            store_name: None,
            own_stores: None,
            logged: true,
            in_memory: false,
        }
    }

    /// Names the nodes of the join, and its repartition topics `<application id>-<name>-left-repartition` and
    /// `-right-repartition`. The stores keep the names they have.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Names the stores: `<name>-this-join-store` and `<name>-other-join-store`, with `outer-` before `this` or
    /// `other` for a side that is outer's other, as in Kafka Streams. Name them, if the application is to be changed
    /// later: generated names have numbers in them, which other changes move.
    #[must_use]
    pub fn store_name(mut self, name: impl Into<String>) -> Self {
        self.store_name = Some(name.into());
        self
    }

    /// Names the two stores outright (Kafka: stores given by suppliers).
    #[must_use]
    pub fn store_names(mut self, left: impl Into<String>, right: impl Into<String>) -> Self {
        self.own_stores = Some((left.into(), right.into()));
        self
    }

    /// Whether the stores have changelog topics (the default). Without, their content is lost with the machine.
    #[must_use]
    pub fn logged(mut self, logged: bool) -> Self {
        self.logged = logged;
        self
    }

    /// Expires records one by one instead of by segments, as Kafka's stores in memory do: a record that is too late
    /// for its store is then refused and counted. Results are the same.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }
}
