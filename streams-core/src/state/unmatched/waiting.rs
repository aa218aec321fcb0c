//! The unmatched records of one side, in order of time.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::state::entries::KeyBytes;
use crate::time::Timestamp;

/// Records by time and key.
pub(super) struct Waiting<V> {
    rows: BTreeMap<(Timestamp, KeyBytes), Row<V>>,
    /// Bytes of the values of all rows, as far as they were written once.
    value_bytes: usize,
}

/// The records of one time and key, in the order in which they came.
pub(super) struct Row<V> {
    first: V,
    more: Vec<V>,
    /// Whether a row of this time and key is committed.
    committed: bool,
    /// Whether it changed since changes were last taken, and with a record of which time.
    changed: Option<Timestamp>,
    /// Bytes of its values when they were written last.
    bytes: usize,
}

impl<V> Default for Waiting<V> {
    fn default() -> Self {
        Waiting { rows: BTreeMap::new(), value_bytes: 0 }
    }
}

impl<V> Waiting<V> {
    /// Adds a record; whether the row has to be remembered as changed by this.
    pub(super) fn add(&mut self, key: &[u8], time: Timestamp, value: V) -> bool {
        match self.rows.entry((time, KeyBytes::from(key))) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(Row {
                    first: value,
                    more: Vec::new(),
                    committed: false,
                    changed: Some(time),
                    bytes: 0,
                });
                true
            }
            std::collections::btree_map::Entry::Occupied(row) => {
                let row = row.into_mut();
                row.more.push(value);
                row.changed.replace(time).is_none()
            }
        }
    }

    /// Adds a record that is committed.
    pub(super) fn load(&mut self, key: &[u8], time: Timestamp, value: V) {
        self.add(key, time, value);
        if let Some(row) = self.rows.get_mut(&(time, KeyBytes::from(key))) {
            (row.committed, row.changed) = (true, None);
        }
    }

    /// The values of a row that is committed take so many bytes.
    pub(super) fn weigh(&mut self, key: &[u8], time: Timestamp, bytes: usize) {
        if let Some(row) = self.rows.get_mut(&(time, KeyBytes::from(key))) {
            self.value_bytes = self.value_bytes - row.bytes + bytes;
            row.bytes = bytes;
        }
    }

    /// Removes a row; whether it was committed, if it was there.
    pub(super) fn remove(&mut self, key: &[u8], time: Timestamp) -> Option<bool> {
        if self.rows.is_empty() {
            return None;
        }
        let row = self.rows.remove(&(time, KeyBytes::from(key)))?;
        self.value_bytes -= row.bytes;
        Some(row.committed)
    }

    /// The time of the first row.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.rows.first_key_value().map(|((time, _), _)| *time)
    }

    pub(super) fn take_first(&mut self) -> Option<(Timestamp, KeyBytes, Row<V>)> {
        let ((time, key), row) = self.rows.pop_first()?;
        self.value_bytes -= row.bytes;
        Some((time, key, row))
    }

    /// If the row is there: lets `write` write its values, unless that was asked before, and gives back when it changed.
    /// It counts as committed from now on.
    pub(super) fn take_change(
        &mut self,
        key: &KeyBytes,
        time: Timestamp,
        write: impl FnOnce(&Row<V>) -> Result<usize>,
    ) -> Option<Option<Result<Timestamp>>> {
        let row = self.rows.get_mut(&(time, key.clone()))?;
        row.committed = true;
        let Some(at) = row.changed.take() else { return Some(None) };
        let written = write(row).map(|bytes| {
            self.value_bytes = self.value_bytes - row.bytes + bytes;
            row.bytes = bytes;
            at
        });
        Some(Some(written))
    }

    /// Memory it takes, estimated.
    pub(super) fn bytes(&self) -> usize {
        self.rows.len() * (size_of::<(Timestamp, KeyBytes)>() + size_of::<Row<V>>()) + self.value_bytes
    }
}

impl<V> Row<V> {
    pub(super) fn was_committed(&self) -> bool {
        self.committed
    }

    pub(super) fn values(&self) -> impl ExactSizeIterator<Item = &V> {
        (0..self.more.len() + 1).map(|at| if at == 0 { &self.first } else { &self.more[at - 1] })
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = V> {
        std::iter::once(self.first).chain(self.more)
    }
}
