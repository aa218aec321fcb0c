//! Joins of two streams, against a model that keeps every record and looks through all of them.

use streams_core::testing::TestDriverOptions;
use streams_core::testing::laws::{Event, Events, Laws, keys, nullable};
use streams_core::windows::JoinWindows;
use streams_core::{DropReason, KStream, Optimization, Result, StreamJoined, StreamsBuilder, Topic};

use crate::operators::join_model::{self, Kind, Shape, Side, Taken, pair};
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
    Operator { verbs: &["KStream::join"], laws: || rekeyed(false) },
    Operator { verbs: &["KStream::join"], laws: || rekeyed(true) },
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

fn model(kind: Kind, shape: Shape, events: &[Event]) -> Vec<(Option<String>, String, i64)> {
    join_model::model(kind, shape, events, side_of)
}

fn side_of(event: &Event) -> Taken<'_> {
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
fn rekeyed(aligned: bool) -> Result<Laws> {
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
    // With aligned time every partner is kept until the slowest upstream task has passed it; without, all come within
    // a time that the stores keep.
    let events = || {
        let events = Events::of(keys(4), 0..100i64);
        if aligned { events.gap(ms(4)).jumps(ms(60)) } else { events.gap(ms(0)) }
    };
    let options = TestDriverOptions {
        default_partitions: 2,
        aligned_event_time: aligned,
        ..TestDriverOptions::default()
    };
    Ok(Laws::of(&builder.build()?)
        .input(&LEFT, events())
        .input(&RIGHT, events())
        .options(options)
        .output(&MAYBE_OUT)
        .reference_unordered(&MAYBE_OUT, matching)
        .reference_drops(|_| Vec::new())
        .commits_do_not_matter())
}
