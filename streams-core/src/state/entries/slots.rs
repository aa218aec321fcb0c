//! The hot entries: slots in a vector, found by a hash table of their numbers.
//!
//! A slot keeps its number until it is removed. Which clean slot goes when memory is short is decided by a clock
//! hand: whatever was used since the hand last passed stays.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::state::ValueAndTimestamp;
use crate::state::entries::KeyBytes;
use crate::time::Timestamp;

/// What a slot's entry has in common with what lies below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// No entry.
    Vacant,
    /// The same as below.
    Clean,
    /// Changed since the last commit.
    Dirty,
    /// Serialized for the commit that is under way and not changed since.
    Staged,
}

pub(super) struct Slot<V> {
    pub(super) key: KeyBytes,
    pub(super) hash: u64,
    /// `None`: known to be absent.
    pub(super) entry: Option<ValueAndTimestamp<V>>,
    /// When it was removed, if it is absent and changed.
    pub(super) deleted_at: Timestamp,
    /// Number of its last change, for stores that forward once per commit.
    pub(super) touched: u32,
    /// Length of its value's bytes when last seen.
    pub(super) value_len: u32,
    pub(super) state: State,
    /// Whether it changed since changes were last taken: its place in their list, counted from 1.
    pub(super) unforwarded: u32,
    used: bool,
}

/// So many slots are looked at ahead where many are gone through.
pub(super) const AHEAD: usize = 16;

pub(super) struct Slots<V> {
    table: HashTable<u32>,
    slots: Vec<Slot<V>>,
    free: Vec<u32>,
    hasher: RandomState,
    hand: usize,
}

impl<V> Slots<V> {
    pub(super) fn new() -> Self {
        Slots {
            table: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            hasher: RandomState::default(),
            hand: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    #[inline]
    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The slot of `key`, which counts as used now.
    #[inline]
    pub(super) fn find(&mut self, key: &[u8], hash: u64) -> Option<u32> {
        let slots = &mut self.slots;
        let number = *self.table.find(hash, |&number| *slots[number as usize].key == *key)?;
        slots[number as usize].used = true;
        Some(number)
    }

    /// The slot of `key`, which does not count as used by this.
    pub(super) fn peek(&self, key: &[u8]) -> Option<&Slot<V>> {
        let hash = self.hash(key);
        let number = *self.table.find(hash, |&number| *self.slots[number as usize].key == *key)?;
        Some(&self.slots[number as usize])
    }

    /// A clean slot for a key that has none.
    pub(super) fn insert(
        &mut self,
        key: &[u8],
        hash: u64,
        entry: Option<ValueAndTimestamp<V>>,
        value_len: usize,
    ) -> u32 {
        let slot = Slot {
            key: KeyBytes::from(key),
            hash,
            entry,
            deleted_at: 0,
            touched: 0,
            value_len: u32::try_from(value_len).unwrap_or(u32::MAX),
            state: State::Clean,
            unforwarded: 0,
            used: true,
        };
        let number = match self.free.pop() {
            Some(number) => {
                self.slots[number as usize] = slot;
                number
            }
            None => {
                self.slots.push(slot);
                u32::try_from(self.slots.len() - 1).expect("memory ends before four billion slots do")
            }
        };
        let slots = &self.slots;
        self.table.insert_unique(hash, number, |&number| slots[number as usize].hash);
        number
    }

    /// Empties a slot; the bytes it took.
    pub(super) fn remove(&mut self, number: u32) -> usize {
        let slot = &mut self.slots[number as usize];
        if slot.state == State::Vacant {
            return 0;
        }
        let bytes = bytes_of(slot);
        if let Ok(entry) = self.table.find_entry(slot.hash, |&other| other == number) {
            entry.remove();
        }
        slot.state = State::Vacant;
        slot.entry = None;
        slot.key = KeyBytes::from(&[][..]);
        slot.unforwarded = 0;
        self.free.push(number);
        bytes
    }

    /// Turns the clock hand by up to `steps` slots and empties the first clean one that was not used since the hand
    /// passed it last and is not `keep`; the bytes it took.
    pub(super) fn evict_one(&mut self, steps: usize, keep: Option<u32>) -> Option<usize> {
        for _ in 0..steps.min(self.slots.len()) {
            self.hand = if self.hand + 1 < self.slots.len() { self.hand + 1 } else { 0 };
            let slot = &mut self.slots[self.hand];
            if slot.state != State::Clean || slot.unforwarded != 0 || keep == Some(self.hand as u32) {
                continue;
            }
            if std::mem::take(&mut slot.used) {
                continue;
            }
            return Some(self.remove(self.hand as u32));
        }
        None
    }

    /// Empties the clean slots that `goes` names; the bytes they took.
    pub(super) fn remove_clean(&mut self, goes: impl Fn(&[u8]) -> bool) -> usize {
        let mut bytes = 0;
        for number in 0..self.slots.len() {
            let slot = &self.slots[number];
            if slot.state == State::Clean && slot.unforwarded == 0 && goes(&slot.key) {
                bytes += self.remove(number as u32);
            }
        }
        bytes
    }

    pub(super) fn clear(&mut self) {
        self.table.clear();
        self.slots.clear();
        self.free.clear();
        self.hand = 0;
    }

    /// Looks at these slots, so that they are in the processor's cache when they are used one by one: its waits for
    /// memory then overlap.
    #[inline]
    pub(super) fn warm(&self, numbers: impl Iterator<Item = u32>) {
        let look = |number: u32| {
            let slot = &self.slots[number as usize];
            // One field at each end.
            slot.unforwarded.wrapping_add(slot.key.len() as u32)
        };
        std::hint::black_box(numbers.map(look).fold(0, u32::wrapping_add));
    }

    /// The same for the slots of keys with these hashes.
    pub(super) fn warm_hashes(&self, hashes: impl Iterator<Item = u64>) {
        let mut found = [0; AHEAD];
        let mut count = 0;
        for hash in hashes {
            let slots = &self.slots;
            if let Some(number) = self.table.find(hash, |&number| slots[number as usize].hash == hash) {
                found[count] = *number;
                count += 1;
            }
            if count == AHEAD {
                self.warm(found.into_iter());
                count = 0;
            }
        }
        self.warm(found[..count].iter().copied());
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> &Slot<V> {
        &self.slots[number as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> &mut Slot<V> {
        &mut self.slots[number as usize]
    }
}

/// Estimate of the memory that a slot takes: its own, its part of the table, and what key and value point to.
pub(super) fn bytes_of<V>(slot: &Slot<V>) -> usize {
    size_of::<Slot<V>>() + 6 + slot.key.len() + slot.value_len as usize
}
