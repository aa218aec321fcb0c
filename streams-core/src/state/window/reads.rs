//! Reads of many windows (iteration order: rule 17.2 of the semantics reference).
//!
//! What is visible is decided when a read begins; see `Geometry::visible_from`.

use std::ops::{Bound, RangeBounds, RangeInclusive};

use crate::error::Result;
use crate::state::engine::range::after_prefix;
use crate::state::engine::{Direction, KeyRange};
use crate::state::entries::{Cursor, KeyBytes};
use crate::state::rows::Scan;
use crate::state::spec::{WindowExpiry, WindowLayout};
use crate::state::value::ValueAndTimestamp;
use crate::state::window::geometry::Geometry;
use crate::state::window::{StampedWindows, StartRows, WindowRows, WindowStore};
use crate::time::Timestamp;

/// More segments than this are read as one piece, rather than each by its own range of keys.
const MAX_SEGMENTS: i64 = 64;

/// Which keys a read is for.
#[derive(Clone)]
pub(super) enum Keys {
    One(Vec<u8>),
    Between(Bound<Vec<u8>>, Bound<Vec<u8>>),
}

impl<K: 'static, V: Clone + Send + 'static> WindowStore<K, V> {
    /// Windows of `key` that start within `starts`, by ascending start; duplicates in the order they were put.
    pub fn fetch_range(&self, key: &K, starts: RangeInclusive<Timestamp>) -> StartRows<V> {
        self.of_key(key, starts, Direction::Forward)
    }

    /// [`fetch_range`](Self::fetch_range) backwards.
    pub fn fetch_range_backward(&self, key: &K, starts: RangeInclusive<Timestamp>) -> StartRows<V> {
        self.of_key(key, starts, Direction::Reverse)
    }

    /// Windows of the keys from one bound to another that start within `starts`, in the store's order.
    pub fn fetch_keys(
        &self,
        lower: Bound<&K>,
        upper: Bound<&K>,
        starts: RangeInclusive<Timestamp>,
    ) -> WindowRows<K, V> {
        self.of_keys(lower, upper, starts, Direction::Forward)
    }

    /// [`fetch_keys`](Self::fetch_keys) backwards.
    pub fn fetch_keys_backward(
        &self,
        lower: Bound<&K>,
        upper: Bound<&K>,
        starts: RangeInclusive<Timestamp>,
    ) -> WindowRows<K, V> {
        self.of_keys(lower, upper, starts, Direction::Reverse)
    }

    /// Windows of all keys that start within `starts`, in the store's order.
    pub fn fetch_all(&self, starts: RangeInclusive<Timestamp>) -> WindowRows<K, V> {
        self.of_keys(Bound::Unbounded, Bound::Unbounded, starts, Direction::Forward)
    }

    /// [`fetch_all`](Self::fetch_all) backwards.
    pub fn fetch_all_backward(&self, starts: RangeInclusive<Timestamp>) -> WindowRows<K, V> {
        self.of_keys(Bound::Unbounded, Bound::Unbounded, starts, Direction::Reverse)
    }

    /// Everything, in the store's order.
    pub fn all(&self) -> WindowRows<K, V> {
        self.fetch_all(0..=i64::MAX)
    }

    /// Everything, in the reverse of the store's order.
    pub fn all_backward(&self) -> WindowRows<K, V> {
        self.fetch_all_backward(0..=i64::MAX)
    }

    /// Windows whose end (start + size) is behind `after` and not behind `up_to`, in the store's order: with
    /// [`WindowLayout::TimeFirst`] by start and key (rule E-6).
    pub fn closed_windows(&self, after: Timestamp, up_to: Timestamp) -> StampedWindows<K, V> {
        let size = self.geometry().size;
        let first = after.saturating_sub(size).saturating_add(1);
        let last = up_to.saturating_sub(size);
        if first > last {
            return WindowRows::new(Scan::of(None), self.geometry(), self.key_serde()).stamped();
        }
        self.fetch_all(first..=last).stamped()
    }

    fn of_key(&self, key: &K, starts: RangeInclusive<Timestamp>, direction: Direction) -> StartRows<V> {
        let mut bytes = Vec::new();
        let scan = match self.key_serde().serialize(key, &mut bytes) {
            Ok(()) => self.scan(Keys::One(bytes), starts, direction),
            Err(error) => Scan::of(Some(error)),
        };
        StartRows::new(scan, self.geometry())
    }

