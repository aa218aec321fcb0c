//! Results that are forwarded once per key and commit (rules H-2 to H-5).

use crate::state::ValueAndTimestamp;
use crate::state::entries::slots::{AHEAD, Slot};
use crate::state::entries::{Entries, KeyBytes};
use crate::time::Timestamp;

/// A key that changed since changes were last taken.
pub(crate) struct Changed<V> {
    pub(crate) key: KeyBytes,
    pub(crate) new: Option<V>,
    pub(crate) old: Option<V>,
    pub(crate) timestamp: Timestamp,
}

/// What is to be forwarded.
pub(super) struct Forward<V> {
    /// Slots changed since the last taking, with their entry then.
    changed: Vec<(u32, Option<ValueAndTimestamp<V>>)>,
    /// Number of the last change since then.
    last: u32,
}

impl<V> Default for Forward<V> {
    fn default() -> Self {
        Forward { changed: Vec::new(), last: 0 }
    }
}

impl<V: Clone> Forward<V> {
    #[inline]
    pub(super) fn before_change(&mut self, number: u32, slot: &mut Slot<V>) {
        self.last = self.last.wrapping_add(1);
        slot.touched = self.last;
        if slot.unforwarded == 0 {
            self.changed.push((number, slot.entry.clone()));
            slot.unforwarded = self.changed.len() as u32;
        }
    }

    /// The entry of a changed slot before its first change.
    pub(super) fn before(&self, unforwarded: u32) -> Option<&ValueAndTimestamp<V>> {
        self.changed.get(unforwarded as usize - 1)?.1.as_ref()
    }

    /// Forgets all changes; the slots they were in.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = u32> {
        self.last = 0;
        std::mem::take(&mut self.changed).into_iter().map(|(number, _)| number)
    }
}

impl<V: Clone + 'static> Entries<V> {
    /// Keys changed since the last call, in the order of their last change. A key that had no value then and has
    /// none now is left out (H-4).
    pub(crate) fn take_changed(&mut self) -> Vec<Changed<V>> {
        let Some(forward) = &mut self.forward else { return Vec::new() };
        let mut changed = std::mem::take(&mut forward.changed);
        // Each slot is looked at once for its place, not for every comparison.
        let touched =
            |(place, (number, _)): (usize, &(u32, _))| (self.slots.get(*number).touched, place as u32);
        let mut order: Vec<(u32, u32)> = changed.iter().enumerate().map(touched).collect();
        order.sort_unstable();
        forward.last = 0;
        let numbers: Vec<u32> = order.iter().map(|(_, place)| changed[*place as usize].0).collect();
        order
            .into_iter()
            .enumerate()
            .filter_map(|(position, (_, place))| {
                if position % AHEAD == 0 {
                    self.slots.warm(numbers[position..].iter().take(AHEAD).copied());
                }
                let (number, old) = &mut changed[place as usize];
                let (number, old) = (*number, old.take());
                let slot = self.slots.get_mut(number);
                slot.unforwarded = 0;
                let (new, timestamp) = match &slot.entry {
                    Some(entry) => (Some(entry.value.clone()), entry.timestamp),
                    None => (None, slot.deleted_at),
                };
                (new.is_some() || old.is_some()).then(|| Changed {
                    key: slot.key.clone(),
                    new,
                    old: old.map(|old| old.value),
                    timestamp,
                })
            })
            .collect()
    }
}
