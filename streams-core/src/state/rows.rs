//! Iterators over stores.

use std::collections::VecDeque;

use crate::error::{Error, Result};
use crate::serde::SerdeRef;
use crate::state::ValueAndTimestamp;
use crate::state::entries::{Cursor, KeyBytes};

/// Rows of a scan, chunk by chunk; a lock is held while a chunk is read and not between.
pub(crate) struct Scan<V> {
    buffer: VecDeque<(KeyBytes, ValueAndTimestamp<V>)>,
    next_chunk: Option<Box<NextChunk<V>>>,
    error: Option<Error>,
}

/// Appends rows; false when there are no more.
pub(crate) type NextChunk<V> = dyn FnMut(&mut Vec<(KeyBytes, ValueAndTimestamp<V>)>) -> Result<bool> + Send;

impl<V> Scan<V> {
    pub(crate) fn new(
        next_chunk: impl FnMut(&mut Vec<(KeyBytes, ValueAndTimestamp<V>)>) -> Result<bool> + Send + 'static,
    ) -> Self {
        Scan { buffer: VecDeque::new(), next_chunk: Some(Box::new(next_chunk)), error: None }
    }

    /// A scan that only reports an error, or nothing.
    pub(crate) fn of(error: Option<Error>) -> Self {
        Scan { buffer: VecDeque::new(), next_chunk: None, error }
    }

    /// The chunks of the cursors that `next_cursor` gives, one after the other.
    pub(crate) fn over(
        mut read: impl FnMut(&mut Cursor, &mut Vec<(KeyBytes, ValueAndTimestamp<V>)>) -> Result<()>
        + Send
        + 'static,
        mut next_cursor: impl FnMut() -> Option<Cursor> + Send + 'static,
    ) -> Self {
        let mut current: Option<Cursor> = None;
        Scan::new(move |out| {
            let cursor = match current.as_mut().filter(|cursor| !cursor.is_done()) {
                Some(cursor) => cursor,
                None => match next_cursor() {
                    Some(next) => current.insert(next),
                    None => return Ok(false),
                },
            };
            read(cursor, out).map(|()| true)
        })
    }
}

impl<V> Iterator for Scan<V> {
    type Item = Result<(KeyBytes, ValueAndTimestamp<V>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.error.take() {
            return Some(Err(error));
        }
        loop {
            if let Some(row) = self.buffer.pop_front() {
                return Some(Ok(row));
            }
            let next_chunk = self.next_chunk.as_mut()?;
            let mut rows = Vec::from(std::mem::take(&mut self.buffer));
            match next_chunk(&mut rows) {
                Ok(true) => self.buffer = rows.into(),
                Ok(false) => self.next_chunk = None,
                Err(error) => {
                    self.next_chunk = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Keys and values of a key-value store, in the order of the key bytes. It may be kept while the store changes:
/// later changes may be seen or not, and no key comes twice.
pub struct KeyValueRows<K: 'static, V> {
    scan: Scan<V>,
    key_serde: SerdeRef<K>,
}

/// [`KeyValueRows`] with timestamps.
pub struct StampedRows<K: 'static, V>(KeyValueRows<K, V>);

impl<K, V> KeyValueRows<K, V> {
    pub(crate) fn new(scan: Scan<V>, key_serde: SerdeRef<K>) -> Self {
        KeyValueRows { scan, key_serde }
    }

    /// The same rows with their timestamps.
    pub fn stamped(self) -> StampedRows<K, V> {
        StampedRows(self)
    }

    fn next_stamped(&mut self) -> Option<Result<(K, ValueAndTimestamp<V>)>> {
        let row = self.scan.next()?;
        Some(row.and_then(|(key, entry)| Ok((self.key_serde.deserialize(&key)?, entry))))
    }
}

impl<K, V> Iterator for KeyValueRows<K, V> {
    type Item = Result<(K, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_stamped()?.map(|(key, entry)| (key, entry.value)))
    }
}

impl<K, V> Iterator for StampedRows<K, V> {
    type Item = Result<(K, ValueAndTimestamp<V>)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_stamped()
    }
}
