//! Aggregations per key.

use std::collections::BTreeMap;

use streams_core::testing::laws::{Event, Events, Laws, keys, nullable};
use streams_core::{DropReason, KGroupedStream, KTable, Materialized, Result, Store, StreamsBuilder, Topic};

use crate::operators::{Operator, keep_their_laws, ms};

const IN: Topic<Option<String>, Option<i64>> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");
const STORE: Store<String, i64> = Store::new("store");

/// What an aggregate becomes with one more value; `None` deletes.
type Step = fn(Option<i64>, i64) -> Option<i64>;

const COUNT: Step = |count, _| Some(count.unwrap_or(0) + 1);
const SUM: Step = |sum, value| Some(sum.unwrap_or(0) + value);
/// Begins anew when it would be more than 20.
const BOUNDED: Step = |sum, value| Some(sum.unwrap_or(0) + value).filter(|sum| *sum <= 20);

pub(crate) const OPERATORS: &[Operator] = &[
    Operator {
        verbs: &["KGroupedStream::count"],
        laws: || Ok(aggregated(|g| g.count(), COUNT)?.order_insensitive_within(ms(50))),
    },
    Operator {
        verbs: &["KGroupedStream::count_with"],
        laws: || kept(aggregated(|g| g.count_with(Materialized::as_store(&STORE)), COUNT)),
    },
    Operator {
        verbs: &["KGroupedStream::reduce"],
        laws: || Ok(aggregated(|g| g.reduce(|a, b| a + b), SUM)?.order_insensitive_within(ms(50))),
    },
    Operator {
        verbs: &["KGroupedStream::reduce_with"],
        laws: || {
            // The first value is taken as it is, however large.
            let step: Step = |sum, value| if sum.is_none() { Some(value) } else { BOUNDED(sum, value) };
            let reduce = |a: i64, b: i64| Some(a + b).filter(|sum| *sum <= 20);
            kept(aggregated(move |g| g.reduce_with(reduce, Materialized::as_store(&STORE)), step))
        },
    },
    Operator {
        verbs: &["KGroupedStream::aggregate"],
        laws: || {
            let weighted: Step = |sum, value| Some(sum.unwrap_or(100) + value * 2);
            Ok(aggregated(|g| g.aggregate(|| 100, |_, v, sum| sum + v * 2), weighted)?
                .order_insensitive_within(ms(50)))
        },
    },
    Operator {
        verbs: &["KGroupedStream::aggregate_with"],
        laws: || {
            let bounded = |_: &String, v, sum: i64| Some(sum + v).filter(|sum| *sum <= 20);
            let store = || Materialized::as_store(&STORE);
            kept(aggregated(move |g| g.aggregate_with(|| 0, bounded, store()), BOUNDED))
        },
    },
];

#[test]
fn aggregations_keep_their_laws() {
    keep_their_laws(OPERATORS);
}

/// The store is the table, every change of which is written out.
fn kept(laws: Result<Laws>) -> Result<Laws> {
    Ok(laws?.store(&STORE).written_to(&OUT))
}

fn aggregated(
    aggregate: impl Fn(KGroupedStream<String, i64>) -> KTable<String, i64>,
    step: Step,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    aggregate(builder.stream(&IN).require_key().require_value().group_by_key()).to_stream().to(&OUT);
    let rows = move |events: &[Event]| {
        let mut table: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        let mut rows = Vec::new();
        for event in events {
            let (Some(key), Some(value)) = event.record(&IN).unwrap() else { continue };
            let before = table.remove(key);
            let time = before.map_or(event.time(), |(_, time)| event.time().max(time));
            let after = step(before.map(|(aggregate, _)| aggregate), *value);
            if let Some(after) = after {
                table.insert(key.clone(), (after, time));
            }
            rows.push((key.clone(), after, time));
        }
        rows
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, Events::of(nullable(keys(4)), nullable(-3..12i64)).disorder(ms(20)).jumps(ms(90_000)))
        .partitions(2)
        .table_output(&OUT)
        .reference(&OUT, rows)
        .reference_drops(dropped)
        .accounts_for(|driver| Ok(driver.read_raw("out").len() as u64))
        .keys_are_independent())
}

fn dropped(events: &[Event]) -> Vec<(DropReason, u64)> {
    let records = || events.iter().map(|event| event.record(&IN).unwrap());
    let keyless = records().filter(|(key, _)| key.is_none()).count();
    let valueless = records().filter(|(key, value)| key.is_some() && value.is_none()).count();
    vec![(DropReason::NullKey, keyless as u64), (DropReason::NullValue, valueless as u64)]
}

#[test]
fn an_aggregation_drops_null_values_itself() {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).require_key().group_by_key().count().to_stream().to(&OUT);
    let laws = Laws::of(&builder.build().unwrap())
        .input(&IN, Events::of(nullable(keys(4)), nullable(0..3i64)))
        .table_output(&OUT)
        .reference_drops(dropped)
        .accounts_for(|driver| Ok(driver.read_raw("out").len() as u64));
    if let Err(violation) = laws.check_all() {
        panic!("{violation}");
    }
}
