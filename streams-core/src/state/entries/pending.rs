//! Rows that are committed but not in the engine yet.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::state::entries::KeyBytes;

/// What a row takes besides its bytes.
const ROW_OVERHEAD: usize = 48;

/// Rows in key order: what is to be put, or `None` to be removed.
#[derive(Default)]
pub struct Pending {
    rows: BTreeMap<KeyBytes, Option<Box<[u8]>>>,
    bytes: usize,
}

impl Pending {
    /// The row of `key`: `Some(None)` if it is to be removed, `None` if nothing is known of it here.
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        self.rows.get(key).map(Option::as_deref)
    }

    pub(crate) fn insert(&mut self, key: KeyBytes, row: Option<Box<[u8]>>) -> Option<Option<Box<[u8]>>> {
        let key_len = key.len();
        self.bytes += row.as_ref().map_or(0, |row| row.len());
        let before = self.rows.insert(key, row);
        match &before {
            Some(before) => self.bytes -= before.as_ref().map_or(0, |row| row.len()),
            None => self.bytes += key_len + ROW_OVERHEAD,
        }
        before
    }

    /// Adds the rows of `older` that are not here.
    pub(super) fn put_below(&mut self, older: &Pending) {
        for (key, row) in &older.rows {
            if !self.rows.contains_key(key) {
                self.insert(key.clone(), row.clone());
            }
        }
    }

    /// Drops the rows below `floor`.
    pub(super) fn drop_below(&mut self, floor: &[u8]) {
        if self.rows.first_key_value().is_some_and(|(first, _)| **first < *floor) {
            self.rows = self.rows.split_off(floor);
            self.bytes = self.rows.iter().map(|(key, row)| Self::size(key, row.as_deref())).sum();
        }
    }

    pub(super) fn range(
        &self,
        bounds: (Bound<&[u8]>, Bound<&[u8]>),
    ) -> impl DoubleEndedIterator<Item = (&KeyBytes, Option<&[u8]>)> {
        self.rows.range::<[u8], _>(bounds).map(|(key, row)| (key, row.as_deref()))
    }

    /// All rows in key order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&KeyBytes, Option<&[u8]>)> {
        self.rows.iter().map(|(key, row)| (key, row.as_deref()))
    }

    /// Memory it takes, estimated.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn size(key: &KeyBytes, row: Option<&[u8]>) -> usize {
        key.len() + ROW_OVERHEAD + row.map_or(0, <[u8]>::len)
    }
}
