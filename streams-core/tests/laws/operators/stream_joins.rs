//! Joins of two streams, against a model that keeps every record and looks through all of them.

use std::collections::BTreeMap;

use streams_core::testing::laws::{Event, Events, Laws, keys, nullable};
use streams_core::windows::JoinWindows;
use streams_core::{DropReason, KStream, Optimization, Result, StreamJoined, StreamsBuilder, Topic};

use crate::operators::{Operator, keep_their_laws, ms};

const LEFT: Topic<String, i64> = Topic::new("left");
const RIGHT: Topic<String, i64> = Topic::new("right");
const MAYBE_LEFT: Topic<Option<String>, i64> = Topic::new("left");
const MAYBE_RIGHT: Topic<Option<String>, i64> = Topic::new("right");
pub(super) const BOTH: Topic<String, i64> = Topic::new("both");
const OUT: Topic<String, String> = Topic::new("out");
const MAYBE_OUT: Topic<Option<String>, String> = Topic::new("out");

const NEAR: Shape = Shape { before: 8, after: 8, grace: 0, eager: false };
const GRACIOUS: Shape = Shape { before: 8, after: 4, grace: 15, eager: false };
const LATER: Shape = Shape { before: -2, after: 9, grace: 3, eager: false };
const EAGER: Shape = Shape { before: 5, after: 10, grace: 20, eager: true };

pub(crate) const OPERATORS: &[Operator] = &[
    Operator {
        verbs: &["KStream::join"],
        laws: || inner(NEAR, |l, r, w| l.join(r, w, |l, r| pair(Some(l), Some(r)))),
    },
    Operator {
        verbs: &["KStream::join_with"],
        laws: || {
            let laws = inner(GRACIOUS, |l, r, w| {
                l.join_with(r, w, |l, r| pair(Some(l), Some(r)), StreamJoined::new().named("joined"))
            });
            Ok(laws?.order_insensitive_within(ms(15)))
        },
    },
    Operator {
        verbs: &["KStream::join_with_key"],
        laws: || inner(LATER, |l, r, w| l.join_with_key(r, w, |_, l, r| pair(Some(l), Some(r)))),
    },
    Operator {
        verbs: &["KStream::join_with_key_with"],
        laws: || {
            inner(NEAR, |l, r, w| {
                let options = StreamJoined::new().store_name("kept");
                l.join_with_key_with(r, w, |_, l, r| pair(Some(l), Some(r)), options)
            })
        },
    },
    Operator { verbs: &["KStream::join"], laws: self_join },
    Operator { verbs: &["KStream::join"], laws: rekeyed },
    Operator {
        verbs: &["KStream::left_join"],
        laws: || outer(Kind::Left, NEAR, |l, r, w| l.left_join(r, w, |l, r| pair(Some(l), r))),
    },
    Operator {
        verbs: &["KStream::left_join_with"],
        laws: || {
            let options = || StreamJoined::new().named("joined");
            outer(Kind::Left, GRACIOUS, move |l, r, w| {
                l.left_join_with(r, w, |l, r| pair(Some(l), r), options())
            })
        },
    },
    Operator {
        verbs: &["KStream::left_join_with_key"],
        laws: || outer(Kind::Left, LATER, |l, r, w| l.left_join_with_key(r, w, |_, l, r| pair(Some(l), r))),
    },
    Operator {
        verbs: &["KStream::left_join_with_key_with"],
        laws: || {
            let options = StreamJoined::new;
            outer(Kind::Left, EAGER, move |l, r, w| {
                l.left_join_with_key_with(r, w, |_, l, r| pair(Some(l), r), options())
            })
        },
    },
    Operator {
        verbs: &["KStream::outer_join"],
        laws: || outer(Kind::Outer, GRACIOUS, |l, r, w| l.outer_join(r, w, pair)),
    },
    Operator {
        verbs: &["KStream::outer_join_with"],
        laws: || outer(Kind::Outer, NEAR, |l, r, w| l.outer_join_with(r, w, pair, StreamJoined::new())),
    },
    Operator {
        verbs: &["KStream::outer_join_with_key"],
        laws: || outer(Kind::Outer, LATER, |l, r, w| l.outer_join_with_key(r, w, |_, l, r| pair(l, r))),
    },
    Operator {
        verbs: &["KStream::outer_join_with_key_with"],
        laws: || {
            outer(Kind::Outer, EAGER, |l, r, w| {
                l.outer_join_with_key_with(r, w, |_, l, r| pair(l, r), StreamJoined::new())
            })
        },
    },
];

#[test]
fn joins_of_streams_keep_their_laws() {
    keep_their_laws(OPERATORS);
}

fn pair(left: Option<&i64>, right: Option<&i64>) -> String {
    let text = |side: Option<&i64>| side.map_or("-".to_owned(), i64::to_string);
    format!("{}+{}", text(left), text(right))
}

/// Windows in milliseconds.
#[derive(Clone, Copy)]
struct Shape {
    before: i64,
    after: i64,
    grace: i64,
    eager: bool,
}

