//! Window stores: values per key and window, which expire with the store's time.
//!
//! The store's time is the greatest window start that was put. Expired windows vanish from reads to the millisecond,
//! as in Kafka; from memory and engine they go by segments, and only when what made them expire is committed.

mod buffer;
mod geometry;
mod joined;
mod layers;
mod reads;
mod rows;

pub use rows::{StampedStarts, StampedWindows, StartRows, WindowRows};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::serde::{DefaultSerde, SerdeRef};
use crate::state::entries::{Cursor, Entries, KeyBytes};
use crate::state::spec::{StoreKind, WindowExpiry, WindowSpec};
use crate::state::task_store::TaskStoreRef;
use crate::state::{StoreSpec, Unforwarded, ValueAndTimestamp};
use crate::time::{Timestamp, UNKNOWN};
use crate::windows::Windowed;

use buffer::Buffer;
use geometry::{Clock, Geometry};

/// Whether a put was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "what was refused has to be counted"]
pub enum Put {
    /// It is in the store.
    Stored,
    /// Its window is too old for the store.
    Expired,
}

/// Values per key and window.
///
/// A handle: clones are the same store, and may be used by other threads, which then see what is not committed yet,
/// too. Until a task opens it, it holds what is put into it and nothing else.
///
/// ```
/// use std::time::Duration;
/// use streams_core::state::{Put, StoreSpec, WindowSpec, WindowStore};
///
/// let minutes = WindowSpec::new(Duration::from_secs(60), Duration::from_secs(3600));
/// let store = WindowStore::<String, i64>::with_default_serdes(StoreSpec::window("clicks", minutes))?;
/// let ann = "ann".to_owned();
/// assert_eq!(store.put(&ann, 60_000, 1, 60_500)?, Put::Stored);
/// let starts: Vec<_> = store.fetch_range(&ann, 0..=120_000).collect::<Result<_, _>>()?;
/// assert_eq!(starts, [(60_000, 1)]);
/// # Ok::<(), streams_core::Error>(())
/// ```
pub struct WindowStore<K: 'static, V: 'static> {
    shared: Arc<Shared<K, V>>,
}

struct Shared<K: 'static, V: 'static> {
    spec: StoreSpec,
    geometry: Geometry,
    key_serde: SerdeRef<K>,
    inner: Mutex<Inner<V>>,
}

struct Inner<V: 'static> {
    entries: Entries<V>,
    /// In the store of a join. What is not committed is then here, and the entries have what is.
    buffer: Option<Buffer<V>>,
    clock: Clock,
    /// The clock when changes were last taken, and as of the last commit.
    staged: Clock,
    committed: Clock,
    /// First segment that is still in memory, and in the engine.
    first_segment: i64,
    engine_first_segment: i64,
    /// First segment that the flush under way leaves in the engine.
    flushed_segment: i64,
    /// No window that starts later is in the engine, so that it need not be asked for one.
    engine_last_start: Timestamp,
    /// Row key of the call under way.
    row: Vec<u8>,
}

impl<K: 'static, V: Clone + Send + 'static> WindowStore<K, V> {
    /// A store that holds nothing yet. Errs if `spec` is not of a window store.
    pub fn new(spec: StoreSpec, key_serde: SerdeRef<K>, value_serde: SerdeRef<V>) -> Result<Self> {
        let StoreKind::Window(window) = &spec.kind else {
            return Err(Error::new(
                ErrorKind::State,
                format!("store `{}` is used as a window store but declared as another kind", spec.name),
            ));
        };
        let geometry = Geometry::new(window);
        let inner = Mutex::new(Inner {
            entries: Entries::new(value_serde, spec.cached),
            buffer: None,
            clock: Clock::default(),
            staged: Clock::default(),
            committed: Clock::default(),
            first_segment: 0,
            engine_first_segment: 0,
            flushed_segment: 0,
            engine_last_start: UNKNOWN,
            row: Vec::new(),
        });
        Ok(WindowStore { shared: Arc::new(Shared { spec, geometry, key_serde, inner }) })
    }

    /// A store of types that have a default serde.
    pub fn with_default_serdes(spec: StoreSpec) -> Result<Self>
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

    /// Its window options.
    pub fn window_spec(&self) -> &WindowSpec {
        match &self.shared.spec.kind {
            StoreKind::Window(window) => window,
            StoreKind::KeyValue => unreachable!("the constructor refuses other kinds"),
        }
    }

    /// This store for [`TaskState::open`](crate::state::TaskState::open).
    pub fn for_task(&self) -> TaskStoreRef {
        self.shared.clone()
    }

    /// The store's time: the greatest window start that was put, −1 if there was none.
    pub fn stream_time(&self) -> Timestamp {
        self.lock().clock.stream_time.get()
    }

