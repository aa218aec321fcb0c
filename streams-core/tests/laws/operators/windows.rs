//! Aggregations per key and time window.

use std::collections::BTreeMap;

use streams_core::serde::{DefaultSerde, SerdeRef, time_windowed};
use streams_core::testing::TestDriverOptions;
use streams_core::testing::laws::{Event, Events, Laws, keys, nullable};
use streams_core::windows::{TimeWindows, Window, Windowed};
use streams_core::{
    DropReason, EmitStrategy, KTable, Materialized, Produced, Result, Store, StreamsBuilder,
    TimeWindowedKStream, Topic,
};

use crate::operators::{Operator, keep_their_laws, ms};

const IN: Topic<Option<String>, i64> = Topic::new("in");
const OUT: Topic<Windowed<String>, i64> = Topic::new("out");
const STORE: Store<String, i64> = Store::new("store");

type Grouped = TimeWindowedKStream<String, i64>;
type Step = fn(Option<i64>, i64) -> Option<i64>;
const COUNT: Step = |count, _| Some(count.unwrap_or(0) + 1);
const SUM: Step = |sum, value| Some(sum.unwrap_or(0) + value);
const BOUNDED: Step = |sum, value| Some(sum.unwrap_or(0) + value).filter(|sum| *sum <= 20);

const TUMBLING: Shape = Shape { size: 10, advance: 10, grace: 0 };
const GRACIOUS: Shape = Shape { size: 10, advance: 10, grace: 12 };
const HOPPING: Shape = Shape { size: 12, advance: 5, grace: 4 };

pub(crate) const OPERATORS: &[Operator] = &[
    Operator {
        verbs: &["KGroupedStream::windowed_by", "TimeWindowedKStream::count"],
        laws: || on_update(TUMBLING, |w| w.count(), COUNT),
    },
    Operator {
        verbs: &["TimeWindowedKStream::count_with"],
        laws: || kept(on_update(HOPPING, |w| w.count_with(Materialized::as_store(&STORE)), COUNT)),
    },
    Operator {
        verbs: &["TimeWindowedKStream::reduce"],
        laws: || on_close(HOPPING, |w| w.reduce(|a, b| a + b), SUM),
    },
    Operator {
        verbs: &["TimeWindowedKStream::reduce_with"],
        laws: || {
            let store = || Materialized::as_store(&STORE);
            kept(on_update(GRACIOUS, move |w| w.reduce_with(|a, b| a + b, store()), SUM))
        },
    },
    Operator {
        verbs: &["TimeWindowedKStream::aggregate"],
        laws: || on_close(GRACIOUS, |w| w.aggregate(|| 0, |_, v, sum| sum + v), SUM),
    },
    Operator {
        verbs: &["TimeWindowedKStream::aggregate_with"],
        laws: || {
            let bounded = |_: &String, v, sum: i64| Some(sum + v).filter(|sum| *sum <= 20);
            let store = || Materialized::as_store(&STORE);
            kept(on_update(HOPPING, move |w| w.aggregate_with(|| 0, bounded, store()), BOUNDED))
        },
    },
    Operator {
        verbs: &["TimeWindowedKStream::emit_strategy"],
        laws: || on_close(TUMBLING, |w| w.count_with(Materialized::as_store(&STORE)), COUNT),
    },
];

#[test]
fn windowed_aggregations_keep_their_laws() {
    keep_their_laws(OPERATORS);
}

/// Windows in milliseconds.
#[derive(Clone, Copy)]
struct Shape {
    size: i64,
    advance: i64,
    grace: i64,
}

impl Shape {
    fn windows(self) -> TimeWindows {
        let part = |n: i64| ms(n.unsigned_abs());
        TimeWindows::hopping(part(self.size), part(self.advance)).grace(part(self.grace))
    }

    fn key_serde(self) -> SerdeRef<Windowed<String>> {
        time_windowed(String::serde(), ms(self.size.unsigned_abs()))
    }

    fn of(self, time: i64) -> impl Iterator<Item = Window> {
        let starts = (0..=time).filter(move |start| start % self.advance == 0 && start + self.size > time);
        starts.map(move |start| Window { start, end: start + self.size })
    }
}

/// What windows come to: every change, what is left at the end, and how many records came too late for a window.
#[derive(Default)]
struct Outcome {
    rows: Vec<(Windowed<String>, Option<i64>, i64)>,
    last: BTreeMap<Windowed<String>, (i64, i64)>,
    late: u64,
}

fn outcome(shape: Shape, step: Step, events: &[Event]) -> Outcome {
    // Stream time is that of a task: of a partition.
    let (mut outcome, mut now) = (Outcome::default(), BTreeMap::new());
    for event in events {
        let (Some(key), value) = event.record(&IN).unwrap() else { continue };
        let now = now.entry(event.partition()).or_insert(0);
        *now = event.time().max(*now);
        for window in shape.of(event.time()) {
            if window.end + shape.grace <= *now {
                outcome.late += 1;
                continue;
            }
            let key = Windowed { key: key.clone(), window };
            let before = outcome.last.remove(&key);
            let time = before.map_or(event.time(), |(_, time)| event.time().max(time));
            let after = step(before.map(|(aggregate, _)| aggregate), *value);
            if let Some(after) = after {
                outcome.last.insert(key.clone(), (after, time));
            }
            outcome.rows.push((key, after, time));
        }
    }
    outcome
}

