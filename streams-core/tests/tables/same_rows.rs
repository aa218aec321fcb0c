//! Joins of tables that are made of the same: one change reaches both sides.

use proptest::prelude::*;
use streams_core::{KTable, Materialized, StreamsBuilder, Topic};

use crate::support::*;

const STEPS: &[Step] = &[Step::Nothing, Step::Nothing, Step::Commit, Step::Crash];

type Join = fn(Option<&i64>, Option<&i64>) -> Option<i64>;
const JOINS: [Join; 3] = [
    |left, right| Some(left? * 10 + right?),
    |left, right| Some(left? * 10 + right.unwrap_or(&7)),
    |left, right| left.or(right).map(|_| left.unwrap_or(&8) * 10 + right.unwrap_or(&7)),
];

type Table = KTable<String, i64>;

fn join(kind: usize, left: Table, right: Table, store: Option<&str>) -> Table {
    let pair = move |left: Option<&i64>, right: Option<&i64>| JOINS[kind](left, right);
    let both = move |left: &i64, right: &i64| pair(Some(left), Some(right));
    let all = move |left: &i64, right: Option<&i64>| pair(Some(left), right);
    match (kind, store.map(Materialized::named)) {
        (0, None) => left.join(right, both),
        (0, Some(store)) => left.join_with(right, both, store),
        (1, None) => left.left_join(right, all),
        (1, Some(store)) => left.left_join_with(right, all, store),
        (_, None) => left.outer_join(right, pair),
        (_, Some(store)) => left.outer_join_with(right, pair, store),
    }
}

fn odd(_: &String, value: &i64) -> bool {
    value % 2 == 1
}

/// The sum of all rows, in a table of one row.
fn total(table: Table) -> Table {
    table.group_by(|_, v| ("total".to_owned(), v)).reduce(|a: i64, b| a + b, |a: i64, b| a - b)
}

fn sum_of(rows: &Rows) -> Rows {
    let sum: i64 = rows.values().sum();
    if sum == 0 { Rows::new() } else { Rows::from([("total".to_owned(), sum)]) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_filter_behind_the_join_of_a_table_with_itself_keeps_no_row_that_is_gone(
        events in events(STEPS), way in ways(), kind in 0..3_usize, side in 0..3_usize
    ) {
        let topology = topology(|b| {
            let table = b.table(&LEFT);
            let (left, right) = match side {
                0 => (table.clone(), table),
                1 => (table.clone().filter(odd), table),
                _ => (table.clone(), table.filter(odd)),
            };
            join(kind, left, right, None).filter(|_, v| v % 3 != 0).to_stream().to(&OUT);
        })?;
        let all = &tables(&events)[0];
        let mut part = all.clone();
        part.retain(|_, v| *v % 2 == 1);
        let (left, right) = match side { 0 => (all, all), 1 => (&part, all), _ => (all, &part) };
        let mut expected = joined(left, right, JOINS[kind]);
        expected.retain(|_, v| *v % 3 != 0);
        prop_assert_eq!(result(&mut run(&topology, way, &events)?)?, expected);
    }

    #[test]
    fn a_join_with_a_side_of_a_join_before_keeps_no_row_that_is_gone_and_is_added_up_where_it_has_a_store(
        events in events(STEPS), way in ways(), kinds in (0..3_usize, 0..3_usize), stored in any::<bool>(),
        last in 0..3_usize
    ) {
        let topology = topology(|b| {
            let right = b.table(&RIGHT);
            let both = join(kinds.0, b.table(&LEFT), right.clone(), stored.then_some("both"));
            let table = join(kinds.1, both, right, (last == 2).then_some("all"));
            let table = match last {
                0 => table,
                1 => table.filter(odd),
                _ => total(table),
            };
            table.to_stream().to(&OUT);
        })?;
        let [left, right, _] = tables(&events);
        let mut expected = joined(&joined(&left, &right, JOINS[kinds.0]), &right, JOINS[kinds.1]);
        let mut got = result(&mut run(&topology, way, &events)?)?;
        match last {
            0 => {}
            1 => expected.retain(|key, v| odd(key, v)),
            _ => {
                expected = sum_of(&expected);
                got.retain(|_, sum| *sum != 0);
            }
        }
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn a_join_of_two_aggregations_of_one_stream_is_added_up_without_a_store(
        events in events(STEPS), way in ways(), kind in 0..3_usize
    ) {
        let topology = topology(|b| {
            let rows = b.stream(&Topic::<String, Option<i64>>::new(LEFT.name())).require_value().group_by_key();
            let unless = |v: i64, more: i64| (v != 5).then_some(more);
            let counts = rows.clone().aggregate(|| 0, move |_, v, n: i64| unless(v, n + 1));
            let sums = rows.aggregate(|| 0, move |_, v, sum: i64| unless(v, sum + v));
            total(join(kind, counts, sums, None)).to_stream().to(&OUT);
        })?;
        let (mut counts, mut sums) = (Rows::new(), Rows::new());
        for event in events.iter().filter(|event| event.topic == 0) {
            match event.value {
                None => {}
                Some(5) => _ = (counts.remove(&event.key), sums.remove(&event.key)),
                Some(value) => {
                    *counts.entry(event.key.clone()).or_default() += 1;
                    *sums.entry(event.key.clone()).or_default() += value;
                }
            }
        }
        let mut got = result(&mut run(&topology, way, &events)?)?;
        got.retain(|_, sum| *sum != 0);
        prop_assert_eq!(got, sum_of(&joined(&counts, &sums, JOINS[kind])));
    }
}

#[test]
fn the_join_of_a_table_with_itself_is_not_grouped_unless_it_has_a_store() {
    let build = |store: Option<&str>| {
        let builder = StreamsBuilder::new();
        let table = builder.table(&LEFT);
        total(join(0, table.clone(), table, store).map_values(|v| v + 1)).to_stream().to(&OUT);
        builder.build().map(|_| ())
    };
    build(Some("kept")).unwrap();
    let error = build(None).unwrap_err().to_string();
    assert!(error.contains("same_rows.rs:") && error.contains("give the join a `Materialized`"), "{error}");
}
