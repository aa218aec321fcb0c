//! Changes to the stores of one task that happen together.

use std::ops::Range;

use crate::state::engine::StoreNumber;

/// Puts and deletes that an engine applies at once. A later one of the same key wins.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    ops: Vec<Entry>,
}

/// One change of a [`Batch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op<'a> {
    /// The store.
    pub store: StoreNumber,
    /// The key.
    pub key: &'a [u8],
    /// The new value, `None` to delete.
    pub value: Option<&'a [u8]>,
}

#[derive(Debug, Clone)]
struct Entry {
    store: StoreNumber,
    key: Range<usize>,
    value: Option<Range<usize>>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of `key`.
    pub fn put(&mut self, store: StoreNumber, key: &[u8], value: &[u8]) {
        let key = self.push(key);
        let value = Some(self.push(value));
        self.ops.push(Entry { store, key, value });
    }

    /// Removes `key`.
    pub fn delete(&mut self, store: StoreNumber, key: &[u8]) {
        let key = self.push(key);
        self.ops.push(Entry { store, key, value: None });
    }

    /// Adds the changes of another batch.
    pub fn append(&mut self, other: &Batch) {
        for Op { store, key, value } in other.ops() {
            match value {
                Some(value) => self.put(store, key, value),
                None => self.delete(store, key),
            }
        }
    }

    /// The changes in the order they were added.
    pub fn ops(&self) -> impl ExactSizeIterator<Item = Op<'_>> {
        self.ops.iter().map(|op| Op {
            store: op.store,
            key: &self.bytes[op.key.clone()],
            value: op.value.clone().map(|value| &self.bytes[value]),
        })
    }

    /// Number of changes.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Bytes of keys and values.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    fn push(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }
}
