//! Records: typed inside a task, bytes at its edges.

mod batch;
mod headers;
mod view;

pub(crate) use batch::Entry;
pub use batch::RecordBatch;
pub use headers::{EncodedHeaders, Header, Headers, encode_header};
pub use view::RecordView;

use crate::time::Timestamp;

/// A record as operators see it: key, value, event time and headers (Kafka's rule M-1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record<K, V> {
    /// The key.
    pub key: K,
    /// The value.
    pub value: V,
    /// Event time in milliseconds since the epoch.
    pub timestamp: Timestamp,
    /// The headers; empty ones cost nothing.
    pub headers: Headers,
}

impl<K, V> Record<K, V> {
    /// A record without headers.
    pub fn new(key: K, value: V, timestamp: Timestamp) -> Self {
        Record { key, value, timestamp, headers: Headers::default() }
    }

    /// The same record under another key; time and headers stay.
    pub fn with_key<K2>(self, key: K2) -> Record<K2, V> {
        Record { key, value: self.value, timestamp: self.timestamp, headers: self.headers }
    }

    /// The same record with another value; time and headers stay.
    pub fn with_value<V2>(self, value: V2) -> Record<K, V2> {
        Record { key: self.key, value, timestamp: self.timestamp, headers: self.headers }
    }

    /// The same record at another time.
    #[must_use]
    pub fn with_timestamp(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = timestamp;
        self
    }

    /// The same record with these headers.
    #[must_use]
    pub fn with_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }
}
