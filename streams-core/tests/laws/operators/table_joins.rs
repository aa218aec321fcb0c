//! Joins with tables: of a stream, whose records meet the row there is, and of two tables.

use std::collections::BTreeMap;

use streams_core::testing::laws::{Event, Events, Laws, keys, nullable};
use streams_core::{Joined, KStream, KTable, Materialized, Result, Store, StreamsBuilder, Topic};

use crate::operators::{Operator, keep_their_laws, ms};

const STREAM: Topic<String, i64> = Topic::new("stream");
const KEYLESS: Topic<Option<String>, i64> = Topic::new("stream");
const LEFT: Topic<String, i64> = Topic::new("left");
const RIGHT: Topic<String, i64> = Topic::new("right");
const OUT: Topic<String, String> = Topic::new("out");
const MAYBE_OUT: Topic<Option<String>, String> = Topic::new("out");
const STORE: Store<String, String> = Store::new("store");

/// A row of each side, to a row of the result.
type Join = fn(Option<i64>, Option<i64>) -> Option<String>;
const INNER: Join = |left, right| Some(pair(Some(&left?), Some(&right?)));
const LEFT_JOIN: Join = |left, right| Some(pair(Some(&left?), right.as_ref()));
const OUTER: Join = |left, right| left.or(right).map(|_| pair(left.as_ref(), right.as_ref()));
/// Without rows whose sum is odd.
const EVEN: Join =
    |left, right| INNER(left, right).filter(|_| (left.unwrap_or(0) + right.unwrap_or(0)) % 2 == 0);

pub(crate) const OPERATORS: &[Operator] = &[
    Operator {
        verbs: &["KStream::join_table"],
        laws: || enriched(|s, t| s.join_table(t, |l, r| pair(Some(&l), Some(r))), INNER),
    },
    Operator {
        verbs: &["KStream::join_table_with"],
        laws: || {
            let options = || Joined::new().named("joined");
            enriched(move |s, t| s.join_table_with(t, |l, r| pair(Some(&l), Some(r)), options()), INNER)
        },
    },
    Operator {
        verbs: &["KStream::join_table_with_key"],
        laws: || enriched(|s, t| s.join_table_with_key(t, |_, l, r| pair(Some(&l), Some(r))), INNER),
    },
    Operator { verbs: &["KStream::join_table"], laws: rekeyed },
    Operator {
        verbs: &["KStream::left_join_table"],
        laws: || keyless(|s, t| s.left_join_table(t, |l, r| pair(Some(&l), r))),
    },
    Operator {
        verbs: &["KStream::left_join_table_with"],
        laws: || {
            let options = || Joined::new().named("joined");
            keyless(move |s, t| s.left_join_table_with(t, |l, r| pair(Some(&l), r), options()))
        },
    },
    Operator {
        verbs: &["KStream::left_join_table_with_key"],
        laws: || keyless(|s, t| s.left_join_table_with_key(t, |_, l, r| pair(Some(&l), r))),
    },
    Operator {
        verbs: &["KTable::join"],
        laws: || tables(|l, r| l.join(r, |l, r| pair(Some(l), Some(r))), INNER),
    },
    Operator {
        verbs: &["KTable::join_with"],
        laws: || {
            let even = |l: &i64, r: &i64| EVEN(Some(*l), Some(*r));
            kept(tables(move |l, r| l.join_with(r, even, Materialized::as_store(&STORE)), EVEN))
        },
    },
    Operator {
        verbs: &["KTable::join_with_key"],
        laws: || tables(|l, r| l.join_with_key(r, |_, l, r| pair(Some(l), Some(r))), INNER),
    },
    Operator {
        verbs: &["KTable::left_join"],
        laws: || tables(|l, r| l.left_join(r, |l, r| pair(Some(l), r)), LEFT_JOIN),
    },
    Operator {
        verbs: &["KTable::left_join_with"],
        laws: || {
            let store = || Materialized::as_store(&STORE);
            kept(tables(move |l, r| l.left_join_with(r, |l, r| pair(Some(l), r), store()), LEFT_JOIN))
        },
    },
    Operator {
        verbs: &["KTable::left_join_with_key"],
        laws: || tables(|l, r| l.left_join_with_key(r, |_, l, r| pair(Some(l), r)), LEFT_JOIN),
    },
    Operator { verbs: &["KTable::outer_join"], laws: || tables(|l, r| l.outer_join(r, pair), OUTER) },
    Operator {
        verbs: &["KTable::outer_join_with"],
        laws: || kept(tables(|l, r| l.outer_join_with(r, pair, Materialized::as_store(&STORE)), OUTER)),
    },
    Operator {
        verbs: &["KTable::outer_join_with_key"],
        laws: || tables(|l, r| l.outer_join_with_key(r, |_, l, r| pair(l, r)), OUTER),
    },
    Operator { verbs: &["KTable::join", "KTable::filter"], laws: of_derived_tables },
];

#[test]
fn joins_with_tables_keep_their_laws() {
    keep_their_laws(OPERATORS);
}

fn pair(left: Option<&i64>, right: Option<&i64>) -> String {
    let text = |side: Option<&i64>| side.map_or("-".to_owned(), i64::to_string);
    format!("{}+{}", text(left), text(right))
}

fn upserts() -> Events<String, Option<i64>> {
    Events::of(keys(4), nullable(0..10i64)).disorder(ms(20))
}

/// The rows of a table after each event of its topic.
#[derive(Default)]
struct Rows(BTreeMap<String, i64>);

