//! Iterators over window stores.

use crate::error::{Error, ErrorKind, Result};
use crate::serde::SerdeRef;
use crate::state::ValueAndTimestamp;
use crate::state::rows::Scan;
use crate::state::window::geometry::Geometry;
use crate::time::Timestamp;
use crate::windows::{Window, Windowed};

/// Windowed keys and values, in the store's order. It may be kept while the store changes: later changes may be seen
/// or not, and no window comes twice.
pub struct WindowRows<K: 'static, V> {
    scan: Scan<V>,
    geometry: Geometry,
    key_serde: SerdeRef<K>,
}

/// [`WindowRows`] with timestamps.
pub struct StampedWindows<K: 'static, V>(WindowRows<K, V>);

/// Starts and values of the windows of one key, by start.
pub struct StartRows<V> {
    scan: Scan<V>,
    geometry: Geometry,
}

/// [`StartRows`] with timestamps.
pub struct StampedStarts<V>(StartRows<V>);

impl<K, V> WindowRows<K, V> {
    pub(super) fn new(scan: Scan<V>, geometry: Geometry, key_serde: SerdeRef<K>) -> Self {
        WindowRows { scan, geometry, key_serde }
    }

    /// The same rows with their timestamps.
    pub fn stamped(self) -> StampedWindows<K, V> {
        StampedWindows(self)
    }

    fn next_stamped(&mut self) -> Option<Result<(Windowed<K>, ValueAndTimestamp<V>)>> {
        let row = self.scan.next()?;
        Some(row.and_then(|(row, entry)| Ok((windowed(self.geometry, &self.key_serde, &row)?, entry))))
    }
}

impl<V> StartRows<V> {
    pub(super) fn new(scan: Scan<V>, geometry: Geometry) -> Self {
        StartRows { scan, geometry }
    }

    /// The same rows with their timestamps.
    pub fn stamped(self) -> StampedStarts<V> {
        StampedStarts(self)
    }

    fn next_stamped(&mut self) -> Option<Result<(Timestamp, ValueAndTimestamp<V>)>> {
        let row = self.scan.next()?;
        Some(row.and_then(|(row, entry)| {
            let parts = self.geometry.parse(&row).ok_or_else(damaged)?;
            Ok((parts.start, entry))
        }))
    }
}

/// The windowed key of a row.
pub(super) fn windowed<K: 'static>(
    geometry: Geometry,
    key_serde: &SerdeRef<K>,
    row: &[u8],
) -> Result<Windowed<K>> {
    let parts = geometry.parse(row).ok_or_else(damaged)?;
    let window = Window { start: parts.start, end: parts.start.saturating_add(geometry.size) };
    Ok(Windowed { key: key_serde.deserialize(parts.key)?, window })
}

#[cold]
fn damaged() -> Error {
    Error::new(ErrorKind::Corrupt, "a row of a window store is too short; wipe the local state to restore it")
}

impl<K, V> Iterator for WindowRows<K, V> {
    type Item = Result<(Windowed<K>, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_stamped()?.map(|(key, entry)| (key, entry.value)))
    }
}

impl<K, V> Iterator for StampedWindows<K, V> {
    type Item = Result<(Windowed<K>, ValueAndTimestamp<V>)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_stamped()
    }
}

impl<V> Iterator for StartRows<V> {
    type Item = Result<(Timestamp, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_stamped()?.map(|(start, entry)| (start, entry.value)))
    }
}

impl<V> Iterator for StampedStarts<V> {
    type Item = Result<(Timestamp, ValueAndTimestamp<V>)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_stamped()
    }
}
