//! Many records as bytes in one buffer.

use std::ops::Range;

use crate::ids::Offset;
use crate::record::{EncodedHeaders, RecordView};

/// Records as bytes in one buffer, to be filled, read by index and filled again without allocation.
#[derive(Debug, Clone, Default)]
pub struct RecordBatch {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    offset: Offset,
    timestamp: i64,
    start: usize,
    key_len: Option<u32>,
    value_len: Option<u32>,
    headers_len: u32,
}

impl RecordBatch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a copy of `record`.
    #[inline]
    pub fn push(&mut self, record: RecordView<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(record.key.unwrap_or_default());
        self.bytes.extend_from_slice(record.value.unwrap_or_default());
        self.bytes.extend_from_slice(record.headers.0);
        self.entries.push(Entry {
            offset: record.offset,
            timestamp: record.timestamp,
            start,
            key_len: record.key.map(|k| k.len() as u32),
            value_len: record.value.map(|v| v.len() as u32),
            headers_len: record.headers.0.len() as u32,
        });
    }

    /// The record at `index`, which must be below [`len`](Self::len).
    #[inline]
    pub fn get(&self, index: usize) -> RecordView<'_> {
        let entry = &self.entries[index];
        let key_end = entry.start + entry.key_len.unwrap_or(0) as usize;
        let value_end = key_end + entry.value_len.unwrap_or(0) as usize;
        let slice = |range: Range<usize>| &self.bytes[range];
        RecordView {
            offset: entry.offset,
            timestamp: entry.timestamp,
            key: entry.key_len.map(|_| slice(entry.start..key_end)),
            value: entry.value_len.map(|_| slice(key_end..value_end)),
            headers: EncodedHeaders(slice(value_end..value_end + entry.headers_len as usize)),
        }
    }

    /// All records in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RecordView<'_>> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of keys, values and headers.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets the records and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }
}