fn base(
    shape: Shape,
    emit: EmitStrategy,
    fold: impl Fn(Grouped) -> KTable<Windowed<String>, i64>,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    let windowed = builder.stream(&IN).require_key().group_by_key().windowed_by(shape.windows());
    let table = fold(windowed.emit_strategy(emit));
    table.to_stream().to_with(&OUT, Produced::with(shape.key_serde(), i64::serde()));
    let events = Events::of(nullable(keys(4)), 0..12i64);
    Ok(Laws::of(&builder.build()?).input(&IN, events.disorder(ms(6)).late(ms(60)).jumps(ms(100))))
}

fn drops(shape: Shape, step: Step) -> impl Fn(&[Event]) -> Vec<(DropReason, u64)> {
    move |events| {
        let keyless = events.iter().filter(|event| event.record(&IN).unwrap().0.is_none()).count();
        vec![(DropReason::Late, outcome(shape, step, events).late), (DropReason::NullKey, keyless as u64)]
    }
}

fn on_update(
    shape: Shape,
    fold: impl Fn(Grouped) -> KTable<Windowed<String>, i64>,
    step: Step,
) -> Result<Laws> {
    let rows = move |events: &[Event]| outcome(shape, step, events).rows;
    Ok(base(shape, EmitStrategy::OnWindowUpdate, fold)?
        .partitions(2)
        .table_output_with(&OUT, shape.key_serde(), i64::serde())
        .reference_with(&OUT, shape.key_serde(), i64::serde(), rows)
        .reference_drops(drops(shape, step)))
}

fn on_close(
    shape: Shape,
    fold: impl Fn(Grouped) -> KTable<Windowed<String>, i64>,
    step: Step,
) -> Result<Laws> {
    let last = move |events: &[Event]| {
        let last = outcome(shape, step, events).last;
        last.into_iter().map(|(key, (value, _))| (key, value)).collect()
    };
    Ok(base(shape, EmitStrategy::OnWindowClose, fold)?
        .partitions(2)
        .output_with(&OUT, shape.key_serde(), i64::serde())
        .reference_latest_with(&OUT, shape.key_serde(), i64::serde(), last)
        .reference_drops(drops(shape, step))
        .law("emitting each window once", move |events, driver| {
            let windows = outcome(shape, step, events).last.len();
            assert_eq!(driver.read_raw("out").len(), windows);
            Ok(())
        }))
}

fn kept(laws: Result<Laws>) -> Result<Laws> {
    Ok(laws?.window_store(&STORE).written_to(&OUT))
}

#[test]
fn the_order_within_grace_does_not_matter_to_windows() {
    let shape = Shape { size: 10, advance: 10, grace: 25 };
    for emit in [EmitStrategy::OnWindowUpdate, EmitStrategy::OnWindowClose] {
        let laws = base(shape, emit, Grouped::count).unwrap();
        let laws = laws.table_output_with(&OUT, shape.key_serde(), i64::serde());
        if let Err(violation) = laws.order_insensitive_within(ms(25)).order_invariance() {
            panic!("{emit:?}: {violation}");
        }
    }
}

#[test]
fn inputs_in_order_per_partition_are_never_late_with_aligned_time() {
    const WORDS: Topic<Option<String>, String> = Topic::new("words");
    let shape = TUMBLING;
    for emit in [EmitStrategy::OnWindowUpdate, EmitStrategy::OnWindowClose] {
        let builder = StreamsBuilder::new();
        let windowed = builder.stream(&WORDS).group_by(|_, word| word.clone()).windowed_by(shape.windows());
        let counts = windowed.emit_strategy(emit).count_with(Materialized::as_store(&STORE));
        counts.to_stream().to_with(&OUT, Produced::with(shape.key_serde(), i64::serde()));
        let counts = move |events: &[Event]| {
            let mut counts = BTreeMap::new();
            for event in events {
                let (_, word) = event.record(&WORDS).unwrap();
                for window in shape.of(event.time()) {
                    *counts.entry(Windowed { key: word.clone(), window }).or_default() += 1;
                }
            }
            counts
        };
        let aligned = TestDriverOptions {
            default_partitions: 3,
            aligned_event_time: true,
            ..TestDriverOptions::default()
        };
        let laws = Laws::of(&builder.build().unwrap())
            .input(&WORDS, Events::of(nullable(keys(4)), keys(4)).jumps(ms(50)))
            .options(aligned)
            .output_with(&OUT, shape.key_serde(), i64::serde())
            .window_store(&STORE)
            .reference_latest_with(&OUT, shape.key_serde(), i64::serde(), counts)
            .reference_drops(|_| Vec::new())
            .commits_do_not_matter();
        if let Err(violation) = laws.check_all() {
            panic!("{emit:?}: {violation}");
        }
    }
}
