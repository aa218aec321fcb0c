//! Results that are forwarded once per key and commit (rules H-2 to H-5).

use crate::error::Result;
use crate::state::ValueAndTimestamp;
use crate::state::entries::Entries;
use crate::state::entries::slots::{AHEAD, Slot};
use crate::time::Timestamp;

/// Results handed over at once: what they are made into then stays in the processor's cache.
const AT_ONCE: usize = 256;

/// What is to be forwarded.
pub(super) struct Forward<V> {
    /// Slots changed since the last taking, with their entry then.
    changed: Vec<(u32, Option<ValueAndTimestamp<V>>)>,
    /// Number of the last change since then.
    last: u32,
    /// What is being handed over: slots with their entry before, when each changed last and where it is among
    /// these, in that order, and how many are done.
    taking: Vec<(u32, Option<ValueAndTimestamp<V>>)>,
    order: Vec<(u32, u32)>,
    done: usize,
}

impl<V> Default for Forward<V> {
    fn default() -> Self {
        Forward { changed: Vec::new(), last: 0, taking: Vec::new(), order: Vec::new(), done: 0 }
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

    /// Everything that is being handed over is.
    fn end(&mut self) {
        self.taking.clear();
        self.order.clear();
        self.done = 0;
    }

    /// Forgets all changes; the slots they were in.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = u32> {
        self.last = 0;
        self.end();
        std::mem::take(&mut self.changed).into_iter().map(|(number, _)| number)
    }
}

impl<V: Clone + 'static> Entries<V> {
    /// Shows the next keys that changed to `take`: key, value now, value before, time; whether there are more. They
    /// come in the order of their last change. A key that had no value before and has none now is left out (H-4).
    /// What changes between two calls is for the next round, which begins when this one has ended.
    pub(crate) fn next_changed(
        &mut self,
        mut take: impl FnMut(&[u8], Option<V>, Option<V>, Timestamp) -> Result<()>,
    ) -> Result<bool> {
        let Some(forward) = &mut self.forward else { return Ok(false) };
        if forward.order.is_empty() {
            std::mem::swap(&mut forward.changed, &mut forward.taking);
            forward.last = 0;
            for place in 0..forward.taking.len() {
                if place % AHEAD == 0 {
                    self.slots.warm(forward.taking[place..].iter().take(AHEAD).map(|(number, _)| *number));
                }
                let slot = self.slots.get_mut(forward.taking[place].0);
                slot.unforwarded = 0;
                forward.order.push((slot.touched, place as u32));
            }
            forward.order.sort_unstable();
        }
        let end = forward.order.len().min(forward.done + AT_ONCE);
        for position in forward.done..end {
            if position % AHEAD == 0 {
                let next = forward.order[position..].iter().take(AHEAD);
                self.slots.warm(next.map(|(_, place)| forward.taking[*place as usize].0));
            }
            let (number, old) = &mut forward.taking[forward.order[position].1 as usize];
            let slot = self.slots.get(*number);
            let (new, timestamp) = match &slot.entry {
                Some(entry) => (Some(entry.value.clone()), entry.timestamp),
                None => (None, slot.deleted_at),
            };
            if new.is_some() || old.is_some() {
                take(&slot.key, new, old.take().map(|old| old.value), timestamp)?;
            }
        }
        forward.done = end;
        let more = end < forward.order.len();
        if !more {
            forward.end();
        }
        Ok(more)
    }
}
