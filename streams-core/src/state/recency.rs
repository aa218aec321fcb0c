//! Which keys of a bounded store were used last.

use std::collections::{BTreeMap, HashMap};

/// The keys of a store in the order of their last use, at most `limit` of them.
pub(crate) struct Recency {
    limit: usize,
    uses: HashMap<Box<[u8]>, u64>,
    keys: BTreeMap<u64, Box<[u8]>>,
    next_use: u64,
    /// Whether the keys that were there before are known: after a restart they are taken in the order of their bytes.
    known: bool,
}

impl Recency {
    pub(crate) fn new(limit: usize) -> Self {
        Recency {
            limit: limit.max(1),
            uses: HashMap::new(),
            keys: BTreeMap::new(),
            next_use: 0,
            known: false,
        }
    }

    /// Forgets all keys: the store's content is another.
    pub(crate) fn reset(&mut self) {
        *self = Recency::new(self.limit);
    }

    pub(crate) fn is_known(&self) -> bool {
        self.known
    }

    /// Takes over the keys that the store has.
    pub(crate) fn know(&mut self, keys: impl Iterator<Item = Box<[u8]>>) {
        self.known = true;
        keys.for_each(|key| self.touch(&key, true));
    }

    /// `key` was used and is in the store, or not.
    pub(crate) fn touch(&mut self, key: &[u8], present: bool) {
        if let Some(last) = self.uses.remove(key) {
            self.keys.remove(&last);
        }
        if present {
            self.uses.insert(key.into(), self.next_use);
            self.keys.insert(self.next_use, key.into());
            self.next_use += 1;
        }
    }

    /// The key whose use is longest ago, if there are too many.
    pub(crate) fn surplus(&self) -> Option<Box<[u8]>> {
        (self.keys.len() > self.limit).then(|| self.keys.values().next().cloned()).flatten()
    }
}