impl Shape {
    fn windows(self) -> JoinWindows {
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
enum Kind {
    Inner,
    Left,
    Outer,
}

impl Kind {
    fn is_outer(self, side: Side) -> bool {
        self == Kind::Outer || self == Kind::Left && side == Side::Left
    }
}

/// Of two records of one time and key that wait, the right one comes out first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
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
fn model(kind: Kind, shape: Shape, events: &[Event]) -> Vec<(Option<String>, String, i64)> {
    let mut tasks: BTreeMap<u32, Task> = BTreeMap::new();
    let mut rows = Vec::new();
    for event in events {
        let task = tasks.entry(event.partition()).or_default();
        let (sides, key, value) = side_of(event);
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

fn side_of(event: &Event) -> (&'static [Side], Option<&str>, i64) {
    if let Some((key, value)) = event.record(&BOTH) {
        return (&[Side::Left, Side::Right], Some(key), *value);
    }
    let sides: &[Side] = if event.topic() == LEFT.name() { &[Side::Left] } else { &[Side::Right] };
    if let Some((key, value)) = event.record(&LEFT).or(event.record(&RIGHT)) {
        return (sides, Some(key), *value);
    }
    let (key, value) = event.record(&MAYBE_LEFT).or(event.record(&MAYBE_RIGHT)).unwrap();
    (sides, key.as_deref(), *value)
}

fn events<K: std::fmt::Debug + 'static>(
    keys: impl proptest::strategy::Strategy<Value = K> + 'static,
) -> Events<K, i64> {
    Events::of(keys, 0..100i64).gap(ms(5)).disorder(ms(6)).late(ms(60)).jumps(ms(60))
}

fn inner(
    shape: Shape,
    join: impl Fn(KStream<String, i64>, KStream<String, i64>, JoinWindows) -> KStream<String, String>,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    join(builder.stream(&LEFT), builder.stream(&RIGHT), shape.windows()).to(&OUT);
    Ok(Laws::of(&builder.build()?)
        .input(&LEFT, events(keys(2)))
        .input(&RIGHT, events(keys(2)))
        .output(&MAYBE_OUT)
        .reference(&MAYBE_OUT, move |events| model(Kind::Inner, shape, events))
        .reference_drops(|_| Vec::new()))
}

/// Left and outer joins, with records that have no key.
fn outer(
    kind: Kind,
    shape: Shape,
    join: impl Fn(
        KStream<Option<String>, i64>,
        KStream<Option<String>, i64>,
        JoinWindows,
    ) -> KStream<Option<String>, String>,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    join(builder.stream(&MAYBE_LEFT), builder.stream(&MAYBE_RIGHT), shape.windows()).to(&MAYBE_OUT);
    let keyless = move |events: &[Event]| {
        let dropped = |event: &&Event| side_of(event).1.is_none() && !kind.is_outer(side_of(event).0[0]);
        vec![(DropReason::NullKey, events.iter().filter(dropped).count() as u64)]
    };
    Ok(Laws::of(&builder.build()?)
        .input(&MAYBE_LEFT, events(nullable(keys(4))))
        .input(&MAYBE_RIGHT, events(nullable(keys(4))))
        .partitions(2)
        .output(&MAYBE_OUT)
        .reference(&MAYBE_OUT, move |events| model(kind, shape, events))
        .reference_drops(keyless))
}

fn self_join() -> Result<Laws> {
    Ok(joined_with_itself(Optimization::NONE)?.input(&BOTH, events(keys(2))))
}

/// Without events; `single.store.self.join` differs for records that are late by exactly what the stores keep.
pub(super) fn joined_with_itself(optimization: Optimization) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    builder.optimize(optimization);
    let stream = builder.stream(&BOTH);
    stream.clone().join(stream, NEAR.windows(), |l, r| pair(Some(l), Some(r))).to(&OUT);
    Ok(Laws::of(&builder.build()?)
        .output(&MAYBE_OUT)
        .reference(&MAYBE_OUT, |events| model(Kind::Inner, NEAR, events)))
}

/// Both sides are repartitioned by their values, whose records then race: only what is in time is certain.
fn rekeyed() -> Result<Laws> {
    let builder = StreamsBuilder::new();
    let by_value = |stream: KStream<String, i64>| stream.select_key(|_, value| (value % 3).to_string());
    let (left, right) = (by_value(builder.stream(&LEFT)), by_value(builder.stream(&RIGHT)));
    left.join(right, GRACIOUS.windows(), |l, r| pair(Some(l), Some(r))).to(&OUT);
    let matching = |events: &[Event]| {
        let all: Vec<(&[Side], i64, i64)> =
            events.iter().map(|event| (side_of(event).0, side_of(event).2, event.time())).collect();
        let mut rows = Vec::new();
        for (_, left, left_time) in all.iter().filter(|(side, ..)| side[0] == Side::Left) {
            for (_, right, right_time) in all.iter().filter(|(side, ..)| side[0] == Side::Right) {
                let near = (left_time - GRACIOUS.before..=left_time + GRACIOUS.after).contains(right_time);
                if near && left % 3 == right % 3 {
                    let key = Some((left % 3).to_string());
                    rows.push((key, pair(Some(left), Some(right)), *left_time.max(right_time)));
                }
            }
        }
        rows
    };
    // All within a time that the stores keep.
    let close = || Events::of(keys(4), 0..100i64).gap(ms(0)).disorder(ms(0)).jumps(ms(0));
    Ok(Laws::of(&builder.build()?)
        .input(&LEFT, close())
        .input(&RIGHT, close())
        .partitions(2)
        .output(&MAYBE_OUT)
        .reference_unordered(&MAYBE_OUT, matching)
        .order_insensitive_within(ms(0))
        .commits_do_not_matter())
}
