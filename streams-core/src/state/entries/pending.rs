//! Rows that are committed but not in the engine yet.
//!
//! Found by hash, because commits and reads of single keys are what happens all the time. The order of the keys is
//! made when somebody reads in order, and kept from then on.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::OnceLock;

use hashbrown::HashTable;

use crate::state::entries::KeyBytes;
use crate::state::entries::slots::AHEAD;

/// What a row takes besides its bytes.
const ROW_OVERHEAD: usize = size_of::<Row>() + 6;

/// Rows by key: what is to be put, or `None` to be removed.
#[derive(Default)]
pub struct Pending {
    table: HashTable<u32>,
    rows: Vec<Row>,
    bytes: usize,
    order: OnceLock<BTreeMap<KeyBytes, u32>>,
}

struct Row {
    hash: u64,
    key: KeyBytes,
    value: Value,
}

/// What is to be put for a row. Few bytes lie in place, so that writing them again costs no further memory access.
#[derive(Clone)]
enum Value {
    Removed,
    Inline { len: u8, bytes: [u8; INLINE] },
    Boxed(Box<[u8]>),
}

const INLINE: usize = 22;

impl Value {
    fn get(&self) -> Option<&[u8]> {
        match self {
            Value::Removed => None,
            Value::Inline { len, bytes } => Some(&bytes[..usize::from(*len)]),
            Value::Boxed(bytes) => Some(bytes),
        }
    }

    fn len(&self) -> usize {
        self.get().map_or(0, <[u8]>::len)
    }
}

impl From<Option<&[u8]>> for Value {
    fn from(value: Option<&[u8]>) -> Self {
        match value {
            None => Value::Removed,
            Some(value) if value.len() <= INLINE => {
                let mut bytes = [0; INLINE];
                bytes[..value.len()].copy_from_slice(value);
                Value::Inline { len: value.len() as u8, bytes }
            }
            Some(value) => Value::Boxed(value.into()),
        }
    }
}

impl From<Option<Box<[u8]>>> for Value {
    fn from(value: Option<Box<[u8]>>) -> Self {
        match value {
            Some(value) if value.len() > INLINE => Value::Boxed(value),
            other => other.as_deref().into(),
        }
    }
}

impl Pending {
    /// No rows, with room for so many.
    pub(super) fn with_capacity(rows: usize) -> Self {
        Pending {
            table: HashTable::with_capacity(rows),
            rows: Vec::with_capacity(rows),
            ..Pending::default()
        }
    }

    /// The row of `key`: `Some(None)` if it is to be removed, `None` if nothing is known of it here. Whatever makes
    /// the hashes, it must be the same for all rows.
    pub(super) fn get(&self, key: &[u8], hash: u64) -> Option<Option<&[u8]>> {
        let number = self.find(key, hash)?;
        Some(self.rows[number as usize].value.get())
    }

    /// Looks at rows of these hashes, so that they are in the processor's cache when they are set.
    pub(super) fn warm(&self, hashes: impl Iterator<Item = u64>) {
        let look = |hash: u64| {
            let found = self.table.find(hash, |&number| self.rows[number as usize].hash == hash);
            found.map_or(0, |&number| self.rows[number as usize].value.len())
        };
        std::hint::black_box(hashes.map(look).fold(0, usize::wrapping_add));
    }

    /// Sets the row of `key`, over the one it had if that is as long; whether that one was a value, if there was one.
    pub(super) fn put(&mut self, key: &KeyBytes, hash: u64, value: Option<&[u8]>) -> Option<bool> {
        let Some(number) = self.find(key, hash) else {
            self.push(Row { hash, key: key.clone(), value: value.into() });
            return None;
        };
        let slot = &mut self.rows[number as usize].value;
        let (before, had) = (slot.len(), slot.get().is_some());
        match (&mut *slot, value) {
            (Value::Boxed(old), Some(new)) if old.len() == new.len() => old.copy_from_slice(new),
            _ => *slot = value.into(),
        }
        self.bytes = self.bytes - before + value.map_or(0, <[u8]>::len);
        Some(had)
    }

    /// [`put`](Self::put) of a value that is there already.
    pub(super) fn put_owned(&mut self, key: KeyBytes, hash: u64, value: Option<Box<[u8]>>) -> Option<bool> {
        let Some(number) = self.find(&key, hash) else {
            self.push(Row { hash, key, value: value.into() });
            return None;
        };
        self.bytes += value.as_ref().map_or(0, |value| value.len());
        let before = std::mem::replace(&mut self.rows[number as usize].value, value.into());
        self.bytes -= before.len();
        Some(before.get().is_some())
    }

    /// Adds the rows of `older` that are not here.
    pub(super) fn put_below(&mut self, older: &Pending) {
        for Row { hash, key, value } in &older.rows {
            if self.find(key, *hash).is_none() {
                self.push(Row { hash: *hash, key: key.clone(), value: value.clone() });
            }
        }
    }

    /// Drops the rows below `floor`.
    pub(super) fn drop_below(&mut self, floor: &[u8]) {
        let before = self.rows.len();
        self.rows.retain(|row| *row.key >= *floor);
        if self.rows.len() == before {
            return;
        }
        let rows = std::mem::take(self).rows;
        rows.into_iter().for_each(|row| self.push(row));
    }

