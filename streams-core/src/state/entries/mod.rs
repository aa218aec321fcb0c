//! Typed entries over an engine: the hot keys of one store.
//!
//! From top to bottom: *hot* entries, values typed, some of them dirty (changed since the last commit); *pending*
//! rows, committed and in the changelog but not in the engine; *flushing* rows, on their way into the engine; and the
//! engine. What a key's value is, the topmost layer that knows the key says. Hot entries that are not dirty repeat
//! what lies below and may be dropped at any time; dropping the dirty ones undoes what was not committed.
//! This layer knows key bytes only: what they mean, and which are expired, is for the stores above it.

mod commit;
mod forward;
mod key;
mod pending;
mod scan;
mod slots;

pub(crate) use key::KeyBytes;
pub(crate) use pending::Pending;
pub(crate) use scan::Cursor;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::Result;
use crate::serde::SerdeRef;
use crate::state::StoreUsage;
use crate::state::budget::{MemoryBudget, Share};
use crate::state::engine::{Engine, StoreNumber};
use crate::state::value::{ValueAndTimestamp, decode};
use crate::time::Timestamp;

use forward::Forward;
use slots::{Slots, State, bytes_of};

/// Slots looked at when one has to go, so that no access takes long.
const EVICT_STEPS: usize = 32;

/// Fewer entries than this are in the processor's cache anyway.
const WORTH_WARMING: usize = 4096;

/// The engine below, and this store's number in it.
#[derive(Clone)]
pub struct Below {
    pub engine: Arc<dyn Engine>,
    pub store: StoreNumber,
    /// Whether the engine holds nothing for the store, so that it need not be asked.
    pub empty: bool,
}

/// The layers of one store; see the module.
pub(crate) struct Entries<V: 'static> {
    serde: SerdeRef<V>,
    slots: Slots<V>,
    /// Slots changed since they were last staged, in the order of the first change.
    dirty: Vec<u32>,
    /// Slots of the commit under way, with the lengths of the rows they will be.
    staged: Vec<(u32, Option<u32>)>,
    /// Those rows, one behind the other.
    staged_bytes: Vec<u8>,
    /// Keys of dirty and staged slots in order, once somebody has read in order.
    index: Option<BTreeSet<KeyBytes>>,
    forward: Option<Forward<V>>,
    pending: Pending,
    flushing: Option<Arc<Pending>>,
    /// Rows of the last flush.
    room: usize,
    below: Option<Below>,
    share: Share,
    /// About how many keys there are, now and as of the last commit.
    len: i64,
    committed_len: i64,
    scratch: Vec<u8>,
}

