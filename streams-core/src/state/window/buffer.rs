//! What makes a window store fit for joins: the rows of each key typed and in order of time, so that a join neither
//! serializes nor copies what it looks at.
//!
//! Rows are only ever added. Each is serialized once, when it comes, into the list of what the next commit logs; the
//! layers below get it with that commit, and hold what is committed. A group has every row of its key that can still
//! be seen. Of a key without a group the layers below are asked, unless all they hold is too old to be seen.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::error::Result;
use crate::record::{EncodedHeaders, RecordView};
use crate::serde::SerdeRef;
use crate::state::StoreUsage;
use crate::state::budget::{MemoryBudget, Share};
use crate::state::engine::Direction;
use crate::state::entries::{Cursor, Entries, KeyBytes};
use crate::state::spec::WindowExpiry;
use crate::state::window::Put;
use crate::state::window::geometry::{Clock, Geometry};
use crate::state::window::reads::Keys;
use crate::time::{Timestamp, UNKNOWN};

pub(super) struct Buffer<V: 'static> {
    serde: SerdeRef<V>,
    groups: Vec<Group<V>>,
    vacant: Vec<u32>,
    table: HashTable<u32>,
    hasher: RandomState,
    /// Rows below that are in no group start here or earlier.
    cold_until: Timestamp,
    /// What came since changes were last taken, and what was taken for the commit under way.
    added: Log,
    staged: Log,
    /// The group that was looked at last for eviction.
    hand: usize,
    share: Share,
}

struct Group<V> {
    key: KeyBytes,
    hash: u64,
    /// By start and sequence.
    rows: VecDeque<Row<V>>,
    used: bool,
    vacant: bool,
}

struct Row<V> {
    start: Timestamp,
    sequence: u32,
    len: u32,
    value: V,
}

/// Rows one behind the other: key, 8 bytes of time, value.
#[derive(Default)]
struct Log {
    bytes: Vec<u8>,
    rows: Vec<Logged>,
}

struct Logged {
    key_len: usize,
    /// With the time; `None` for a null.
    value_len: Option<usize>,
    timestamp: Timestamp,
    /// Whether the store took it: what it refused is logged all the same, as in Kafka Streams.
    taken: bool,
}

/// A row to be added.
pub(super) struct Added<V> {
    pub(super) start: Timestamp,
    pub(super) sequence: u32,
    /// `None` for a null, which is only logged.
    pub(super) value: Option<V>,
    pub(super) timestamp: Timestamp,
}

