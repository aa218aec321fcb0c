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

/// Where a record lies. Lengths of nulls are −1; key, value and headers follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) offset: Offset,
    pub(crate) timestamp: i64,
    pub(crate) start: usize,
    pub(crate) key_len: i32,
    pub(crate) value_len: i32,
    pub(crate) headers_len: u32,
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
            key_len: record.key.map_or(-1, |k| k.len() as i32),
            value_len: record.value.map_or(-1, |v| v.len() as i32),
            headers_len: record.headers.0.len() as u32,
        });
    }

    /// The buffer, to append a block of bytes to that [`place`](Self::place) then finds records in.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Appends a record whose bytes are in the buffer already.
    #[inline]
    pub(crate) fn place(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// The record at `index`, which must be below [`len`](Self::len).
    #[inline]
    pub fn get(&self, index: usize) -> RecordView<'_> {
        let entry = &self.entries[index];
        let key_end = entry.start + entry.key_len.max(0) as usize;
        let value_end = key_end + entry.value_len.max(0) as usize;
        let slice = |range: Range<usize>| &self.bytes[range];
        RecordView {
            offset: entry.offset,
            timestamp: entry.timestamp,
            key: (entry.key_len >= 0).then(|| slice(entry.start..key_end)),
            value: (entry.value_len >= 0).then(|| slice(key_end..value_end)),
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

    /// Bytes held: keys, values and headers, and what frames them where a log handed over whole blocks.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets the records and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }
}