    /// From now on windows that start at `start` or later neither expire nor vanish, however far the store's time
    /// goes. For emitting on window close: the operator moves it on as it emits, so that no window is lost before.
    /// It is kept with the commit.
    pub fn keep_from(&self, start: Timestamp) {
        self.lock().clock.keep_from = Some(start);
    }

    /// The value of `key` in the window that starts at `start`; of duplicates the last one put. Errs if its stored
    /// bytes cannot be read.
    pub fn fetch(&self, key: &K, start: Timestamp) -> Result<Option<V>> {
        Ok(self.fetch_stamped(key, start)?.map(|entry| entry.value))
    }

    /// [`fetch`](Self::fetch) with the value's time.
    pub fn fetch_stamped(&self, key: &K, start: Timestamp) -> Result<Option<ValueAndTimestamp<V>>> {
        if self.shared.geometry.duplicates {
            let last = self.fetch_range_backward(key, start..=start).stamped().next().transpose()?;
            return Ok(last.map(|(_, entry)| entry));
        }
        let mut inner = self.lock();
        if start < self.shared.geometry.visible_from(&inner.clock) {
            return Ok(None);
        }
        let slot = inner.load(&self.shared, key, start)?;
        Ok(inner.entries.entry(slot).cloned())
    }

    /// Lets `read` look at the entry of `key` in the window that starts at `start`, without a copy: as it is now, or
    /// as it was when changes were last `forwarded`. Not for stores with duplicates; `read` must not use this store.
    pub(crate) fn with<R>(
        &self,
        key: &K,
        start: Timestamp,
        forwarded: bool,
        read: impl FnOnce(Option<&ValueAndTimestamp<V>>) -> R,
    ) -> Result<R> {
        let mut inner = self.lock();
        if start < self.shared.geometry.visible_from(&inner.clock) {
            return Ok(read(None));
        }
        let slot = inner.load(&self.shared, key, start)?;
        let entries = &inner.entries;
        Ok(read(if forwarded { entries.forwarded(slot) } else { entries.entry(slot) }))
    }

    /// Sets the value of `key` in the window that starts at `start`; a value that is null by its serde removes it.
    /// With duplicates it is added to those that are there. Errs if `start` is negative.
    pub fn put(&self, key: &K, start: Timestamp, value: V, timestamp: Timestamp) -> Result<Put> {
        self.check(start)?;
        let Shared { geometry, .. } = &*self.shared;
        let mut inner = self.lock();
        let inner = &mut *inner;
        if inner.buffer.is_some() {
            inner.set_key(&self.shared, key)?;
            return inner.add(&self.shared, start, Some(value), timestamp);
        }
        // Kafka's persistent store does not look at a null among duplicates, but numbers and logs it (V-4, 3.2).
        let ignored = geometry.duplicates
            && geometry.expiry == WindowExpiry::Persistent
            && inner.entries.is_null(&value);
        let sequence = inner.next_sequence(geometry);
        if !ignored {
            inner.clock.stream_time.advance(start);
            if !geometry.accepts(&inner.clock, start) {
                return Ok(Put::Expired);
            }
        }
        inner.set_row(&self.shared, key, start, sequence)?;
        let slot = inner.entries.slot_for_put(&inner.row, start <= inner.engine_last_start)?;
        inner
            .entries
            .modify(slot, timestamp, |entry| *entry = Some(ValueAndTimestamp::new(value, timestamp)));
        Ok(Put::Stored)
    }

    /// Removes `key` from the window that starts at `start`; the value it had. The store's time moves on as by a
    /// put (V-4). Duplicates cannot be removed: nothing happens.
    pub fn delete(&self, key: &K, start: Timestamp, now: Timestamp) -> Result<Option<V>> {
        if self.shared.geometry.duplicates {
            return Ok(None);
        }
        let (_, value) = self.update(key, start, now, |entry| entry.take().map(|entry| entry.value))?;
        Ok(value)
    }

    /// Lets `f` change the entry of `key` in the window that starts at `start`, in place: it sees what a fetch shows
    /// and may take or replace it. If it leaves none, the entry is removed at time `now`. If the window has expired,
    /// `f` still runs, and what it leaves is dropped. `f` must not use this store. Errs if `start` is negative.
    pub fn update<R>(
        &self,
        key: &K,
        start: Timestamp,
        now: Timestamp,
        f: impl FnOnce(&mut Option<ValueAndTimestamp<V>>) -> R,
    ) -> Result<(Put, R)> {
        self.check(start)?;
        let Shared { geometry, .. } = &*self.shared;
        let mut inner = self.lock();
        let inner = &mut *inner;
        if inner.buffer.is_some() {
            let (mut entry, now) = (None, now);
            let result = f(&mut entry);
            inner.set_key(&self.shared, key)?;
            let put = match entry {
                Some(ValueAndTimestamp { value, timestamp }) => {
                    inner.add(&self.shared, start, Some(value), timestamp)
                }
                None => inner.add(&self.shared, start, None, now),
            };
            return Ok((put?, result));
        }
        let visible = start >= geometry.visible_from(&inner.clock);
        let sequence = inner.next_sequence(geometry);
        inner.clock.stream_time.advance(start);
        inner.set_row(&self.shared, key, start, sequence)?;
        if !geometry.accepts(&inner.clock, start) {
            return Ok((Put::Expired, f(&mut None)));
        }
        let slot = inner.entries.load(&inner.row, start <= inner.engine_last_start)?;
        let result = inner.entries.modify(slot, now, |entry| {
            if !visible {
                *entry = None;
            }
            f(entry)
        });
        Ok((Put::Stored, result))
    }

