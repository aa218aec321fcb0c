//! Reading a range in key order, all layers merged.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::error::Result;
use crate::state::engine::{Direction, KeyRange};
use crate::state::entries::slots::State;
use crate::state::entries::{Entries, KeyBytes};
use crate::state::value::{ValueAndTimestamp, decode};

/// Rows read at a time: few at first, because most reads are short.
const FIRST_CHUNK: usize = 16;
const MAX_CHUNK: usize = 256;

/// Where a scan stands. It holds no lock and no reference: each chunk is looked for anew behind the last key, so that
/// changes between chunks are seen and no key comes twice.
pub(crate) struct Cursor {
    range: KeyRange,
    direction: Direction,
    chunk: usize,
    pub(crate) done: bool,
}

/// A key of a layer: which layer (smaller wins), and its entry there.
struct Candidate<V> {
    key: KeyBytes,
    layer: u8,
    entry: Option<ValueAndTimestamp<V>>,
}

impl Cursor {
    pub(crate) fn new(range: KeyRange, direction: Direction) -> Self {
        let done = range.is_empty();
        Cursor { range, direction, chunk: FIRST_CHUNK, done }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// What is still to be read.
    pub(crate) fn rest(self) -> Option<KeyRange> {
        (!self.done).then_some(self.range)
    }
}

impl<V: Clone + 'static> Entries<V> {
    /// Appends the next rows of a scan to `out`; none may come although the cursor is not done.
    pub(crate) fn chunk(
        &mut self,
        cursor: &mut Cursor,
        out: &mut Vec<(KeyBytes, ValueAndTimestamp<V>)>,
    ) -> Result<()> {
        if cursor.done {
            return Ok(());
        }
        let mut found = Vec::new();
        // Each layer gives a limited number of keys. Up to where the first of the layers that have more ends, all
        // keys are known.
        let mut horizon: Option<KeyBytes> = None;
        self.collect_dirty(cursor, &mut found, &mut horizon);
        self.collect_pending(cursor, &mut found, &mut horizon)?;
        self.collect_engine(cursor, &mut found, &mut horizon)?;

        found.sort_unstable_by(|a, b| {
            let keys = match cursor.direction {
                Direction::Forward => a.key.cmp(&b.key),
                Direction::Reverse => b.key.cmp(&a.key),
            };
            keys.then(a.layer.cmp(&b.layer))
        });
        found.dedup_by(|later, first| later.key == first.key);
        let within = |key: &KeyBytes| match (&horizon, cursor.direction) {
            (None, _) => true,
            (Some(end), Direction::Forward) => key <= end,
            (Some(end), Direction::Reverse) => key >= end,
        };
        let rows = found.into_iter().filter(|row| within(&row.key));
        out.extend(rows.filter_map(|row| Some((row.key, row.entry?))));

        match horizon {
            Some(end) => cursor.range = cursor.range.behind(&end, cursor.direction),
            None => cursor.done = true,
        }
        cursor.done |= cursor.range.is_empty();
        cursor.chunk = (cursor.chunk * 2).min(MAX_CHUNK);
        Ok(())
    }

    fn collect_dirty(
        &mut self,
        cursor: &Cursor,
        found: &mut Vec<Candidate<V>>,
        horizon: &mut Option<KeyBytes>,
    ) {
        if self.index.is_none() {
            let changed = self.dirty.iter().chain(self.staged.iter().map(|(number, _)| number));
            let keys: BTreeSet<KeyBytes> =
                changed.map(|&number| self.slots.get(number).key.clone()).collect();
            self.index = Some(keys);
        }
        let Some(index) = self.index.as_ref().filter(|index| !index.is_empty()) else { return };
        let mut keys = index.range::<[u8], _>(cursor.range.bounds());
        for _ in 0..cursor.chunk {
            let key = match cursor.direction {
                Direction::Forward => keys.next(),
                Direction::Reverse => keys.next_back(),
            };
            let Some(key) = key else { return };
            let entry = self.slots.peek(key).and_then(|slot| slot.entry.clone());
            found.push(Candidate { key: key.clone(), layer: 0, entry });
        }
        narrow(horizon, found.last().map(|row| row.key.clone()), cursor.direction);
    }

    fn collect_pending(
        &self,
        cursor: &Cursor,
        found: &mut Vec<Candidate<V>>,
        horizon: &mut Option<KeyBytes>,
    ) -> Result<()> {
        let layers = [(1, Some(&self.pending)), (2, self.flushing.as_deref())];
        for (layer, pending) in layers {
            let Some(pending) = pending.filter(|pending| !pending.is_empty()) else { continue };
            let mut rows = pending.range(cursor.range.bounds());
            let mut more = true;
            for _ in 0..cursor.chunk {
                let row = match cursor.direction {
                    Direction::Forward => rows.next(),
                    Direction::Reverse => rows.next_back(),
                };
                let Some((key, row)) = row else {
                    more = false;
                    break;
                };
                let entry = match row {
                    Some(row) => Some(self.typed(key, row)?),
                    None => None,
                };
                found.push(Candidate { key: key.clone(), layer, entry });
            }
            if more {
                narrow(horizon, found.last().map(|row| row.key.clone()), cursor.direction);
            }
        }
        Ok(())
    }

    fn collect_engine(
        &self,
        cursor: &Cursor,
        found: &mut Vec<Candidate<V>>,
        horizon: &mut Option<KeyBytes>,
    ) -> Result<()> {
        let Some(below) = self.below.as_ref().filter(|below| !below.empty) else { return Ok(()) };
        let mut count = 0;
        let mut failed = None;
        below.engine.scan(below.store, &cursor.range, cursor.direction, &mut |key, row| {
            match self.typed(key, row) {
                Ok(entry) => found.push(Candidate { key: key.into(), layer: 3, entry: Some(entry) }),
                Err(error) => {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            }
            count += 1;
            if count < cursor.chunk { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        if count == cursor.chunk {
            narrow(horizon, found.last().map(|row| row.key.clone()), cursor.direction);
        }
        Ok(())
    }

    /// The value of a row below: from its hot entry if there is one that says the same.
    fn typed(&self, key: &[u8], row: &[u8]) -> Result<ValueAndTimestamp<V>> {
        match self.slots.peek(key) {
            Some(slot) if slot.state == State::Clean => match &slot.entry {
                Some(entry) => Ok(entry.clone()),
                None => decode(&*self.serde, row),
            },
            _ => decode(&*self.serde, row),
        }
    }
}

/// Moves the horizon back to `end` if it is further.
fn narrow(horizon: &mut Option<KeyBytes>, end: Option<KeyBytes>, direction: Direction) {
    let Some(end) = end else { return };
    let nearer = horizon.as_ref().is_none_or(|horizon| match direction {
        Direction::Forward => end < *horizon,
        Direction::Reverse => end > *horizon,
    });
    if nearer {
        *horizon = Some(end);
    }
}