impl<V: Clone + 'static> Buffer<V> {
    pub(super) fn new(serde: SerdeRef<V>) -> Self {
        Buffer {
            serde,
            groups: Vec::new(),
            vacant: Vec::new(),
            table: HashTable::new(),
            hasher: RandomState::default(),
            cold_until: UNKNOWN,
            added: Log::default(),
            staged: Log::default(),
            hand: 0,
            share: Share::new(Arc::new(MemoryBudget::unlimited())),
        }
    }

    /// Takes memory from `budget`; the layers below hold rows up to `stream_time`.
    pub(super) fn attach(&mut self, budget: Arc<MemoryBudget>, stream_time: Timestamp) {
        self.share.move_to(budget);
        self.cold_until = self.cold_until.max(stream_time);
    }

    /// The layers below have changed; they hold rows up to `stream_time`.
    pub(super) fn restored(&mut self, stream_time: Timestamp) {
        self.forget();
        self.cold_until = stream_time;
    }

    /// What it uses of memory. Its rows are counted as those of the layers below.
    pub(super) fn usage(&self) -> StoreUsage {
        self.share.usage(0)
    }

    pub(super) fn clear(&mut self) {
        self.forget();
        (self.added, self.staged) = (Log::default(), Log::default());
        self.share.set_dirty(0);
        self.cold_until = UNKNOWN;
    }

    /// Adds a row by the clock of its store, which has its time by now.
    pub(super) fn add(
        &mut self,
        geometry: &Geometry,
        clock: &Clock,
        entries: &mut Entries<V>,
        key: &[u8],
        added: Added<V>,
    ) -> Result<Put> {
        let Added { start, sequence, value, timestamp } = added;
        let value = value.filter(|value| !self.serde.is_null(value));
        // Kafka's persistent store does not look at a null among duplicates, but numbers and logs it (V-4, 3.2).
        let ignored = value.is_none() && geometry.expiry == WindowExpiry::Persistent;
        let taken = ignored || geometry.accepts(clock, start);
        let seen = taken && value.is_some() && start >= geometry.visible_from(clock);
        let group = if seen { Some(self.group(geometry, clock, entries, key)?) } else { None };

        let bytes = &mut self.added.bytes;
        let first = bytes.len();
        let written = geometry.row_key(start, sequence, bytes, |out| {
            out.extend_from_slice(key);
            Ok(())
        });
        let key_len = bytes.len() - first;
        let written = written.and_then(|()| match &value {
            Some(value) => {
                bytes.extend_from_slice(&timestamp.to_be_bytes());
                self.serde.serialize(value, bytes)
            }
            None => Ok(()),
        });
        if let Err(error) = written {
            bytes.truncate(first);
            return Err(error);
        }
        let value_len = value.is_some().then(|| bytes.len() - first - key_len);
        let len = bytes.len() - first;
        self.share.add_dirty(len);
        self.added.rows.push(Logged { key_len, value_len, timestamp, taken });
        if let (Some(group), Some(value)) = (group, value) {
            let group = &mut self.groups[group as usize];
            group.drop_before(geometry.visible_from(clock), &mut self.share);
            let row = Row { start, sequence, len: u32::try_from(len).unwrap_or(u32::MAX), value };
            self.share.add_hot(bytes_of(&row));
            group.insert(row);
        }
        Ok(if taken { Put::Stored } else { Put::Expired })
    }

    /// Shows the rows of `key` that start within `from..=to` to `look`, by time, those of one time in the order in
    /// which they came.
    #[inline]
    pub(super) fn visit(
        &mut self,
        geometry: &Geometry,
        clock: &Clock,
        entries: &mut Entries<V>,
        key: &[u8],
        (from, to): (Timestamp, Timestamp),
        look: &mut dyn FnMut(Timestamp, &V),
    ) -> Result<()> {
        let from = from.max(geometry.visible_from(clock));
        if from > to {
            return Ok(());
        }
        let hash = self.hasher.hash_one(key);
        let number = match self.find(key, hash) {
            Some(number) => number,
            None if self.is_cold(geometry, clock) => self.load(geometry, clock, entries, key, hash)?,
            None => return Ok(()),
        };
        let group = &mut self.groups[number as usize];
        group.used = true;
        let first = group.rows.partition_point(|row| row.start < from);
        for row in group.rows.range(first..) {
            if row.start > to {
                break;
            }
            look(row.start, &row.value);
        }
        Ok(())
    }

    /// Shows what came to `emit`, in the order in which it came.
    pub(super) fn stage(
        &mut self,
        geometry: &Geometry,
        emit: &mut dyn FnMut(RecordView<'_>) -> Result<()>,
    ) -> Result<()> {
        let (first, mut at) = (self.staged.rows.len(), self.staged.bytes.len());
        if first == 0 {
            std::mem::swap(&mut self.staged, &mut self.added);
        } else {
            self.staged.bytes.append(&mut self.added.bytes);
            self.staged.rows.append(&mut self.added.rows);
        }
        let mut together = Vec::new();
        for row in &self.staged.rows[first..] {
            let (key, value) = row.split(&self.staged.bytes[at..]);
            let key = Some(geometry.changelog_key(key, &mut together));
            let (timestamp, headers) = (row.timestamp, EncodedHeaders::default());
            emit(RecordView { offset: 0, timestamp, key, value: value.map(|value| &value[8..]), headers })?;
            at += row.len();
        }
        Ok(())
    }

    /// What was staged is committed: the layers below have it from now on.
    pub(super) fn commit(&mut self, entries: &mut Entries<V>) {
        let mut at = 0;
        for row in self.staged.rows.drain(..) {
            let (key, value) = row.split(&self.staged.bytes[at..]);
            at += row.len();
            if let (true, Some(value)) = (row.taken, value) {
                entries.restore(KeyBytes::from(key), Some(value.into()));
            }
        }
        self.staged.bytes.clear();
        self.share.set_dirty(self.added.bytes.len());
        entries.restored();
        self.evict();
    }

    /// Drops what is not committed, with everything that a clock that now goes back made unseen: the layers below
    /// hold rows up to `stream_time`.
    pub(super) fn abort(&mut self, stream_time: Timestamp) {
        (self.added, self.staged) = (Log::default(), Log::default());
        self.share.set_dirty(0);
        self.restored(stream_time);
    }

    /// Drops the rows that start before `first`, which nobody sees anymore, and groups that have no others. What is
    /// not committed starts later.
    pub(super) fn drop_before(&mut self, first: Timestamp) {
        for number in 0..self.groups.len() {
            let group = &mut self.groups[number];
            group.drop_before(first, &mut self.share);
            if group.rows.is_empty() && !group.vacant {
                self.remove(number);
            }
        }
    }

    /// Drops groups that were not used of late while memory is short.
    fn evict(&mut self) {
        // What is not committed is only here.
        if !self.added.rows.is_empty() {
            return;
        }
        for _ in 0..2 * self.groups.len() {
            if !self.share.is_over() {
                return;
            }
            self.hand = if self.hand + 1 < self.groups.len() { self.hand + 1 } else { 0 };
            let group = &mut self.groups[self.hand];
            if !group.vacant && !std::mem::take(&mut group.used) {
                self.cold_until = group.rows.back().map_or(UNKNOWN, |row| row.start).max(self.cold_until);
                self.remove(self.hand);
            }
        }
    }

    fn forget(&mut self) {
        self.groups.clear();
        self.vacant.clear();
        self.table.clear();
        self.share.remove_all_hot();
    }

    fn remove(&mut self, number: usize) {
        let group = &mut self.groups[number];
        if let Ok(place) = self.table.find_entry(group.hash, |&other| other as usize == number) {
            place.remove();
        }
        self.share.remove_hot(group.rows.iter().map(bytes_of).sum::<usize>() + group.own_bytes());
        (group.rows, group.key, group.vacant) = (VecDeque::new(), KeyBytes::from(&[][..]), true);
        self.vacant.push(number as u32);
    }

    #[inline]
    fn find(&self, key: &[u8], hash: u64) -> Option<u32> {
        self.table.find(hash, |&number| *self.groups[number as usize].key == *key).copied()
    }

    /// Whether the layers below may have rows that can be seen and are in no group.
    #[inline]
    fn is_cold(&self, geometry: &Geometry, clock: &Clock) -> bool {
        self.cold_until >= geometry.visible_from(clock)
    }

    /// The group of `key`, new if there is none.
    fn group(
        &mut self,
        geometry: &Geometry,
        clock: &Clock,
        entries: &mut Entries<V>,
        key: &[u8],
    ) -> Result<u32> {
        let hash = self.hasher.hash_one(key);
        match self.find(key, hash) {
            Some(number) => Ok(number),
            None if self.is_cold(geometry, clock) => self.load(geometry, clock, entries, key, hash),
            None => Ok(self.insert(key, hash, VecDeque::new())),
        }
    }

    #[inline(never)]
    fn load(
        &mut self,
        geometry: &Geometry,
        clock: &Clock,
        entries: &mut Entries<V>,
        key: &[u8],
        hash: u64,
    ) -> Result<u32> {
        let keys = Keys::One(key.to_vec());
        let (from, to) = (geometry.visible_from(clock), self.cold_until);
        let (mut found, mut rows) = (Vec::new(), VecDeque::new());
        for range in geometry.ranges(&keys, from, to) {
            let mut cursor = Cursor::new(range, Direction::Forward);
            while !cursor.is_done() {
                entries.chunk(&mut cursor, &mut found)?;
            }
        }
        for (row, entry) in found {
            if let Some(parts) = geometry.parse(&row).filter(|parts| parts.key == key && parts.start >= from)
            {
                let len = row.len() as u32 + 16;
                rows.push_back(Row { start: parts.start, sequence: parts.sequence, len, value: entry.value });
            }
        }
        rows.make_contiguous().sort_by_key(Row::place);
        Ok(self.insert(key, hash, rows))
    }

    fn insert(&mut self, key: &[u8], hash: u64, rows: VecDeque<Row<V>>) -> u32 {
        let group = Group { key: KeyBytes::from(key), hash, rows, used: true, vacant: false };
        self.share.add_hot(group.rows.iter().map(bytes_of).sum::<usize>() + group.own_bytes());
        let number = match self.vacant.pop() {
            Some(number) => {
                self.groups[number as usize] = group;
                number
            }
            None => {
                self.groups.push(group);
                u32::try_from(self.groups.len() - 1).expect("memory ends before four billion keys do")
            }
        };
        let groups = &self.groups;
        self.table.insert_unique(hash, number, |&other| groups[other as usize].hash);
        number
    }
}