    fn of_keys(
        &self,
        lower: Bound<&K>,
        upper: Bound<&K>,
        starts: RangeInclusive<Timestamp>,
        direction: Direction,
    ) -> WindowRows<K, V> {
        let scan = match (self.bound(lower), self.bound(upper)) {
            (Ok(lower), Ok(upper)) => self.scan(Keys::Between(lower, upper), starts, direction),
            (Err(error), _) | (_, Err(error)) => Scan::of(Some(error)),
        };
        WindowRows::new(scan, self.geometry(), self.key_serde())
    }

    fn bound(&self, bound: Bound<&K>) -> Result<Bound<Vec<u8>>> {
        let bytes = |key: &K| {
            let mut out = Vec::new();
            self.key_serde().serialize(key, &mut out).map(|()| out)
        };
        Ok(match bound {
            Bound::Included(key) => Bound::Included(bytes(key)?),
            Bound::Excluded(key) => Bound::Excluded(bytes(key)?),
            Bound::Unbounded => Bound::Unbounded,
        })
    }

    fn scan(&self, keys: Keys, starts: RangeInclusive<Timestamp>, direction: Direction) -> Scan<V> {
        let geometry = self.geometry();
        if keys.is_reversed() || starts.is_empty() {
            let store = &self.spec().name;
            tracing::warn!(store, "a range whose first key or time is behind its last one is empty");
            return Scan::of(None);
        }
        let clock = self.clock();
        let from = geometry.visible_from(&clock).max(*starts.start());
        let to = clock.stream_time.get().min(*starts.end());
        if from > to {
            return Scan::of(None);
        }
        if let (WindowLayout::TimeFirst, Keys::One(key)) = (geometry.layout, &keys) {
            return self.scan_key_by_time(key.clone(), from, to, direction);
        }
        let mut ranges = geometry.ranges(&keys, from, to);
        let store = self.clone();
        let sorted = geometry.sorts() && matches!(keys, Keys::Between(..));
        Scan::over(
            move |cursor, out| {
                let first = out.len();
                store.chunk(cursor, out)?;
                // A segment that has to be sorted is read as a whole.
                while sorted && !cursor.is_done() {
                    store.chunk(cursor, out)?;
                }
                out.retain(|(row, _)| geometry.shows(row, &keys, from, to));
                if sorted {
                    geometry.sort(&mut out[first..], direction);
                }
                Ok(())
            },
            move || {
                let range = match direction {
                    Direction::Forward => ranges.next(),
                    Direction::Reverse => ranges.next_back(),
                };
                range.map(|range| Cursor::new(range, direction))
            },
        )
    }

    /// The rows of one key among rows that are ordered by time: after each chunk it goes on at the next start at
    /// which the key may be, so that the rows of other keys are skipped and not read.
    fn scan_key_by_time(
        &self,
        key: Vec<u8>,
        from: Timestamp,
        to: Timestamp,
        direction: Direction,
    ) -> Scan<V> {
        let (store, geometry) = (self.clone(), self.geometry());
        let row = |start: Timestamp, key: &[u8], end: &[u8]| [&start.to_be_bytes(), key, end].concat();
        let mut range = Some(KeyRange::inclusive(row(from, &key, &[0; 4]), row(to, &key, &[0xff; 4])));
        Scan::new(move |out| {
            let Some(whole) = range.take() else { return Ok(false) };
            let mut cursor = Cursor::new(whole.clone(), direction);
            store.chunk(&mut cursor, out)?;
            let rest = cursor.rest();
            range =
                match (rest, out.last().and_then(|(row, _)| Some((row.clone(), geometry.parse(row)?.start))))
                {
                    (None, _) => None,
                    (Some(rest), None) => Some(rest),
                    (Some(_), Some((last, start))) => {
                        let (first_here, last_here) =
                            (row(start, &key, &[0; 4]), row(start, &key, &[0xff; 4]));
                        Some(match direction {
                            Direction::Forward if *last < *first_here => {
                                KeyRange { lower: Bound::Included(first_here), ..whole }
                            }
                            Direction::Forward if *last > *last_here => {
                                KeyRange { lower: Bound::Included(row(start + 1, &key, &[0; 4])), ..whole }
                            }
                            Direction::Reverse if *last > *last_here => {
                                KeyRange { upper: Bound::Included(last_here), ..whole }
                            }
                            Direction::Reverse if *last < *first_here => {
                                KeyRange { upper: Bound::Included(row(start - 1, &key, &[0xff; 4])), ..whole }
                            }
                            _ => whole.behind(&last, direction),
                        })
                    }
                };
            out.retain(|(row, _)| geometry.parse(row).is_some_and(|parts| parts.key == key));
            Ok(true)
        })
    }
}

