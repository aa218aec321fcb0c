//! What a store is: name, kind and options.

use std::time::Duration;

use crate::time::millis;

/// Segments of a windowed store are at least this wide (rule V-1).
const MIN_SEGMENT_MS: i64 = 60_000;

/// What a store is and how it behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSpec {
    /// Its name, unique in the topology.
    pub name: String,
    /// What it holds.
    pub kind: StoreKind,
    /// Whether its changes go to a changelog topic. Without, what an engine in memory held is gone after a restart.
    pub logged: bool,
    /// Whether results are forwarded once per key and commit instead of once per update (rule H-2).
    pub cached: bool,
    /// In a key-value store, how many keys it keeps: the one whose use is longest ago goes first, as if it were
    /// removed.
    pub max_keys: Option<usize>,
}

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreKind {
    /// One value per key.
    KeyValue,
    /// Values per key and window.
    Window(WindowSpec),
}

/// Options of a window store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowSpec {
    /// Length of each window.
    pub size: Duration,
    /// How long windows are kept behind the store's time, by their start.
    pub retention: Duration,
    /// Whether several values of one key and start are kept side by side.
    pub retain_duplicates: bool,
    /// Order of the rows in the engine.
    pub layout: WindowLayout,
    /// Which puts are too late, and in which order several keys are read.
    pub expiry: WindowExpiry,
}

/// Order of a window store's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WindowLayout {
    /// By segment of time, then key, then start: reads of one key are cheap.
    #[default]
    KeyFirst,
    /// By start, then key: what closes next is read first. For emitting on window close.
    TimeFirst,
}

/// Which of Kafka's two window stores is imitated, whatever the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WindowExpiry {
    /// The persistent one: puts are refused by whole segments (rule V-1), several keys are read segment by segment
    /// in row order.
    #[default]
    Persistent,
    /// The one in memory: puts are refused to the millisecond (rule V-3), several keys are read by start and key.
    InMemory,
}

impl StoreSpec {
    /// A key-value store: logged, forwarding every update.
    pub fn key_value(name: impl Into<String>) -> Self {
        Self::of(name, StoreKind::KeyValue)
    }

    /// A window store: logged, forwarding every update.
    pub fn window(name: impl Into<String>, window: WindowSpec) -> Self {
        Self::of(name, StoreKind::Window(window))
    }

    /// The same store with or without a changelog.
    #[must_use]
    pub fn logged(mut self, logged: bool) -> Self {
        self.logged = logged;
        self
    }

    /// The same store forwarding once per key and commit, or every update.
    #[must_use]
    pub fn cached(mut self, cached: bool) -> Self {
        self.cached = cached;
        self
    }

    fn of(name: impl Into<String>, kind: StoreKind) -> Self {
        StoreSpec { name: name.into(), kind, logged: true, cached: false, max_keys: None }
    }
}

impl WindowSpec {
    /// Windows of `size`, kept for `retention`: no duplicates, rows by key, Kafka's persistent behaviour.
    pub fn new(size: Duration, retention: Duration) -> Self {
        WindowSpec {
            size,
            retention,
            retain_duplicates: false,
            layout: WindowLayout::default(),
            expiry: WindowExpiry::default(),
        }
    }

    pub(crate) fn size_ms(&self) -> i64 {
        millis(self.size)
    }

    pub(crate) fn retention_ms(&self) -> i64 {
        millis(self.retention)
    }

    /// Width of a segment (rule V-1).
    pub(crate) fn segment_ms(&self) -> i64 {
        (self.retention_ms() / 2).max(MIN_SEGMENT_MS)
    }
}
