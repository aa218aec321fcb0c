//! How a topic is read.

use std::sync::Arc;

use crate::operators::source::{Decoder, RecordTimestamp, TimestampExtractor, ValueTimestamp};
use crate::serde::{DefaultSerde, SerdeRef};

/// How a topic is read: its serdes and where event time comes from.
pub struct Consumed<K: 'static, V: 'static> {
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
    pub(crate) extractor: Arc<dyn TimestampExtractor<K, V>>,
}

impl<K: DefaultSerde, V: DefaultSerde> Consumed<K, V> {
    /// The default serdes; the event time is the one that the value carries (`#[record(timestamp)]`), and where it
    /// carries none the timestamp the record has in the topic.
    #[must_use]
    pub fn new() -> Self {
        Consumed { key: K::serde(), value: V::serde(), extractor: Arc::new(ValueTimestamp) }
    }
}

impl<K: DefaultSerde, V: DefaultSerde> Default for Consumed<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: 'static, V: 'static> Consumed<K, V> {
    /// These serdes, and the timestamps the records have in the topic.
    pub fn with(key: SerdeRef<K>, value: SerdeRef<V>) -> Self {
        Consumed { key, value, extractor: Arc::new(RecordTimestamp) }
    }

    /// Takes event time from `extractor`: a type of its own, or a closure that is given the record (with the
    /// topic's timestamp) and the partition's time so far.
    #[must_use]
    pub fn timestamp_extractor(mut self, extractor: impl TimestampExtractor<K, V>) -> Self {
        self.extractor = Arc::new(extractor);
        self
    }

    pub(crate) fn into_decoder(self) -> Arc<Decoder<K, V>> {
        Arc::new(Decoder { key: self.key, value: self.value, extractor: self.extractor })
    }
}
