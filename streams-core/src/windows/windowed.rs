//! A key together with its window.

use crate::time::Timestamp;

/// A span of event time, the start in it and the end not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// First millisecond of the window.
    pub start: Timestamp,
    /// First millisecond behind the window.
    pub end: Timestamp,
}

/// A key in one window: the key of everything that windowed operators put out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Windowed<K> {
    /// The key that was grouped by.
    pub key: K,
    /// The window.
    pub window: Window,
}