impl<V> Group<V> {
    fn insert(&mut self, row: Row<V>) {
        self.used = true;
        if self.rows.back().is_none_or(|last| last.start <= row.start) {
            self.rows.push_back(row);
        } else {
            let place = self.rows.partition_point(|other| other.start <= row.start);
            self.rows.insert(place, row);
        }
    }

    fn drop_before(&mut self, first: Timestamp, share: &mut Share) {
        while self.rows.front().is_some_and(|row| row.start < first) {
            if let Some(row) = self.rows.pop_front() {
                share.remove_hot(bytes_of(&row));
            }
        }
    }

    fn own_bytes(&self) -> usize {
        size_of::<Self>() + 6 + self.key.len()
    }
}

impl<V> Row<V> {
    fn place(&self) -> (Timestamp, u32) {
        (self.start, self.sequence)
    }
}

impl Logged {
    fn len(&self) -> usize {
        self.key_len + self.value_len.unwrap_or(0)
    }

    /// Key and stored value of the row that `bytes` begin with.
    fn split<'a>(&self, bytes: &'a [u8]) -> (&'a [u8], Option<&'a [u8]>) {
        let (key, rest) = bytes.split_at(self.key_len);
        (key, self.value_len.map(|len| &rest[..len]))
    }
}

/// Memory that a row takes, estimated.
fn bytes_of<V>(row: &Row<V>) -> usize {
    size_of::<Row<V>>() + row.len as usize
}
