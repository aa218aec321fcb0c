//! Window stores as joins use them: rows are added and looked at, by the bytes of their key.

use std::sync::Arc;

use crate::error::Result;
use crate::serde::SerdeRef;
use crate::state::StoreSpec;
use crate::state::spec::WindowExpiry;
use crate::state::window::buffer::{Added, Buffer};
use crate::state::window::{Inner, Put, Shared, WindowStore};
use crate::time::Timestamp;

impl<K: 'static, V: Clone + Send + 'static> WindowStore<K, V> {
    /// A store for one side of a join. Its other readers, which go through the layers below, see what is committed.
    /// Errs if `spec` is not of a window store that keeps duplicates.
    pub(crate) fn for_join(spec: StoreSpec, key: SerdeRef<K>, value: SerdeRef<V>) -> Result<Self> {
        let store = Self::new(spec, key, Arc::clone(&value))?;
        store.lock().buffer = Some(Buffer::new(value));
        Ok(store)
    }

    /// Adds a value of the key that has these bytes, or a null, which is only numbered and logged. Errs if `start` is
    /// negative or the value cannot be serialized.
    pub(crate) fn add(
        &self,
        key: &[u8],
        start: Timestamp,
        value: Option<V>,
        timestamp: Timestamp,
    ) -> Result<Put> {
        self.check(start)?;
        let mut inner = self.lock();
        inner.row.clear();
        inner.row.extend_from_slice(key);
        inner.add(&self.shared, start, value, timestamp)
    }

    /// Shows the values of the key that has these bytes and start within `span` to `look`, by time, those of one
    /// time in the order in which they were added. `look` must not use this store.
    #[inline]
    pub(crate) fn visit(
        &self,
        key: &[u8],
        span: (Timestamp, Timestamp),
        look: &mut dyn FnMut(Timestamp, &V),
    ) -> Result<()> {
        let mut inner = self.lock();
        let Inner { buffer, entries, clock, .. } = &mut *inner;
        let Some(buffer) = buffer else { return Ok(()) };
        buffer.visit(&self.shared.geometry, clock, entries, key, span, look)
    }
}

impl<V: Clone + 'static> Inner<V> {
    /// Adds a row to the buffer; the bytes of its key are in `row`.
    pub(super) fn add<K: 'static>(
        &mut self,
        shared: &Shared<K, V>,
        start: Timestamp,
        value: Option<V>,
        timestamp: Timestamp,
    ) -> Result<Put> {
        let geometry = &shared.geometry;
        let sequence = self.next_sequence(geometry);
        let Inner { buffer: Some(buffer), entries, clock, row, .. } = self else {
            return Ok(Put::Stored);
        };
        let null = value.as_ref().is_none_or(|value| entries.is_null(value));
        if !null || geometry.expiry == WindowExpiry::InMemory {
            clock.stream_time.advance(start);
        }
        buffer.add(geometry, clock, entries, row, Added { start, sequence, value, timestamp })
    }
}
