//! Records of a left or outer join that have found no partner yet, by time: what Kafka Streams keeps in the store
//! that both sides of such a join share.
//!
//! They are kept typed and in memory, whatever the engine; there are no more than came within a window and its grace
//! period. Rows and changelog have Kafka's bytes (formats 3.5): all values of one time, side and key in one list.
//! What is not committed is in memory only; an abort forgets it all and loads anew what is committed.

mod layers;
mod list;
#[cfg(test)]
mod tests;
mod waiting;

pub(crate) use list::Side;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::serde::{Serde, SerdeRef};
use crate::state::StoreSpec;
use crate::state::budget::{MemoryBudget, Share};
use crate::state::engine::{Direction, KeyRange};
use crate::state::entries::{Cursor, Entries, KeyBytes};
use crate::state::task_store::TaskStoreRef;
use crate::time::Timestamp;

use list::{ListSerde, OneSide, row_key, split_row_key, write_list};
use waiting::Waiting;

/// A handle: clones are the same store.
pub(crate) struct UnmatchedStore<V1: 'static, V2: 'static> {
    shared: Arc<Shared<V1, V2>>,
}

/// A record whose time has come without a partner.
pub(crate) enum Due<V1, V2> {
    Left { key: KeyBytes, time: Timestamp, value: V1 },
    Right { key: KeyBytes, time: Timestamp, value: V2 },
}

struct Shared<V1: 'static, V2: 'static> {
    spec: StoreSpec,
    inner: Mutex<Inner<V1, V2>>,
}

struct Inner<V1: 'static, V2: 'static> {
    serde: ListSerde<V1, V2>,
    /// What is committed, as rows.
    entries: Entries<Vec<OneSide<V1, V2>>>,
    left: Waiting<V1>,
    right: Waiting<V2>,
    /// Whether `left` and `right` hold what is committed; if not, they are empty.
    loaded: bool,
    /// Rows that changed since changes were last taken; a row may be there more than once.
    touched: Vec<Touched>,
    /// Rows of the commit under way: key, and value in stored form if there is one.
    staged: Vec<(KeyBytes, Option<Box<[u8]>>)>,
    share: Share,
}

struct Touched {
    side: Side,
    time: Timestamp,
    key: KeyBytes,
    /// When a committed row was removed, if that is what happened.
    removed: Option<Timestamp>,
}

impl<V1: Clone + Send + 'static, V2: Clone + Send + 'static> UnmatchedStore<V1, V2> {
    /// A store that holds nothing yet.
    pub(crate) fn new(spec: StoreSpec, left: SerdeRef<V1>, right: SerdeRef<V2>) -> Self {
        let serde = ListSerde { left, right };
        let inner = Inner {
            entries: Entries::new(Arc::new(serde.clone()), false),
            serde,
            left: Waiting::default(),
            right: Waiting::default(),
            loaded: false,
            touched: Vec::new(),
            staged: Vec::new(),
            share: Share::new(Arc::new(MemoryBudget::unlimited())),
        };
        UnmatchedStore { shared: Arc::new(Shared { spec, inner: Mutex::new(inner) }) }
    }

    /// This store for the list of a task's stores.
    pub(crate) fn for_task(&self) -> TaskStoreRef {
        self.shared.clone()
    }

    /// Adds a left record; `key` are the bytes of its key.
    pub(crate) fn add_left(&self, key: &[u8], time: Timestamp, value: V1) -> Result<()> {
        let mut inner = self.loaded()?;
        if inner.left.add(key, time, value) {
            inner.touch(Side::Left, time, KeyBytes::from(key), None);
        }
        Ok(())
    }

    /// Adds a right record.
    pub(crate) fn add_right(&self, key: &[u8], time: Timestamp, value: V2) -> Result<()> {
        let mut inner = self.loaded()?;
        if inner.right.add(key, time, value) {
            inner.touch(Side::Right, time, KeyBytes::from(key), None);
        }
        Ok(())
    }

    /// Removes the records of this side, key and time: a record of the time `now` is their partner.
    pub(crate) fn remove(&self, side: Side, key: &[u8], time: Timestamp, now: Timestamp) -> Result<()> {
        let mut inner = self.loaded()?;
        let removed = match side {
            Side::Left => inner.left.remove(key, time),
            Side::Right => inner.right.remove(key, time),
        };
        // Of a row that was not committed nobody has heard.
        if removed == Some(true) {
            inner.touch(side, time, KeyBytes::from(key), Some(now));
        }
        Ok(())
    }