impl Rows {
    fn take(&mut self, event: &Event, topic: &Topic<String, i64>) {
        if let Some((Some(key), value)) = event.row(topic) {
            match value {
                Some(value) => _ = self.0.insert(key.clone(), *value),
                None => _ = self.0.remove(key),
            }
        }
    }
}

/// Each record of the stream with the row there is of `key`.
fn meets(
    events: &[Event],
    key: impl Fn(&Event, &i64) -> Option<String>,
    join: Join,
) -> Vec<(Option<String>, String, i64)> {
    let (mut table, mut rows) = (Rows::default(), Vec::new());
    for event in events {
        table.take(event, &RIGHT);
        let value = event.record(&STREAM).map(|(_, v)| v).or(event.record(&KEYLESS).map(|(_, v)| v));
        let Some(value) = value else { continue };
        let key = key(event, value);
        let row = key.as_ref().and_then(|key| table.0.get(key)).copied();
        rows.extend(join(Some(*value), row).map(|joined| (key, joined, event.time())));
    }
    rows
}

fn own_key(event: &Event, _: &i64) -> Option<String> {
    event
        .record(&STREAM)
        .map(|(key, _)| key.clone())
        .or(event.record(&KEYLESS).and_then(|(key, _)| key.clone()))
}

fn enriched(
    join: impl Fn(KStream<String, i64>, KTable<String, i64>) -> KStream<String, String>,
    expected: Join,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    join(builder.stream(&STREAM), builder.table(&RIGHT)).to(&OUT);
    Ok(Laws::of(&builder.build()?)
        .input(&STREAM, Events::of(keys(4), 0..10i64).disorder(ms(20)))
        .input(&RIGHT, upserts())
        .partitions(2)
        .output(&MAYBE_OUT)
        .reference(&MAYBE_OUT, move |events| meets(events, own_key, expected))
        .reference_drops(|_| Vec::new())
        .keys_are_independent())
}

fn keyless(
    join: impl Fn(KStream<Option<String>, i64>, KTable<String, i64>) -> KStream<Option<String>, String>,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    join(builder.stream(&KEYLESS), builder.table(&RIGHT)).to(&MAYBE_OUT);
    Ok(Laws::of(&builder.build()?)
        .input(&KEYLESS, Events::of(nullable(keys(4)), 0..10i64).disorder(ms(20)))
        .input(&RIGHT, upserts())
        .partitions(2)
        .output(&MAYBE_OUT)
        .reference(&MAYBE_OUT, |events| meets(events, own_key, LEFT_JOIN))
        .reference_drops(|_| Vec::new())
        .accounts_for(|driver| {
            let table = driver.topic_records("right").len();
            Ok((table + driver.read_raw("out").len()) as u64)
        })
        .keys_are_independent())
}

/// The stream has the values' key: it is repartitioned, the table is not.
fn rekeyed() -> Result<Laws> {
    let key = |value: &i64| ["a", "b", "c"][*value as usize % 3].to_owned();
    let builder = StreamsBuilder::new();
    let stream = builder.stream(&KEYLESS).select_key(move |_, value| key(value));
    stream.join_table(builder.table(&RIGHT), |l, r| pair(Some(&l), Some(r))).to(&OUT);
    let reference = move |events: &[Event]| meets(events, |_, value| Some(key(value)), INNER);
    Ok(Laws::of(&builder.build()?)
        .input(&KEYLESS, Events::of(nullable(keys(4)), 0..10i64))
        .input(&RIGHT, upserts())
        .partitions(3)
        .output(&MAYBE_OUT)
        .reference(&MAYBE_OUT, reference))
}

/// What is left of two tables at the end.
fn left_over(events: &[Event], join: Join, row: fn(i64) -> Option<i64>) -> BTreeMap<String, String> {
    let (mut left, mut right) = (Rows::default(), Rows::default());
    for event in events {
        left.take(event, &LEFT);
        right.take(event, &RIGHT);
    }
    let keys = left.0.keys().chain(right.0.keys());
    let of = |rows: &Rows, key| rows.0.get(key).copied().and_then(row);
    keys.filter_map(|key| Some((key.clone(), join(of(&left, key), of(&right, key))?))).collect()
}

fn tables(
    join: impl Fn(KTable<String, i64>, KTable<String, i64>) -> KTable<String, String>,
    expected: Join,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    join(builder.table(&LEFT), builder.table(&RIGHT)).to_stream().to(&OUT);
    two_tables(&builder, move |events| left_over(events, expected, Some))
}

fn of_derived_tables() -> Result<Laws> {
    let builder = StreamsBuilder::new();
    let halved = |topic| builder.table(topic).filter(|_, v| v % 2 == 0).map_values(|v| v / 2);
    let joined = halved(&LEFT).join(halved(&RIGHT), |l, r| pair(Some(l), Some(r)));
    joined.to_stream().to(&OUT);
    let half: fn(i64) -> Option<i64> = |value| (value % 2 == 0).then_some(value / 2);
    two_tables(&builder, move |events| left_over(events, INNER, half))
}

fn two_tables(
    builder: &StreamsBuilder,
    reference: impl Fn(&[Event]) -> BTreeMap<String, String> + 'static,
) -> Result<Laws> {
    Ok(Laws::of(&builder.build()?)
        .input(&LEFT, upserts())
        .input(&RIGHT, upserts())
        .partitions(2)
        .table_output(&OUT)
        .reference_latest(&OUT, reference)
        .reference_drops(|_| Vec::new())
        .keys_are_independent())
}

fn kept(laws: Result<Laws>) -> Result<Laws> {
    Ok(laws?.store(&STORE).written_to(&OUT))
}