impl<V: Clone + 'static> Entries<V> {
    /// Entries over nothing. With `forward`, changes are collected for forwarding once per commit.
    pub(crate) fn new(serde: SerdeRef<V>, forward: bool) -> Self {
        Entries {
            serde,
            slots: Slots::new(),
            dirty: Vec::new(),
            staged: Vec::new(),
            staged_bytes: Vec::new(),
            index: None,
            forward: forward.then(Forward::default),
            pending: Pending::default(),
            flushing: None,
            room: 0,
            below: None,
            share: Share::new(Arc::new(MemoryBudget::unlimited())),
            len: 0,
            committed_len: 0,
            scratch: Vec::new(),
        }
    }

    /// Puts an engine below, whose store has about `len` rows, and takes memory from `budget`.
    pub(crate) fn attach(&mut self, below: Below, budget: Arc<MemoryBudget>, len: i64) {
        self.below = Some(below);
        self.share.move_to(budget);
        self.len += len;
        self.committed_len += len;
    }

    /// The slot of `key`; what lies below is loaded into it if it is new. A key that nothing below has is remembered
    /// as absent. Without `in_engine` it is known that the engine does not have it.
    #[inline]
    pub(crate) fn load(&mut self, key: &[u8], in_engine: bool) -> Result<u32> {
        let hash = self.slots.hash(key);
        match self.slots.find(key, hash) {
            Some(slot) => Ok(slot),
            None => self.load_from_below(key, hash, in_engine),
        }
    }

    /// The slot of `key` for overwriting it: what lies below is not looked at unless it has to be forwarded.
    #[inline]
    pub(crate) fn slot_for_put(&mut self, key: &[u8], in_engine: bool) -> Result<u32> {
        let hash = self.slots.hash(key);
        match self.slots.find(key, hash) {
            Some(slot) => Ok(slot),
            None if self.forward.is_some() => self.load_from_below(key, hash, in_engine),
            None => Ok(self.insert(key, hash, None, 0)),
        }
    }

    /// The hash of a key, for [`warm`](Self::warm).
    #[inline]
    pub(crate) fn hash(&self, key: &[u8]) -> u64 {
        self.slots.hash(key)
    }

    /// Whether there are so many entries that looking ahead pays.
    #[inline]
    pub(crate) fn is_worth_warming(&self) -> bool {
        self.slots.len() >= WORTH_WARMING
    }

    /// Looks where the entries of keys with these hashes lie.
    pub(crate) fn warm(&self, hashes: impl Iterator<Item = u64>) {
        self.slots.warm_hashes(hashes);
    }

    /// The entry in a slot.
    #[inline]
    pub(crate) fn entry(&self, slot: u32) -> Option<&ValueAndTimestamp<V>> {
        self.slots.get(slot).entry.as_ref()
    }

    /// The entry in a slot as it was when changes were last taken for forwarding; as it is now in a store that does
    /// not forward once per commit.
    #[inline]
    pub(crate) fn forwarded(&self, slot: u32) -> Option<&ValueAndTimestamp<V>> {
        let slot = self.slots.get(slot);
        match &self.forward {
            Some(forward) if slot.unforwarded != 0 => forward.before(slot.unforwarded),
            _ => slot.entry.as_ref(),
        }
    }

    /// Lets `f` change the entry of a slot, which is dirty afterwards; an entry that is null by its serde is none.
    #[inline]
    pub(crate) fn modify<R>(
        &mut self,
        number: u32,
        now: Timestamp,
        f: impl FnOnce(&mut Option<ValueAndTimestamp<V>>) -> R,
    ) -> R {
        let slot = self.slots.get_mut(number);
        if let Some(forward) = &mut self.forward {
            forward.before_change(number, slot);
        }
        let was = slot.entry.is_some();
        let result = f(&mut slot.entry);
        if slot.entry.as_ref().is_some_and(|entry| self.serde.is_null(&entry.value)) {
            slot.entry = None;
        }
        if slot.entry.is_none() {
            slot.deleted_at = now;
        }
        self.len += i64::from(slot.entry.is_some()) - i64::from(was);
        match slot.state {
            State::Dirty => {}
            // What was staged stays in the commit under way; this change is for the next.
            State::Staged => {
                slot.state = State::Dirty;
                self.dirty.push(number);
            }
            State::Clean | State::Vacant => {
                slot.state = State::Dirty;
                self.dirty.push(number);
                let bytes = bytes_of(slot);
                self.share.add_dirty(bytes);
                if let Some(index) = &mut self.index {
                    index.insert(slot.key.clone());
                }
            }
        }
        result
    }

    /// About how many keys there are. A key that was put without having been read counts as new.
    pub(crate) fn approximate_len(&self) -> u64 {
        u64::try_from(self.len).unwrap_or(0)
    }

    /// How much there is.
    pub(crate) fn usage(&self) -> StoreUsage {
        self.share.usage(self.approximate_len())
    }

    /// Whether a value is null by its serde.
    #[inline]
    pub(crate) fn is_null(&self, value: &V) -> bool {
        self.serde.is_null(value)
    }

    #[inline(never)]
    fn load_from_below(&mut self, key: &[u8], hash: u64, in_engine: bool) -> Result<u32> {
        let row = match self.pending.get(key, hash).or_else(|| self.flushing.as_ref()?.get(key, hash)) {
            Some(row) => row,
            None => match &self.below {
                Some(below)
                    if in_engine
                        && !below.empty
                        && below.engine.get(below.store, key, &mut self.scratch)? =>
                {
                    Some(self.scratch.as_slice())
                }
                _ => None,
            },
        };
        let len = row.map_or(0, <[u8]>::len);
        let entry = row.map(|row| decode(&*self.serde, row)).transpose()?;
        Ok(self.insert(key, hash, entry, len))
    }

    fn insert(
        &mut self,
        key: &[u8],
        hash: u64,
        entry: Option<ValueAndTimestamp<V>>,
        value_len: usize,
    ) -> u32 {
        let number = self.slots.insert(key, hash, entry, value_len);
        self.share.add_hot(bytes_of(self.slots.get(number)));
        // Two go for one that comes, so that a budget that was exceeded is met again.
        for _ in 0..2 {
            if !self.share.is_over() {
                break;
            }
            match self.slots.evict_one(EVICT_STEPS, Some(number)) {
                Some(bytes) => self.share.remove_hot(bytes),
                None => break,
            }
        }
        number
    }
}
