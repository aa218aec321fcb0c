//! Key-value stores.

use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::record::{EncodedHeaders, RecordView};
use crate::serde::{DefaultSerde, SerdeRef};
use crate::state::budget::MemoryBudget;
use crate::state::engine::{Direction, KeyRange};
use crate::state::entries::{Below, Cursor, Entries};
use crate::state::recency::Recency;
use crate::state::rows::{KeyValueRows, Scan};
use crate::state::task_store::layers::{FlushPart, StoreLayers, StoreProgress};
use crate::state::task_store::{TaskStore, TaskStoreRef};
use crate::state::{StoreSpec, StoreUsage, Unforwarded, ValueAndTimestamp};
use crate::time::Timestamp;

/// One value per key, in the order of the key bytes.
///
/// A handle: clones are the same store, and may be used by other threads, which then see what is not committed
/// yet, too. Until a task opens it, it holds what is put into it and nothing else.
///
/// ```
/// use streams_core::state::{KeyValueStore, StoreSpec};
///
/// let store = KeyValueStore::<String, i64>::with_default_serdes(StoreSpec::key_value("counts"));
/// let ann = "ann".to_owned();
/// store.put(&ann, 1, 100)?;
/// let count = store.update(&ann, 200, |entry| {
///     let entry = entry.as_mut().expect("it was put");
///     (entry.value, entry.timestamp) = (entry.value + 1, 200);
///     entry.value
/// })?;
/// assert_eq!((count, store.get(&ann)?), (2, Some(2)));
/// # Ok::<(), streams_core::Error>(())
/// ```
pub struct KeyValueStore<K: 'static, V: 'static> {
    shared: Arc<Shared<K, V>>,
}

struct Shared<K: 'static, V: 'static> {
    spec: StoreSpec,
    key_serde: SerdeRef<K>,
    inner: Mutex<Inner<V>>,
}

struct Inner<V: 'static> {
    entries: Entries<V>,
    /// Key bytes of the call under way.
    key: Vec<u8>,
    /// In a bounded store, what was used last.
    recency: Option<Recency>,
}

impl<K: 'static, V: Clone + Send + 'static> KeyValueStore<K, V> {
    /// A store that holds nothing yet.
    pub fn new(spec: StoreSpec, key_serde: SerdeRef<K>, value_serde: SerdeRef<V>) -> Self {
        let entries = Entries::new(value_serde, spec.cached);
        let recency = spec.max_keys.map(Recency::new);
        let inner = Mutex::new(Inner { entries, key: Vec::new(), recency });
        KeyValueStore { shared: Arc::new(Shared { spec, key_serde, inner }) }
    }

