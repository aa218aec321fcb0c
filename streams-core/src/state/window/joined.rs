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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::serde::DefaultSerde;
    use crate::state::testing::{Logs, open};
    use crate::state::{MemoryBudget, TaskState, WindowSpec};

    const RETENTION: i64 = 150_000;

    #[derive(Debug, Clone)]
    enum Op {
        /// Key, and how far from the store's time the row is.
        Add(String, i64),
        Null(String, i64),
        Visit(String, i64, i64),
        Commit,
        Abort,
        Flush,
        Crash,
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let key = || "[ab]{0,2}";
        let near = || -200_000..30_000i64;
        let op = prop_oneof![
            8 => (key(), near()).prop_map(|(k, t)| Op::Add(k, t)),
            1 => (key(), 100_000..900_000i64).prop_map(|(k, t)| Op::Add(k, t)),
            1 => (key(), near()).prop_map(|(k, t)| Op::Null(k, t)),
            6 => (key(), near(), near()).prop_map(|(k, a, b)| Op::Visit(k, a.min(b), a.max(b))),
            3 => Just(Op::Commit),
            1 => Just(Op::Abort),
            2 => Just(Op::Flush),
            1 => Just(Op::Crash),
        ];
        proptest::collection::vec(op, 1..90)
    }

    /// Rows in the order in which they came: key, start, value; and the store's time.
    #[derive(Clone)]
    struct Model(Vec<(String, i64, i64)>, i64);

    fn store(expiry: WindowExpiry) -> WindowStore<String, i64> {
        let mut window = WindowSpec::new(Duration::ZERO, Duration::from_millis(RETENTION as u64));
        (window.retain_duplicates, window.expiry) = (true, expiry);
        WindowStore::for_join(StoreSpec::window("side", window), String::serde(), i64::serde()).unwrap()
    }

    fn run(ops: Vec<Op>, expiry: WindowExpiry) {
        let backend = crate::state::engine::MemoryBackend::new();
        let budget = Arc::new(MemoryBudget::new(1500));
        let mut logs = Logs::default();
        let mut rows = store(expiry);
        let mut state: Arc<TaskState> = open(&backend, rows.for_task(), &budget, &logs);
        let mut model = Model(Vec::new(), -1);
        let mut committed = model.clone();
        for (number, op) in ops.into_iter().enumerate() {
            let number = number as i64;
            match op {
                Op::Add(key, offset) => {
                    let start = (model.1 + offset).max(0);
                    model.1 = model.1.max(start);
                    let put = rows.add(key.as_bytes(), start, Some(number), number).unwrap();
                    let late = start <= model.1 - RETENTION;
                    assert!(put == Put::Stored || late, "{start} is refused at {}", model.1);
                    assert!(put == Put::Expired || !late || expiry == WindowExpiry::Persistent);
                    model.0.push((key, start, number));
                }
                Op::Null(key, offset) => {
                    let start = (model.1 + offset).max(0);
                    let _ = rows.add(key.as_bytes(), start, None, number).unwrap();
                    if expiry == WindowExpiry::InMemory {
                        model.1 = model.1.max(start);
                    }
                }
                Op::Visit(key, from, to) => {
                    let (from, to) = ((model.1 + from).max(0), (model.1 + to).max(0));
                    let shown = from.max(model.1 - RETENTION + 1)..=to;
                    let mut expected: Vec<(i64, i64)> = model
                        .0
                        .iter()
                        .filter(|(other, start, _)| *other == key && shown.contains(start))
                        .map(|(_, start, value)| (*start, *value))
                        .collect();
                    expected.sort_by_key(|(start, _)| *start);
                    let mut seen = Vec::new();
                    rows.visit(key.as_bytes(), (from, to), &mut |start, value| seen.push((start, *value)))
                        .unwrap();
                    assert_eq!(seen, expected);
                }
                Op::Commit => {
                    logs.commit(&state);
                    committed = model.clone();
                }
                Op::Abort => {
                    state.aborted();
                    model = committed.clone();
                }
                Op::Flush => _ = state.flush().unwrap(),
                Op::Crash => {
                    drop(state);
                    rows = store(expiry);
                    state = open(&backend, rows.for_task(), &budget, &logs);
                    model = committed.clone();
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_side_shows_what_came_and_is_not_too_old_whatever_is_committed_flushed_evicted_or_lost(
            ops in ops(),
            in_memory: bool,
        ) {
            run(ops, if in_memory { WindowExpiry::InMemory } else { WindowExpiry::Persistent });
        }
    }
}