    /// Windows that changed since the last call, in the order of their last change; nothing if the store is not
    /// `cached`. Call it before the changes of a commit are taken. Without `want_old`, `old` is `None`.
    pub fn take_unforwarded(&self, want_old: bool) -> Result<Vec<Unforwarded<Windowed<K>, V>>> {
        let mut taken = Vec::new();
        while self.next_unforwarded(want_old, &mut taken)? {}
        Ok(taken)
    }

    /// Adds the next of them to `taken`; whether there are more. What changes meanwhile is for the next time.
    pub(crate) fn next_unforwarded(
        &self,
        want_old: bool,
        taken: &mut Vec<Unforwarded<Windowed<K>, V>>,
    ) -> Result<bool> {
        let Shared { geometry, key_serde, .. } = &*self.shared;
        self.lock().entries.next_changed(|key, new, old, timestamp| {
            let key = rows::windowed(*geometry, key_serde, key)?;
            taken.push(Unforwarded { key, new, old: old.filter(|_| want_old), timestamp });
            Ok(())
        })
    }

    /// Looks where the entries of these keys, given as bytes, and windows lie: they will be asked for soon.
    pub(crate) fn warm<'a>(&self, rows: impl Iterator<Item = (&'a [u8], Timestamp)>) {
        let mut inner = self.lock();
        let Inner { entries, row, .. } = &mut *inner;
        if !entries.is_worth_warming() {
            return;
        }
        entries.warm(rows.map(|(key, start)| {
            row.clear();
            let own = |out: &mut Vec<u8>| {
                out.extend_from_slice(key);
                Ok::<(), std::convert::Infallible>(())
            };
            match self.shared.geometry.row_key(start, 0, row, own) {
                Ok(()) => entries.hash(row),
                Err(never) => match never {},
            }
        }));
    }

    fn lock(&self) -> MutexGuard<'_, Inner<V>> {
        self.shared.lock()
    }

    fn geometry(&self) -> Geometry {
        self.shared.geometry
    }

    fn key_serde(&self) -> SerdeRef<K> {
        self.shared.key_serde.clone()
    }

    fn clock(&self) -> Clock {
        self.lock().clock
    }

    fn chunk(&self, cursor: &mut Cursor, out: &mut Vec<(KeyBytes, ValueAndTimestamp<V>)>) -> Result<()> {
        self.lock().entries.chunk(cursor, out)
    }

    #[inline]
    fn check(&self, start: Timestamp) -> Result<()> {
        if start >= 0 {
            return Ok(());
        }
        let name = &self.shared.spec.name;
        Err(Error::new(
            ErrorKind::Timestamp,
            format!("store `{name}`: a window cannot start before 1970 (start {start})"),
        ))
    }
}

impl<V: Clone + 'static> Inner<V> {
    /// The sequence number of a put; 0 unless duplicates are kept.
    fn next_sequence(&mut self, geometry: &Geometry) -> u32 {
        if geometry.duplicates {
            self.clock.sequence = (self.clock.sequence + 1) & 0x7fff_ffff;
        }
        self.clock.sequence
    }

    #[inline]
    fn set_row<K: 'static>(
        &mut self,
        shared: &Shared<K, V>,
        key: &K,
        start: Timestamp,
        sequence: u32,
    ) -> Result<()> {
        self.row.clear();
        shared.geometry.row_key(start, sequence, &mut self.row, |out| shared.key_serde.serialize(key, out))
    }

    #[inline]
    fn set_key<K: 'static>(&mut self, shared: &Shared<K, V>, key: &K) -> Result<()> {
        self.row.clear();
        shared.key_serde.serialize(key, &mut self.row)
    }

    #[inline]
    fn load<K: 'static>(&mut self, shared: &Shared<K, V>, key: &K, start: Timestamp) -> Result<u32> {
        self.set_row(shared, key, start, 0)?;
        self.entries.load(&self.row, start <= self.engine_last_start)
    }
}

impl<K: 'static, V: 'static> Shared<K, V> {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Inner<V>> {
        // A closure that panicked leaves a dirty entry at worst, which the task then aborts.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Clone for WindowStore<K, V> {
    fn clone(&self) -> Self {
        WindowStore { shared: self.shared.clone() }
    }
}
