//! Commit, abort, flush and restore of a window store, and the going of what has expired.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::record::{EncodedHeaders, RecordView};
use crate::state::budget::MemoryBudget;
use crate::state::engine::KeyRange;
use crate::state::entries::{Below, KeyBytes};
use crate::state::spec::WindowExpiry;
use crate::state::task_store::TaskStore;
use crate::state::task_store::layers::{FlushPart, StoreLayers, StoreProgress};
use crate::state::value::stored;
use crate::state::window::buffer::Buffer;
use crate::state::window::geometry::{Clock, Geometry, parse_changelog};
use crate::state::window::{Inner, Shared};
use crate::state::{StoreSpec, StoreUsage};

impl<V: Clone + 'static> Inner<V> {
    /// `clock` is committed: what has expired by it goes from memory.
    fn committed(&mut self, clock: Clock, geometry: &Geometry) {
        self.committed = clock;
        let first = geometry.first_segment(&clock);
        if first > self.first_segment {
            self.first_segment = first;
            self.entries.drop_below(&geometry.floor(first));
            if let Some(buffer) = &mut self.buffer {
                buffer.drop_before(geometry.visible_from(&clock));
            }
        }
    }
}

impl<K: 'static, V: Clone + Send + 'static> TaskStore for Shared<K, V> {
    fn spec(&self) -> &StoreSpec {
        &self.spec
    }
}

impl<K: 'static, V: Clone + Send + 'static> StoreLayers for Shared<K, V> {
    fn layout(&self) -> String {
        let Geometry { segment, layout, duplicates, .. } = self.geometry;
        format!("window {layout:?}, segments of {segment} ms, duplicates {duplicates}")
    }

    fn attach(&self, below: Below, budget: Arc<MemoryBudget>, progress: Option<StoreProgress>) {
        let mut inner = self.lock();
        let progress = progress.unwrap_or_default();
        inner.entries.attach(below, Arc::clone(&budget), progress.len);
        if let Some(buffer) = &mut inner.buffer {
            buffer.attach(budget, progress.stream_time);
        }
        let clock = &mut inner.clock;
        clock.stream_time.advance(progress.stream_time);
        clock.sequence = clock.sequence.max(progress.sequence);
        clock.keep_from = clock.keep_from.or(progress.keep_from);
        (inner.staged, inner.committed) = (inner.clock, inner.clock);
        // Rows of a flush that was cut short may be later; the changelog brings them again, above the engine.
        inner.engine_last_start = progress.stream_time;
    }

    fn stage(&self, emit: &mut dyn FnMut(RecordView<'_>) -> Result<()>) -> Result<()> {
        let mut inner = self.lock();
        inner.staged = inner.clock;
        if let Some(buffer) = &mut inner.buffer {
            return buffer.stage(&self.geometry, emit);
        }
        let mut together = Vec::new();
        inner.entries.stage(&mut |row, value, timestamp| {
            let key = self.geometry.changelog_key(row, &mut together);
            emit(RecordView {
                offset: 0,
                timestamp,
                key: Some(key),
                value,
                headers: EncodedHeaders::default(),
            })
        })
    }

    fn commit(&self) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        match &mut inner.buffer {
            Some(buffer) => buffer.commit(&mut inner.entries),
            None => inner.entries.commit(),
        }
        let clock = inner.staged;
        inner.committed(clock, &self.geometry);
    }

    fn abort(&self) {
        let mut inner = self.lock();
        inner.entries.abort();
        let stream_time = inner.committed.stream_time.get();
        if let Some(buffer) = &mut inner.buffer {
            buffer.abort(stream_time);
        }
        (inner.clock, inner.staged) = (inner.committed, inner.committed);
    }

    fn begin_flush(&self) -> FlushPart {
        let mut inner = self.lock();
        let rows = inner.entries.begin_flush();
        let Clock { stream_time, sequence, keep_from } = inner.committed;
        inner.engine_last_start = inner.engine_last_start.max(stream_time.get());
        let len = inner.entries.committed_len();
        let first = inner.first_segment;
        inner.flushed_segment = first;
        let expired = (first > inner.engine_first_segment)
            .then(|| KeyRange::below(self.geometry.floor(first).to_vec()));
        let progress = StoreProgress { len, stream_time: stream_time.get(), sequence, keep_from };
        FlushPart { rows, progress, expired }
    }

    fn end_flush(&self, written: bool) {
        let flushed = {
            let mut inner = self.lock();
            if written {
                // At least what `begin_flush` named is gone; if more has expired since, the next flush removes it.
                inner.engine_first_segment = inner.flushed_segment;
            }
            inner.entries.end_flush(written)
        };
        drop(flushed);
    }

    fn restore(&self, records: &mut dyn Iterator<Item = RecordView<'_>>) -> Result<u64> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let mut expired = 0;
        for record in records {
            let Some(parts) = record.key.and_then(parse_changelog) else {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    format!(
                        "store `{}`: the key of the changelog record at offset {} does not end in 8 bytes of window \
                         start and 4 of sequence",
                        self.spec.name, record.offset
                    ),
                ));
            };
            inner.clock.sequence = inner.clock.sequence.max(parts.sequence);
            if inner.buffer.is_some() && record.value.is_none() {
                // A null is only logged; in Kafka's store in memory it moves the time on.
                if self.geometry.expiry == WindowExpiry::InMemory {
                    inner.clock.stream_time.advance(parts.start);
                }
                continue;
            }
            inner.clock.stream_time.advance(parts.start);
            if !self.geometry.accepts(&inner.clock, parts.start) {
                expired += 1;
                continue;
            }
            inner.row.clear();
            self.geometry.row_key(parts.start, parts.sequence, &mut inner.row, |out| {
                out.extend_from_slice(parts.key);
                Ok::<(), Error>(())
            })?;
            let row = KeyBytes::from(inner.row.as_slice());
            inner.entries.restore(row, stored(record.value, record.timestamp));
        }
        inner.entries.restored();
        if let Some(buffer) = &mut inner.buffer {
            buffer.restored(inner.clock.stream_time.get());
        }
        inner.staged = inner.clock;
        inner.committed(inner.clock, &self.geometry);
        Ok(expired)
    }

    fn clear(&self) {
        let mut inner = self.lock();
        inner.entries.clear();
        if let Some(buffer) = &mut inner.buffer {
            buffer.clear();
        }
        // The mark is the operator's, who may set it before what it protects is restored.
        inner.clock = Clock { keep_from: inner.clock.keep_from, ..Clock::default() };
        (inner.staged, inner.committed) = (inner.clock, inner.clock);
        (inner.first_segment, inner.engine_first_segment) = (0, 0);
    }

    fn pending_bytes(&self) -> usize {
        self.lock().entries.pending_bytes()
    }

    fn usage(&self) -> StoreUsage {
        let inner = self.lock();
        let buffered = inner.buffer.as_ref().map_or_else(StoreUsage::default, Buffer::usage);
        inner.entries.usage() + buffered
    }
}