    /// Takes the left records from before one time and the right records from before another, because a record of
    /// the time `now` came: by time, right before left, by key, and in the order in which they were added (J-11).
    pub(crate) fn take_due(
        &self,
        left_before: Timestamp,
        right_before: Timestamp,
        now: Timestamp,
        due: &mut Vec<Due<V1, V2>>,
    ) -> Result<()> {
        let mut inner = self.loaded()?;
        loop {
            let left = inner.left.first().filter(|&time| time < left_before);
            let right = inner.right.first().filter(|&time| time < right_before);
            let (side, time, key, committed) = match (left, right) {
                (None, None) => return Ok(()),
                (Some(left), right) if right.is_none_or(|right| left < right) => {
                    let Some((time, key, row)) = inner.left.take_first() else { return Ok(()) };
                    let committed = row.was_committed();
                    due.extend(row.into_values().map(|value| Due::Left { key: key.clone(), time, value }));
                    (Side::Left, time, key, committed)
                }
                _ => {
                    let Some((time, key, row)) = inner.right.take_first() else { return Ok(()) };
                    let committed = row.was_committed();
                    due.extend(row.into_values().map(|value| Due::Right { key: key.clone(), time, value }));
                    (Side::Right, time, key, committed)
                }
            };
            if committed {
                inner.touch(side, time, key, Some(now));
            }
        }
    }

    #[inline]
    fn loaded(&self) -> Result<MutexGuard<'_, Inner<V1, V2>>> {
        let mut inner = self.shared.lock();
        if !inner.loaded {
            inner.load()?;
        }
        Ok(inner)
    }
}

impl<V1: Clone + Send + 'static, V2: Clone + Send + 'static> Inner<V1, V2> {
    fn touch(&mut self, side: Side, time: Timestamp, key: KeyBytes, removed: Option<Timestamp>) {
        self.touched.push(Touched { side, time, key, removed });
        self.count();
        self.share.add_dirty(size_of::<Touched>());
    }

    /// Tells the budget what is in memory. What values take is known once they were written, at the first commit.
    fn count(&mut self) {
        let bytes = self.left.bytes() + self.right.bytes();
        self.share.remove_all_hot();
        self.share.add_hot(bytes);
    }

    #[inline(never)]
    fn load(&mut self) -> Result<()> {
        let mut cursor = Cursor::new(KeyRange::all(), Direction::Forward);
        let (mut rows, mut bytes) = (Vec::new(), Vec::new());
        while !cursor.is_done() {
            self.entries.chunk(&mut cursor, &mut rows)?;
        }
        for (row, entry) in rows {
            let (time, key) = split_row_key(&row)?;
            bytes.clear();
            self.serde.serialize(&entry.value, &mut bytes)?;
            for value in entry.value {
                match value {
                    OneSide::Left(value) => {
                        self.left.load(key, time, value);
                        self.left.weigh(key, time, bytes.len() + 8);
                    }
                    OneSide::Right(value) => {
                        self.right.load(key, time, value);
                        self.right.weigh(key, time, bytes.len() + 8);
                    }
                }
            }
        }
        self.count();
        self.loaded = true;
        Ok(())
    }

    /// Forgets what is in memory: it is loaded anew from what is committed.
    fn unload(&mut self) {
        (self.left, self.right) = (Waiting::default(), Waiting::default());
        self.touched.clear();
        self.staged.clear();
        self.loaded = false;
        self.share.remove_all_hot();
        self.share.set_dirty(0);
    }

    /// Shows the rows that changed to `emit`: key, list of values or nothing, time.
    fn stage(&mut self, emit: &mut dyn FnMut(&[u8], Option<&[u8]>, Timestamp) -> Result<()>) -> Result<()> {
        for touched in std::mem::take(&mut self.touched) {
            let Touched { side, time, key, removed } = touched;
            let mut out = Vec::new();
            out.extend_from_slice(&[0; 8]);
            let found = match side {
                Side::Left => self.left.take_change(&key, time, |row| {
                    write_list(side, &*self.serde.left, row.values(), &mut out).map(|()| out.len())
                }),
                Side::Right => self.right.take_change(&key, time, |row| {
                    write_list(side, &*self.serde.right, row.values(), &mut out).map(|()| out.len())
                }),
            };
            let row = row_key(time, side, &key);
            match (found, removed) {
                (Some(Some(written)), _) => {
                    let at = written?;
                    out[..8].copy_from_slice(&at.to_be_bytes());
                    emit(&row, Some(&out[8..]), at)?;
                    self.staged.push((row, Some(out.into())));
                }
                (None, Some(at)) => {
                    emit(&row, None, at)?;
                    self.staged.push((row, None));
                }
                // Shown already, or it came and went since the last commit.
                (Some(None), _) | (None, None) => {}
            }
        }
        self.share.set_dirty(0);
        self.count();
        Ok(())
    }

    fn commit(&mut self) {
        for (row, value) in self.staged.drain(..) {
            self.entries.restore(row, value);
        }
        self.entries.restored();
    }
}

impl<V1, V2> Shared<V1, V2> {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Inner<V1, V2>> {
        // A panic leaves what is not committed half done at worst, which the task then aborts.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V1, V2> Clone for UnmatchedStore<V1, V2> {
    fn clone(&self) -> Self {
        UnmatchedStore { shared: Arc::clone(&self.shared) }
    }
}