    /// A store of types that have a default serde.
    pub fn with_default_serdes(spec: StoreSpec) -> Self
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        Self::new(spec, K::serde(), V::serde())
    }

    /// What the store is.
    pub fn spec(&self) -> &StoreSpec {
        &self.shared.spec
    }

    /// This store for [`TaskState::open`](crate::state::TaskState::open).
    pub fn for_task(&self) -> TaskStoreRef {
        self.shared.clone()
    }

    /// The value of `key`. Errs if its stored bytes cannot be read.
    pub fn get(&self, key: &K) -> Result<Option<V>> {
        self.with_slot(key, |entry| entry.map(|entry| entry.value.clone()))
    }

    /// The value of `key` and its time. Errs if its stored bytes cannot be read.
    pub fn get_stamped(&self, key: &K) -> Result<Option<ValueAndTimestamp<V>>> {
        self.with_slot(key, |entry| Some(entry?.clone()))
    }

    /// Lets `read` look at the entry of `key`, without a copy. It must not use this store.
    pub fn with<R>(&self, key: &K, read: impl FnOnce(Option<&ValueAndTimestamp<V>>) -> R) -> Result<R> {
        self.with_slot(key, read)
    }

    /// [`with`](Self::with), but with the entry as it was when changes were last taken for forwarding.
    pub(crate) fn with_forwarded<R>(
        &self,
        key: &K,
        read: impl FnOnce(Option<&ValueAndTimestamp<V>>) -> R,
    ) -> Result<R> {
        let mut inner = self.lock();
        let Inner { entries, key: bytes, .. } = inner.at(&self.shared, key)?;
        let slot = entries.load(bytes, true)?;
        let result = read(entries.forwarded(slot));
        inner.used(slot, crate::time::UNKNOWN)?;
        Ok(result)
    }

    /// Sets the value of `key`; a value that is null by its serde removes it.
    pub fn put(&self, key: &K, value: V, timestamp: Timestamp) -> Result<()> {
        let mut inner = self.lock();
        let Inner { entries, key: bytes, .. } = inner.at(&self.shared, key)?;
        let slot = entries.slot_for_put(bytes, true)?;
        entries.modify(slot, timestamp, |entry| *entry = Some(ValueAndTimestamp::new(value, timestamp)));
        inner.used(slot, timestamp)
    }

    /// Sets the value of `key` unless it has one, which is then returned. Errs if its stored bytes cannot be read.
    pub fn put_if_absent(&self, key: &K, value: V, timestamp: Timestamp) -> Result<Option<V>> {
        let mut inner = self.lock();
        let Inner { entries, key: bytes, .. } = inner.at(&self.shared, key)?;
        let slot = entries.load(bytes, true)?;
        if let Some(entry) = entries.entry(slot) {
            return Ok(Some(entry.value.clone()));
        }
        entries.modify(slot, timestamp, |entry| *entry = Some(ValueAndTimestamp::new(value, timestamp)));
        inner.used(slot, timestamp)?;
        Ok(None)
    }

    /// Removes `key` at time `now`; the value it had.
    pub fn delete(&self, key: &K, now: Timestamp) -> Result<Option<V>> {
        self.update(key, now, |entry| entry.take().map(|entry| entry.value))
    }

    /// Lets `f` change the entry of `key` in place: it sees what is there and may take or replace it. If it leaves
    /// none, the key is removed at time `now`. `f` must not use this store.
    #[inline]
    pub fn update<R>(
        &self,
        key: &K,
        now: Timestamp,
        f: impl FnOnce(&mut Option<ValueAndTimestamp<V>>) -> R,
    ) -> Result<R> {
        let mut inner = self.lock();
        let Inner { entries, key: bytes, .. } = inner.at(&self.shared, key)?;
        let slot = entries.load(bytes, true)?;
        let result = entries.modify(slot, now, f);
        inner.used(slot, now)?;
        Ok(result)
    }

    /// Keys from one bound to another, in the order of their bytes.
    pub fn range(&self, lower: Bound<&K>, upper: Bound<&K>) -> KeyValueRows<K, V> {
        self.scan(lower, upper, Direction::Forward)
    }

    /// [`range`](Self::range) backwards; the bounds stay the same.
    pub fn reverse_range(&self, lower: Bound<&K>, upper: Bound<&K>) -> KeyValueRows<K, V> {
        self.scan(lower, upper, Direction::Reverse)
    }

    /// Everything, in the order of the key bytes.
    pub fn all(&self) -> KeyValueRows<K, V> {
        self.rows(KeyRange::all(), Direction::Forward)
    }

    /// Everything, in the reverse order of the key bytes.
    pub fn reverse_all(&self) -> KeyValueRows<K, V> {
        self.rows(KeyRange::all(), Direction::Reverse)
    }

    /// Keys whose bytes begin with `prefix`, in the order of their bytes.
    pub fn prefix(&self, prefix: &[u8]) -> KeyValueRows<K, V> {
        self.rows(KeyRange::prefix(prefix), Direction::Forward)
    }

    /// About how many keys there are: keys that were put without having been read count as new.
    pub fn approximate_len(&self) -> u64 {
        self.lock().entries.approximate_len()
    }

    /// Looks where the entries of these keys lie, given as bytes: they will be asked for soon.
    pub(crate) fn warm<'a>(&self, keys: impl Iterator<Item = &'a [u8]>) {
        let inner = self.lock();
        if inner.entries.is_worth_warming() {
            inner.entries.warm(keys.map(|key| inner.entries.hash(key)));
        }
    }

    /// Keys that changed since the last call, in the order of their last change; nothing if the store is not
    /// `cached`. Call it before the changes of a commit are taken. Without `want_old`, `old` is `None`.
    pub fn take_unforwarded(&self, want_old: bool) -> Result<Vec<Unforwarded<K, V>>> {
        let mut taken = Vec::new();
        while self.next_unforwarded(want_old, &mut taken)? {}
        Ok(taken)
    }

    /// Adds the next of them to `taken`; whether there are more. What changes meanwhile is for the next time.
    pub(crate) fn next_unforwarded(
        &self,
        want_old: bool,
        taken: &mut Vec<Unforwarded<K, V>>,
    ) -> Result<bool> {
        self.lock().entries.next_changed(|key, new, old, timestamp| {
            let key = self.shared.key_serde.deserialize(key)?;
            taken.push(Unforwarded { key, new, old: old.filter(|_| want_old), timestamp });
            Ok(())
        })
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, Inner<V>> {
        self.shared.lock()
    }

    fn with_slot<R>(&self, key: &K, read: impl FnOnce(Option<&ValueAndTimestamp<V>>) -> R) -> Result<R> {
        let mut inner = self.lock();
        let Inner { entries, key: bytes, .. } = inner.at(&self.shared, key)?;
        let slot = entries.load(bytes, true)?;
        let result = read(entries.entry(slot));
        inner.used(slot, crate::time::UNKNOWN)?;
        Ok(result)
    }

    fn scan(&self, lower: Bound<&K>, upper: Bound<&K>, direction: Direction) -> KeyValueRows<K, V> {
        match (self.bound(lower), self.bound(upper)) {
            (Ok(lower), Ok(upper)) => {
                let range = KeyRange { lower, upper };
                if range.is_reversed() {
                    let store = &self.shared.spec.name;
                    tracing::warn!(store, "a range whose first key is behind its last one is empty");
                }
                self.rows(range, direction)
            }
            (Err(error), _) | (_, Err(error)) => {
                KeyValueRows::new(Scan::of(Some(error)), self.shared.key_serde.clone())
            }
        }
    }

    fn bound(&self, bound: Bound<&K>) -> Result<Bound<Vec<u8>>> {
        let bytes = |key: &K| {
            let mut out = Vec::new();
            self.shared.key_serde.serialize(key, &mut out).map(|()| out)
        };
        Ok(match bound {
            Bound::Included(key) => Bound::Included(bytes(key)?),
            Bound::Excluded(key) => Bound::Excluded(bytes(key)?),
            Bound::Unbounded => Bound::Unbounded,
        })
    }

    fn rows(&self, range: KeyRange, direction: Direction) -> KeyValueRows<K, V> {
        let mut cursor = Some(Cursor::new(range, direction));
        let shared = self.shared.clone();
        let scan =
            Scan::over(move |cursor, out| shared.lock().entries.chunk(cursor, out), move || cursor.take());
        KeyValueRows::new(scan, self.shared.key_serde.clone())
    }
}

