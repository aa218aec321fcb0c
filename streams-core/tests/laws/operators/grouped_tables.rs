//! Groups of a table's rows, which rows enter and leave, and tables that user code transforms.

use std::collections::BTreeMap;

use streams_core::processor::{TransformContext, ValueTransformer};
use streams_core::testing::laws::{Event, Events, Laws, keys, nullable};
use streams_core::{Grouped, KGroupedTable, KTable, Materialized, Result, Store, StreamsBuilder, Topic};

use crate::operators::{Operator, keep_their_laws, ms};

const IN: Topic<String, i64> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");
const STORE: Store<String, i64> = Store::new("store");
const CHANGES: Store<String, i64> = Store::new("changes");

type Group = KGroupedTable<String, i64>;
type UserError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) const OPERATORS: &[Operator] = &[
    Operator {
        verbs: &["KTable::group_by", "KGroupedTable::count"],
        laws: || grouped(|t| t.group_by(group).count(), |rows| rows.len() as i64),
    },
    Operator {
        verbs: &["KTable::group_by_with", "KGroupedTable::count_with"],
        laws: || {
            let named = || Grouped::new().named("groups");
            let counts = move |g: Group| g.count_with(Materialized::as_store(&STORE));
            let laws = grouped(move |t| counts(t.group_by_with(group, named())), |rows| rows.len() as i64);
            Ok(laws?.store(&STORE).written_to(&OUT))
        },
    },
    Operator {
        verbs: &["KGroupedTable::reduce"],
        laws: || grouped(|t| t.group_by(group).reduce(|a, b| a + b, |a, b| a - b), |rows| rows.iter().sum()),
    },
    Operator {
        verbs: &["KGroupedTable::reduce_with"],
        laws: || {
            let store = || Materialized::as_store(&STORE);
            let sums = move |g: Group| g.reduce_with(|a, b| a + b, |a, b| a - b, store());
            let laws = grouped(move |t| sums(t.group_by(group)), |rows| rows.iter().sum());
            Ok(laws?.store(&STORE).written_to(&OUT))
        },
    },
    Operator {
        verbs: &["KGroupedTable::aggregate"],
        laws: || {
            let sums = |g: Group| g.aggregate(|| 100, |_, v, sum| sum + v, |_, v, sum| sum - v);
            grouped(move |t| sums(t.group_by(group)), |rows| 100 + rows.iter().sum::<i64>())
        },
    },
    Operator { verbs: &["KGroupedTable::aggregate_with"], laws: without_empty_groups },
    Operator { verbs: &["KTable::transform_values"], laws: || transformed(KTable::transform_values) },
    Operator {
        verbs: &["KTable::transform_values_with"],
        laws: || {
            let laws =
                transformed(|t, supplier| t.transform_values_with(supplier, Materialized::as_store(&STORE)));
            Ok(laws?.store(&STORE).written_to(&OUT))
        },
    },
    Operator { verbs: &["KTable::with_store"], laws: counted_changes },
    Operator { verbs: &["KTable::to_stream_with_new_key"], laws: rekeyed },
];

#[test]
fn groups_and_transformations_of_tables_keep_their_laws() {
    keep_their_laws(OPERATORS);
}

fn upserts() -> Events<String, Option<i64>> {
    Events::of(keys(4), nullable(0..12i64)).disorder(ms(20))
}

/// The group of a row; rows of 0 are in none.
fn group(_key: &String, value: i64) -> Option<(String, i64)> {
    (value > 0).then(|| ((value % 3).to_string(), value))
}

/// The rows after each event.
fn tables(events: &[Event]) -> Vec<BTreeMap<String, i64>> {
    let mut table = BTreeMap::new();
    let after = |event: &Event| {
        let (key, value) = event.row(&IN).unwrap();
        match value {
            Some(value) => _ = table.insert(key.unwrap().clone(), *value),
            None => _ = table.remove(key.unwrap()),
        }
        table.clone()
    };
    events.iter().map(after).collect()
}

fn members(table: &BTreeMap<String, i64>) -> BTreeMap<String, Vec<i64>> {
    let mut groups: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (group, value) in table.iter().filter_map(|(key, value)| group(key, *value)) {
        groups.entry(group).or_default().push(value);
    }
    groups
}