    /// The rows of a range in key order.
    pub(super) fn range(
        &self,
        bounds: (Bound<&[u8]>, Bound<&[u8]>),
    ) -> impl DoubleEndedIterator<Item = (&KeyBytes, Option<&[u8]>)> {
        let order = self.order.get_or_init(|| {
            self.rows.iter().enumerate().map(|(number, row)| (row.key.clone(), number as u32)).collect()
        });
        let value = |number: u32| self.rows[number as usize].value.get();
        order.range::<[u8], _>(bounds).map(move |(key, &number)| (key, value(number)))
    }

    /// All rows in key order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&KeyBytes, Option<&[u8]>)> {
        // Sorted by some bytes behind what all keys have in common, so that most comparisons need no further memory.
        let first: &[u8] = self.rows.first().map_or(&[], |row| &row.key);
        let shared = self.rows.iter().fold(first.len(), |shared, row| {
            first[..shared].iter().zip(row.key.iter()).take_while(|(a, b)| a == b).count()
        });
        let sample = |row: &Row| {
            let tail = &row.key[shared..];
            let mut sample = [0; 16];
            let len = tail.len().min(16);
            sample[..len].copy_from_slice(&tail[..len]);
            u128::from_be_bytes(sample)
        };
        let mut order: Vec<(u128, u32)> =
            self.rows.iter().enumerate().map(|(number, row)| (sample(row), number as u32)).collect();
        let key = |number: u32| &self.rows[number as usize].key;
        order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| key(a.1).cmp(key(b.1))));
        let row = |at: &(u128, u32)| &self.rows[at.1 as usize];
        (0..order.len()).map(move |at| {
            if at % AHEAD == 0 {
                // The rows lie anywhere in memory. Waiting for many of them at once takes as long as for one.
                let ends = |row: &Row| {
                    row.value.get().map_or(0, |v| v.first().unwrap_or(&0) ^ v.last().unwrap_or(&0))
                };
                let next = &order[at..order.len().min(at + AHEAD)];
                std::hint::black_box(next.iter().fold(0, |all, at| all ^ ends(row(at))));
            }
            let row = row(&order[at]);
            (&row.key, row.value.get())
        })
    }

    /// Memory it takes, estimated.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    #[inline]
    fn find(&self, key: &[u8], hash: u64) -> Option<u32> {
        let found = self.table.find(hash, |&number| {
            let row = &self.rows[number as usize];
            row.hash == hash && *row.key == *key
        });
        found.copied()
    }

    fn push(&mut self, row: Row) {
        let number = u32::try_from(self.rows.len()).expect("memory ends before four billion rows do");
        self.bytes += row.key.len() + ROW_OVERHEAD + row.value.len();
        if let Some(order) = self.order.get_mut() {
            order.insert(row.key.clone(), number);
        }
        let hash = row.hash;
        self.rows.push(row);
        let rows = &self.rows;
        self.table.insert_unique(hash, number, |&number| rows[number as usize].hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(pending: &mut Pending, key: &[u8], value: &[u8]) {
        let _ = pending.put(&key.into(), u64::from(key[0] % 3), Some(value));
    }

    fn keys<'a>(rows: impl Iterator<Item = (&'a KeyBytes, Option<&'a [u8]>)>) -> Vec<Vec<u8>> {
        rows.map(|(key, _)| key.to_vec()).collect()
    }

    #[test]
    fn rows_come_in_key_order_whatever_was_put_or_read_before() {
        let mut pending = Pending::default();
        let all = (Bound::Unbounded, Bound::Unbounded);
        for key in ["key-3", "key-1", "key-12", "key-1\0", "key", "key-0123456789abcdefghij", "key-2"] {
            put(&mut pending, key.as_bytes(), b"v");
        }
        let mut expected = keys(pending.iter());
        expected.sort();
        assert_eq!(keys(pending.iter()), expected);
        assert_eq!(keys(pending.range(all)), expected);
        put(&mut pending, b"a", b"v");
        put(&mut pending, b"key-2", b"longer");
        expected.insert(0, b"a".to_vec());
        assert_eq!(keys(pending.range(all)), expected);
        pending.drop_below(b"key-1");
        assert_eq!(keys(pending.iter()), expected[3..]);
        assert_eq!(keys(pending.range(all)), expected[3..]);
        assert_eq!(pending.get(b"key-2", u64::from(b'k' % 3)), Some(Some(&b"longer"[..])));
        assert_eq!(pending.get(b"a", u64::from(b'a' % 3)), None);
    }

    #[test]
    fn the_bytes_are_those_of_the_rows_that_are_left() {
        let mut pending = Pending::default();
        put(&mut pending, b"a", b"12345");
        put(&mut pending, b"b", b"1");
        assert_eq!(pending.put(&(&b"a"[..]).into(), u64::from(b'a' % 3), None), Some(true));
        assert_eq!(
            pending.put_owned((&b"b"[..]).into(), u64::from(b'b' % 3), Some([1; 7].into())),
            Some(true)
        );
        assert_eq!(pending.bytes(), 2 * (ROW_OVERHEAD + 1) + 7);
        pending.drop_below(b"b");
        assert_eq!(pending.bytes(), ROW_OVERHEAD + 8);
    }
}