impl<V: Clone + 'static> Inner<V> {
    /// This, with the bytes of `key` in place.
    #[inline]
    fn at<K: 'static>(&mut self, shared: &Shared<K, V>, key: &K) -> Result<&mut Self> {
        self.key.clear();
        shared.key_serde.serialize(key, &mut self.key)?;
        Ok(self)
    }

    /// The entry of the key under way, in `slot`, was used at `now`: in a bounded store one that was not may go.
    #[inline]
    fn used(&mut self, slot: u32, now: Timestamp) -> Result<()> {
        if self.recency.is_some() { self.remember(slot, now) } else { Ok(()) }
    }

    fn forget_uses(&mut self) {
        if let Some(recency) = &mut self.recency {
            recency.reset();
        }
    }

    fn remember(&mut self, slot: u32, now: Timestamp) -> Result<()> {
        let Inner { entries, key, recency: Some(recency) } = self else { return Ok(()) };
        let present = entries.entry(slot).is_some();
        if !recency.is_known() {
            let mut cursor = Cursor::new(KeyRange::all(), Direction::Forward);
            let mut rows = Vec::new();
            while !cursor.done {
                entries.chunk(&mut cursor, &mut rows)?;
            }
            recency.know(rows.into_iter().map(|(key, _)| (&*key).into()));
        }
        recency.touch(key, present);
        while let Some(surplus) = recency.surplus() {
            let slot = entries.load(&surplus, true)?;
            // Logged like any removal, so that a restart does not bring the entry back.
            entries.modify(slot, now, |entry| *entry = None);
            recency.touch(&surplus, false);
        }
        Ok(())
    }
}

impl<K: 'static, V: 'static> Shared<K, V> {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Inner<V>> {
        // A closure that panicked leaves a dirty entry at worst, which the task then aborts.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: 'static, V: Clone + Send + 'static> TaskStore for Shared<K, V> {
    fn spec(&self) -> &StoreSpec {
        &self.spec
    }
}

impl<K: 'static, V: Clone + Send + 'static> StoreLayers for Shared<K, V> {
    fn layout(&self) -> String {
        "key-value".to_owned()
    }

    fn attach(&self, below: Below, budget: Arc<MemoryBudget>, progress: Option<StoreProgress>) {
        self.lock().entries.attach(below, budget, progress.map_or(0, |progress| progress.len));
    }

    fn stage(&self, emit: &mut dyn FnMut(RecordView<'_>) -> Result<()>) -> Result<()> {
        self.lock().entries.stage(&mut |key, value, timestamp| {
            let headers = EncodedHeaders::default();
            emit(RecordView { offset: 0, timestamp, key: Some(key), value, headers })
        })
    }

    fn commit(&self) {
        self.lock().entries.commit();
    }

    fn abort(&self) {
        let mut inner = self.lock();
        inner.entries.abort();
        inner.forget_uses();
    }

    fn begin_flush(&self) -> FlushPart {
        self.lock().entries.begin_flush_of_keys()
    }

    fn end_flush(&self, written: bool) {
        let flushed = self.lock().entries.end_flush(written);
        drop(flushed);
    }

    fn restore(&self, records: &mut dyn Iterator<Item = RecordView<'_>>) -> Result<u64> {
        let mut inner = self.lock();
        inner.entries.restore_keys(records);
        inner.forget_uses();
        Ok(0)
    }

    fn clear(&self) {
        let mut inner = self.lock();
        inner.entries.clear();
        inner.forget_uses();
    }

    fn pending_bytes(&self) -> usize {
        self.lock().entries.pending_bytes()
    }

    fn usage(&self) -> StoreUsage {
        self.lock().entries.usage()
    }
}

impl<K, V> Clone for KeyValueStore<K, V> {
    fn clone(&self) -> Self {
        KeyValueStore { shared: self.shared.clone() }
    }
}
