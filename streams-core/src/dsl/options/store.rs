//! Stores for processors.

use std::time::Duration;

/// Settings of a key-value store added by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// Whether changes go to a changelog topic.
    pub logged: bool,
}

impl Default for StoreOptions {
    /// Logged.
    fn default() -> Self {
        StoreOptions { logged: true }
    }
}

/// Settings of a window store added by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowStoreOptions {
    /// Length of the windows, for the end of windowed keys.
    pub size: Duration,
    /// How long windows are kept, counted from their start.
    pub retention: Duration,
    /// Whether several values of one key and start are kept side by side.
    pub retain_duplicates: bool,
    /// Whether changes go to a changelog topic.
    pub logged: bool,
    /// Expires entries one by one instead of by segments, as Kafka's in-memory stores do.
    pub in_memory: bool,
}

impl WindowStoreOptions {
    /// Windows of `size`, kept for `retention`, logged, without duplicates.
    pub fn new(size: Duration, retention: Duration) -> Self {
        WindowStoreOptions { size, retention, retain_duplicates: false, logged: true, in_memory: false }
    }
}
