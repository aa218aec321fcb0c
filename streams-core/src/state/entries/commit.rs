//! Commit, abort, flush and restore of the entries of one store.

use std::sync::Arc;

use crate::error::Result;
use crate::record::RecordView;
use crate::state::entries::slots::{AHEAD, State};
use crate::state::entries::{EVICT_STEPS, Entries, KeyBytes, Pending};
use crate::state::task_store::layers::{FlushPart, StoreProgress};
use crate::state::value::{encode, stored};
use crate::time::Timestamp;

/// What [`Entries::stage`] calls per entry: key, value bytes, time.
pub(crate) type Emit<'a> = dyn FnMut(&[u8], Option<&[u8]>, Timestamp) -> Result<()> + 'a;

impl<V: Clone + 'static> Entries<V> {
    /// Serializes every dirty entry, in the order of the first change, and shows it to `emit`. After an error the
    /// commit can only be aborted.
    pub(crate) fn stage(&mut self, emit: &mut Emit<'_>) -> Result<()> {
        self.staged.reserve(self.dirty.len());
        let mut dirty = std::mem::take(&mut self.dirty);
        for (position, &number) in dirty.iter().enumerate() {
            if position % AHEAD == 0 {
                self.slots.warm(dirty[position..].iter().take(AHEAD).copied());
            }
            if let Err(error) = self.stage_one(number, emit) {
                // What is left stays dirty, so that the abort finds it.
                self.dirty.extend_from_slice(&dirty[position + 1..]);
                return Err(error);
            }
        }
        // Its memory is used again.
        dirty.clear();
        self.dirty = dirty;
        Ok(())
    }

    fn stage_one(&mut self, number: u32, emit: &mut Emit<'_>) -> Result<()> {
        let slot = self.slots.get_mut(number);
        slot.state = State::Staged;
        match &slot.entry {
            Some(entry) => {
                // Listed before it can fail, so that the abort finds it.
                let encoded = encode(&*self.serde, entry, &mut self.scratch);
                self.staged.push((number, Some(self.scratch.len() as u32)));
                self.staged_bytes.extend_from_slice(&self.scratch);
                encoded.and_then(|()| emit(&slot.key, Some(&self.scratch[8..]), entry.timestamp))
            }
            None => {
                self.staged.push((number, None));
                emit(&slot.key, None, slot.deleted_at)
            }
        }
    }

    /// What was staged is committed: it is pending from now on.
    pub(crate) fn commit(&mut self) {
        self.make_room();
        let mut grown = 0;
        let mut rest = self.staged_bytes.as_slice();
        let staged = std::mem::take(&mut self.staged);
        for (position, &(number, len)) in staged.iter().enumerate() {
            if position % AHEAD == 0 {
                let next = staged[position..].iter().take(AHEAD);
                self.slots.warm(next.clone().map(|(number, _)| *number));
                let hashes = next.map(|(number, _)| self.slots.get(*number).hash);
                self.pending.warm(hashes);
            }
            let slot = self.slots.get_mut(number);
            let value_len = len.unwrap_or(0);
            let (row, tail) = rest.split_at(value_len as usize);
            rest = tail;
            grown += value_len as isize - slot.value_len as isize;
            slot.value_len = value_len;
            if slot.state == State::Staged {
                slot.state = State::Clean;
            }
            self.pending.put(&slot.key, slot.hash, len.map(|_| row));
        }
        self.staged = staged;
        self.staged.clear();
        self.staged_bytes.clear();
        match usize::try_from(grown) {
            Ok(grown) => self.share.add_hot(grown),
            Err(_) => self.share.remove_hot(grown.unsigned_abs()),
        }
        self.committed_len = self.len;
        self.reindex();
        self.share.set_pending(self.pending_bytes());
        self.shrink();
    }

    /// Drops everything since the last commit, also what was to be forwarded.
    pub(crate) fn abort(&mut self) {
        if let Some(forward) = &mut self.forward {
            for number in forward.clear() {
                self.slots.get_mut(number).unforwarded = 0;
            }
        }
        self.staged_bytes.clear();
        let staged = std::mem::take(&mut self.staged).into_iter().map(|(number, _)| number);
        for number in std::mem::take(&mut self.dirty).into_iter().chain(staged) {
            self.share.remove_hot(self.slots.remove(number));
        }
        self.len = self.committed_len;
        self.reindex();
    }

    /// Takes over a row of the changelog: `row` is in stored form.
    pub(crate) fn restore(&mut self, key: KeyBytes, row: Option<Box<[u8]>>) {
        let hash = self.slots.hash(&key);
        if self.slots.len() > 0
            && let Some(number) = self.slots.find(&key, hash)
        {
            self.share.remove_hot(self.slots.remove(number));
        }
        let now = i64::from(row.is_some());
        let before = self.pending.put_owned(key, hash, row).map_or(0, i64::from);
        self.len = (self.len + now - before).max(0);
        self.committed_len = self.len;
    }

    /// To be called after some calls of `restore`.
    pub(crate) fn restored(&mut self) {
        self.share.set_pending(self.pending_bytes());
    }

    /// Rows to be written to the engine; they stay visible here until [`end_flush`](Self::end_flush).
    pub(crate) fn begin_flush(&mut self) -> Arc<Pending> {
        let rows = Arc::new(std::mem::take(&mut self.pending));
        self.room = rows.len();
        self.flushing = Some(rows.clone());
        rows
    }

    /// What a flush takes of a store that keeps nothing beside its rows.
    pub(crate) fn begin_flush_of_keys(&mut self) -> FlushPart {
        let progress = StoreProgress { len: self.committed_len, ..StoreProgress::default() };
        FlushPart { rows: self.begin_flush(), progress, expired: None }
    }

    /// Takes over changelog records whose keys are those of the rows.
    pub(crate) fn restore_keys(&mut self, records: &mut dyn Iterator<Item = RecordView<'_>>) {
        self.make_room();
        for record in records {
            if let Some(key) = record.key {
                self.restore(key.into(), stored(record.value, record.timestamp));
            }
        }
        self.restored();
    }

    /// The rows are in the engine, or (`written` is false) have to be written again. What is returned should be
    /// dropped outside of locks.
    pub(crate) fn end_flush(&mut self, written: bool) -> Option<Arc<Pending>> {
        let flushed = self.flushing.take()?;
        if !written {
            self.pending.put_below(&flushed);
        } else if let Some(below) = &mut self.below {
            below.empty &= flushed.is_empty();
        }
        self.share.set_pending(self.pending_bytes());
        Some(flushed)
    }

    /// Forgets everything below `floor` in memory. Only for keys whose values nobody can see anymore.
    pub(crate) fn drop_below(&mut self, floor: &[u8]) {
        let bytes = self.slots.remove_clean(|key| key < floor);
        self.share.remove_hot(bytes);
        self.pending.drop_below(floor);
        self.share.set_pending(self.pending_bytes());
    }

    /// Forgets everything, as if the store were new.
    pub(crate) fn clear(&mut self) {
        self.abort();
        self.slots.clear();
        self.share.remove_all_hot();
        self.pending = Pending::default();
        self.flushing = None;
        self.share.set_pending(0);
        (self.len, self.committed_len) = (0, 0);
        if let Some(below) = &mut self.below {
            below.empty = true;
        }
    }

    /// Memory of committed entries that are not in the engine.
    pub(crate) fn pending_bytes(&self) -> usize {
        self.pending.bytes() + self.flushing.as_ref().map_or(0, |rows| rows.bytes())
    }

    pub(crate) fn committed_len(&self) -> i64 {
        self.committed_len
    }

    /// As many rows as went to the engine the last time will come again.
    fn make_room(&mut self) {
        if self.pending.is_empty() && self.room > 0 {
            self.pending = Pending::with_capacity(self.room);
        }
    }

    /// Evicts clean entries while memory is short.
    fn shrink(&mut self) {
        for _ in 0..self.slots.len() {
            if !self.share.is_over() {
                return;
            }
            if let Some(bytes) = self.slots.evict_one(EVICT_STEPS, None) {
                self.share.remove_hot(bytes);
            }
        }
    }

    /// The index again holds the keys of dirty slots, of which there are few or none after a commit.
    fn reindex(&mut self) {
        if let Some(index) = &mut self.index {
            index.clear();
            index.extend(self.dirty.iter().map(|&number| self.slots.get(number).key.clone()));
        }
        let bytes = self.dirty.iter().map(|&number| super::bytes_of(self.slots.get(number))).sum();
        self.share.set_dirty(bytes);
    }
}