/// A value per group. A group that has lost its last row keeps its place, so what a group is depends on whether a row
/// was ever in it, and results per commit may not have it.
fn grouped(
    aggregate: impl Fn(KTable<String, i64>) -> KTable<String, i64>,
    value: fn(&[i64]) -> i64,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    aggregate(builder.table(&IN)).to_stream().to(&OUT);
    let latest = move |events: &[Event]| {
        let mut latest = BTreeMap::new();
        for table in tables(events) {
            latest.values_mut().for_each(|rows: &mut Vec<i64>| rows.clear());
            latest.extend(members(&table));
        }
        latest.into_iter().map(|(group, rows)| (group, value(&rows))).collect()
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, upserts())
        .partitions(3)
        .output(&OUT)
        .reference_latest(&OUT, latest)
        .reference_drops(|_| Vec::new())
        .commits_do_not_matter())
}

fn without_empty_groups() -> Result<Laws> {
    let builder = StreamsBuilder::new();
    let some = |sum: i64| Some(sum).filter(|sum| *sum != 0);
    let add = |_: &String, value, sum: i64| sum + value;
    let subtract = move |_: &String, value: i64, sum: i64| some(sum - value);
    let groups = builder.table(&IN).group_by(group);
    let sums = groups.aggregate_with(|| 0, add, subtract, Materialized::as_store(&STORE));
    sums.to_stream().to(&OUT);
    let latest = |events: &[Event]| {
        let last = tables(events).pop().unwrap_or_default();
        members(&last).into_iter().map(|(group, rows)| (group, rows.iter().sum())).collect()
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, upserts())
        .partitions(3)
        .table_output(&OUT)
        .store(&STORE)
        .written_to(&OUT)
        .reference_latest(&OUT, latest)
        .reference_drops(|_| Vec::new())
        .commits_do_not_matter())
}

/// Halves even values and deletes odd ones.
struct Halve;

impl ValueTransformer<String, i64, i64> for Halve {
    fn transform(
        &mut self,
        _: &mut TransformContext<'_>,
        _: &String,
        value: Option<i64>,
    ) -> Result<Option<i64>, UserError> {
        Ok(value.filter(|value| value % 2 == 0).map(|value| value / 2))
    }
}

fn transformed(
    transform: impl Fn(KTable<String, i64>, fn() -> Halve) -> KTable<String, i64>,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    transform(builder.table(&IN), || Halve).to_stream().to(&OUT);
    let latest = |events: &[Event]| {
        let mut last = tables(events).pop().unwrap_or_default();
        last.retain(|_, value| *value % 2 == 0);
        last.into_iter().map(|(key, value)| (key, value / 2)).collect()
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, upserts())
        .partitions(2)
        .table_output(&OUT)
        .reference_latest(&OUT, latest)
        .reference_drops(|_| Vec::new())
        .keys_are_independent())
}

/// How often the row of each key has changed.
struct CountChanges;

impl ValueTransformer<String, i64, i64> for CountChanges {
    fn transform(
        &mut self,
        ctx: &mut TransformContext<'_>,
        key: &String,
        _: Option<i64>,
    ) -> Result<Option<i64>, UserError> {
        let changes = ctx.store(&CHANGES)?;
        let count = changes.get(key)?.unwrap_or(0) + 1;
        changes.put(key, count, 0)?;
        Ok(Some(count))
    }
}

fn counted_changes() -> Result<Laws> {
    let builder = StreamsBuilder::new();
    builder.add_store(&CHANGES);
    builder.table(&IN).transform_values(|| CountChanges).with_store(&CHANGES).to_stream().to(&OUT);
    let counts = |events: &[Event]| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        let count = |event: &Event| {
            let key = event.row(&IN).unwrap().0.unwrap();
            let count = counts.entry(key.clone()).or_default();
            *count += 1;
            (key.clone(), *count, event.time())
        };
        events.iter().map(count).collect::<Vec<_>>()
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, upserts())
        .partitions(2)
        .output(&OUT)
        .reference(&OUT, counts)
        .store(&CHANGES)
        .written_to(&OUT)
        .keys_are_independent())
}

fn rekeyed() -> Result<Laws> {
    let new_key = |key: &String, value: Option<&i64>| format!("{key}{}", value.is_some());
    let builder = StreamsBuilder::new();
    builder.table(&IN).to_stream_with_new_key(new_key).to(&OUT);
    let rows = move |events: &[Event]| {
        let rows = events.iter().map(|event| (event.row(&IN).unwrap(), event.time()));
        rows.map(|((key, value), time)| (new_key(key.unwrap(), value), value.copied(), time))
            .collect::<Vec<_>>()
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, upserts())
        .partitions(2)
        .output(&OUT)
        .reference(&OUT, rows)
        .reference_drops(|_| Vec::new()))
}