impl Keys {
    fn is_reversed(&self) -> bool {
        match self {
            Keys::One(_) => false,
            Keys::Between(lower, upper) => {
                KeyRange { lower: lower.clone(), upper: upper.clone() }.is_reversed()
            }
        }
    }

    fn contain(&self, key: &[u8]) -> bool {
        match self {
            Keys::One(one) => one == key,
            Keys::Between(lower, upper) => {
                let bounds = (lower.as_ref().map(Vec::as_slice), upper.as_ref().map(Vec::as_slice));
                <(Bound<&[u8]>, Bound<&[u8]>) as RangeBounds<[u8]>>::contains(&bounds, key)
            }
        }
    }
}

impl Geometry {
    /// Whether rows have to be sorted by time to be read in the order of Kafka's store in memory.
    fn sorts(&self) -> bool {
        self.expiry == WindowExpiry::InMemory && self.layout == WindowLayout::KeyFirst
    }

    fn sort<V>(&self, rows: &mut [(KeyBytes, ValueAndTimestamp<V>)], direction: Direction) {
        rows.sort_by(|(a, _), (b, _)| {
            let order = |row| self.parse(row).map(|parts| (parts.start, parts.key, parts.sequence));
            match direction {
                Direction::Forward => order(a).cmp(&order(b)),
                Direction::Reverse => order(b).cmp(&order(a)),
            }
        });
    }

    fn shows(&self, row: &[u8], keys: &Keys, from: Timestamp, to: Timestamp) -> bool {
        self.parse(row).is_some_and(|parts| (from..=to).contains(&parts.start) && keys.contain(parts.key))
    }

    /// Ranges of rows that hold everything that `keys` have from `from` to `to`, in order, and not much else.
    pub(super) fn ranges(
        &self,
        keys: &Keys,
        from: Timestamp,
        to: Timestamp,
    ) -> Box<dyn DoubleEndedIterator<Item = KeyRange> + Send> {
        if self.layout == WindowLayout::TimeFirst {
            let lower = match keys {
                Keys::One(key) | Keys::Between(Bound::Included(key) | Bound::Excluded(key), _) => {
                    [&from.to_be_bytes(), key.as_slice()].concat()
                }
                Keys::Between(Bound::Unbounded, _) => from.to_be_bytes().to_vec(),
            };
            let range = KeyRange { lower: Bound::Included(lower), upper: after_prefix(&to.to_be_bytes()) };
            return Box::new(std::iter::once(range));
        }
        let (first, last) = (self.segment_of(from), self.segment_of(to));
        if last - first >= MAX_SEGMENTS {
            let lower = Bound::Included(first.to_be_bytes().to_vec());
            return Box::new(std::iter::once(KeyRange { lower, upper: after_prefix(&last.to_be_bytes()) }));
        }
        let (keys, width) = (keys.clone(), self.segment);
        Box::new((first..=last).map(move |segment| {
            let id = segment.to_be_bytes();
            let begin = segment.saturating_mul(width);
            let (from, to) = (from.max(begin), to.min(begin.saturating_add(width - 1)));
            match &keys {
                Keys::One(key) => KeyRange::inclusive(
                    [&id, key.as_slice(), &from.to_be_bytes(), &[0; 4]].concat(),
                    [&id, key.as_slice(), &to.to_be_bytes(), &[0xff; 4]].concat(),
                ),
                Keys::Between(lower, upper) => KeyRange {
                    lower: Bound::Included(match lower {
                        Bound::Included(key) | Bound::Excluded(key) => [&id, key.as_slice()].concat(),
                        Bound::Unbounded => id.to_vec(),
                    }),
                    upper: match upper {
                        Bound::Included(key) | Bound::Excluded(key) => {
                            Bound::Included([&id, last_row(key, to).as_slice()].concat())
                        }
                        Bound::Unbounded => after_prefix(&id),
                    },
                },
            }
        }))
    }
}

/// The greatest row that a key up to `key` can have in a segment, without the segment. A key that is a prefix of
/// `key` is smaller than it, but its rows, which go on with a time, may be greater.
fn last_row(key: &[u8], to: Timestamp) -> Vec<u8> {
    let row = |prefix: &[u8]| [prefix, &to.to_be_bytes(), &[0xff; 4]].concat();
    (0..=key.len()).map(|len| row(&key[..len])).max().unwrap_or_default()
}
