//! Tables: where they come from, and what is made of them.

use std::collections::BTreeMap;

use streams_core::testing::laws::{Event, Events, Laws, keys, nullable};
use streams_core::{Consumed, DropReason, KTable, Materialized, Result, Store, StreamsBuilder, Topic};

use crate::operators::{Operator, keep_their_laws, ms};

const IN: Topic<String, i64> = Topic::new("in");
const UPSERTS: Topic<String, Option<i64>> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");
const SOURCE: Store<String, i64> = Store::new("source");
const STORE: Store<String, i64> = Store::new("store");

pub(crate) const OPERATORS: &[Operator] = &[
    Operator {
        verbs: &["StreamsBuilder::table", "KTable::to_stream"],
        laws: || Ok(table(|t| t, |_, v| Some(v), false)?.reference(&OUT, changes)),
    },
    Operator {
        verbs: &["StreamsBuilder::table_with"],
        laws: || {
            Ok(table(|t| t, |_, v| Some(v), true)?.reference(&OUT, changes).store(&SOURCE).written_to(&OUT))
        },
    },
    Operator { verbs: &["KTable::filter"], laws: || table(|t| t.filter(|_, v| v % 2 == 0), even, false) },
    Operator {
        verbs: &["KTable::filter_with"],
        laws: || {
            kept(table(|t| t.filter_with(|_, v| v % 2 == 0, Materialized::as_store(&STORE)), even, true))
        },
    },
    Operator {
        verbs: &["KTable::filter_not"],
        laws: || table(|t| t.filter_not(|_, v| v % 2 != 0), even, true),
    },
    Operator {
        verbs: &["KTable::filter_not_with"],
        laws: || {
            let store = || Materialized::as_store(&STORE);
            kept(table(move |t| t.filter_not_with(|_, v| v % 2 != 0, store()), even, false))
        },
    },
    Operator {
        verbs: &["KTable::map_values"],
        laws: || table(|t| t.map_values(|v| v * 2), |_, v| Some(v * 2), false),
    },
    Operator {
        verbs: &["KTable::map_values_with"],
        laws: || {
            let store = || Materialized::as_store(&STORE);
            kept(table(move |t| t.map_values_with(|v| v * 2, store()), |_, v| Some(v * 2), true))
        },
    },
    Operator {
        verbs: &["KTable::map_values_with_key"],
        laws: || {
            let of = |k: &str, v: i64| Some(v + k.len() as i64);
            table(|t| t.map_values_with_key(|k, v| v + k.len() as i64), of, true)
        },
    },
    Operator {
        verbs: &["KTable::filter_map_values"],
        laws: || table(|t| t.filter_map_values(|_, v| halved(v)), |_, v| halved(v), true),
    },
    Operator {
        verbs: &["KTable::filter_map_values_with"],
        laws: || {
            let store = || Materialized::as_store(&STORE);
            let mapped = move |t: KTable<String, i64>| t.filter_map_values_with(|_, v| halved(v), store());
            kept(table(mapped, |_, v| halved(v), false))
        },
    },
    Operator {
        verbs: &["KStream::to_table"],
        laws: || {
            let builder = StreamsBuilder::new();
            builder.stream(&UPSERTS).to_table().to_stream().to(&OUT);
            Ok(laws(&builder, |_, v| Some(v))?.reference(&OUT, changes))
        },
    },
    Operator {
        verbs: &["KStream::to_table_with"],
        laws: || {
            let builder = StreamsBuilder::new();
            builder.stream(&UPSERTS).to_table_with(Materialized::as_store(&STORE)).to_stream().to(&OUT);
            kept(Ok(laws(&builder, |_, v| Some(v))?.reference(&OUT, changes)))
        },
    },
];

#[test]
fn tables_keep_their_laws() {
    keep_their_laws(OPERATORS);
}

fn halved(value: i64) -> Option<i64> {
    (value % 2 == 0).then_some(value / 2)
}

fn even(_: &str, value: i64) -> Option<i64> {
    (value % 2 == 0).then_some(value)
}

fn kept(laws: Result<Laws>) -> Result<Laws> {
    Ok(laws?.store(&STORE).written_to(&OUT))
}

/// Every change as it comes.
fn changes(events: &[Event]) -> Vec<(String, Option<i64>, i64)> {
    let rows = events.iter().map(|event| (event.row(&IN).unwrap(), event.time()));
    rows.map(|((key, value), time)| (key.unwrap().clone(), value.copied(), time)).collect()
}

/// A table of the topic, kept in a store or not, and the rows that `row` says are left of it.
fn table(
    derive: impl Fn(KTable<String, i64>) -> KTable<String, i64>,
    row: fn(&str, i64) -> Option<i64>,
    stored: bool,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    let source = if stored {
        builder.table_with(&IN, Consumed::new(), Materialized::as_store(&SOURCE))
    } else {
        builder.table(&IN)
    };
    derive(source).to_stream().to(&OUT);
    laws(&builder, row)
}

fn laws(builder: &StreamsBuilder, row: fn(&str, i64) -> Option<i64>) -> Result<Laws> {
    let latest = move |events: &[Event]| {
        let mut rows = BTreeMap::new();
        for (key, value, _) in changes(events) {
            match value {
                Some(value) => _ = rows.insert(key, value),
                None => _ = rows.remove(&key),
            }
        }
        let left = rows.into_iter().filter_map(|(key, value)| Some((key.clone(), row(&key, value)?)));
        left.collect::<BTreeMap<_, _>>()
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, Events::of(keys(4), nullable(0..10i64)).disorder(ms(20)))
        .partitions(2)
        .table_output(&OUT)
        .reference_latest(&OUT, latest)
        .reference_drops(|_| Vec::new())
        .keys_are_independent())
}

#[test]
fn a_table_drops_and_counts_null_keys() {
    let builder = StreamsBuilder::new();
    builder.table(&IN).to_stream().to(&OUT);
    let keyless = |events: &[Event]| {
        let keyless = events.iter().filter(|event| event.row(&IN).unwrap().0.is_none()).count();
        vec![(DropReason::NullKey, keyless as u64)]
    };
    let laws = Laws::of(&builder.build().unwrap())
        .input(&IN, Events::of(nullable(keys(4)), nullable(0..10i64)))
        .table_output(&OUT)
        .reference_drops(keyless)
        .accounts_for(|driver| Ok(driver.read_raw("out").len() as u64));
    if let Err(violation) = laws.check_all() {
        panic!("{violation}");
    }
}
