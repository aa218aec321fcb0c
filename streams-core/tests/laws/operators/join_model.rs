//! Joins of two streams by a model that keeps every record and looks through all of them (rules J-1 to J-14).

use std::collections::BTreeMap;

use streams_core::testing::laws::Event;
use streams_core::windows::JoinWindows;

use crate::operators::ms;

/// On which sides an event is taken, and its key and value.
pub(super) type Taken<'a> = (&'static [Side], Option<&'a str>, i64);

pub(super) fn pair(left: Option<&i64>, right: Option<&i64>) -> String {
    let text = |side: Option<&i64>| side.map_or("-".to_owned(), i64::to_string);
    format!("{}+{}", text(left), text(right))
}

/// Windows in milliseconds.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) before: i64,
    pub(super) after: i64,
    pub(super) grace: i64,
    pub(super) eager: bool,
}

impl Shape {
    pub(super) fn windows(self) -> JoinWindows {
        let windows = JoinWindows::between(-self.before..=self.after);
        let grace = ms(self.grace.unsigned_abs());
        if self.eager { windows.eager(grace) } else { windows.grace(grace) }
    }

    /// How long after a record of this side its last partner may come.
    fn ahead(self, side: Side) -> i64 {
        if side == Side::Left { self.after } else { self.before }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Inner,
    Left,
    Outer,
}

impl Kind {
    pub(super) fn is_outer(self, side: Side) -> bool {
        self == Kind::Outer || self == Kind::Left && side == Side::Left
    }
}

/// Of two records of one time and key that wait, the right one comes out first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Right,
    Left,
}

impl Side {
    fn other(self) -> Side {
        if self == Side::Left { Side::Right } else { Side::Left }
    }

    fn pair(self, own: i64, other: Option<i64>) -> String {
        if self == Side::Left { pair(Some(&own), other.as_ref()) } else { pair(other.as_ref(), Some(&own)) }
    }
}

/// What one task has seen: every record, and those that wait for a partner.
#[derive(Default)]
struct Task {
    now: i64,
    /// Side, key, time and value, in the order they came.
    records: Vec<(Side, String, i64, i64)>,
    waiting: Vec<(i64, Side, String, i64)>,
    rows: Vec<(Option<String>, String, i64)>,
}

impl Task {
    fn take(&mut self, kind: Kind, shape: Shape, side: Side, key: Option<&str>, value: i64, time: i64) {
        self.now = self.now.max(time);
        let Some(key) = key else {
            if kind.is_outer(side) {
                self.rows.push((None, side.pair(value, None), time));
            }
            return;
        };
        if time == self.now {
            self.free(|side| self_due(shape, side), self.now);
        }
        let other = side.other();
        let kept = self.records.iter().filter(|record| record.0 == other).map(|record| record.2).max();
        let retention = (shape.before + shape.after + shape.grace).max(1);
        let first = (time - shape.ahead(other)).max(kept.unwrap_or(0) - retention + 1);
        let mut partners: Vec<(i64, i64)> = Vec::new();
        for (from, of, at, theirs) in &self.records {
            if *from == other && of == key && (first..=time + shape.ahead(side)).contains(at) {
                partners.push((*at, *theirs));
            }
        }
        partners.sort_by_key(|(at, _)| *at);
        for (at, theirs) in &partners {
            self.rows.push((Some(key.to_owned()), side.pair(value, Some(*theirs)), time.max(*at)));
            self.waiting.retain(|(when, from, of, _)| !(when == at && *from == other && of == key));
        }
        if partners.is_empty() && kind.is_outer(side) {
            if shape.eager || time + shape.ahead(side) < self.now {
                self.rows.push((Some(key.to_owned()), side.pair(value, None), time));
            } else {
                self.waiting.push((time, side, key.to_owned(), value));
            }
        }
        self.records.push((side, key.to_owned(), time, value));
    }

    /// Puts out what waits and whose last partner should have come by `now`.
    fn free(&mut self, needs: impl Fn(Side) -> i64, now: i64) {
        self.waiting.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        let is_due = |(time, side, ..): &(i64, Side, String, i64)| time.saturating_add(needs(*side)) < now;
        let (due, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(is_due);
        self.waiting = waiting;
        let due: Vec<(i64, Side, String, i64)> = due;
        self.rows.extend(
            due.into_iter().map(|(time, side, key, value)| (Some(key), side.pair(value, None), time)),
        );
    }
}

fn self_due(shape: Shape, side: Side) -> i64 {
    shape.ahead(side) + shape.grace
}

/// All results, per task and then at the end of the input.
pub(super) fn model(
    kind: Kind,
    shape: Shape,
    events: &[Event],
    taken: fn(&Event) -> Taken<'_>,
) -> Vec<(Option<String>, String, i64)> {
    let mut tasks: BTreeMap<u32, Task> = BTreeMap::new();
    let mut rows = Vec::new();
    for event in events {
        let task = tasks.entry(event.partition()).or_default();
        let (sides, key, value) = taken(event);
        for side in sides {
            task.take(kind, shape, *side, key, value, event.time());
        }
        rows.append(&mut task.rows);
    }
    for task in tasks.values_mut() {
        task.free(|_| 0, i64::MAX);
        rows.append(&mut task.rows);
    }
    rows
}
