//! Joins of two and more tables.

use proptest::prelude::*;
use streams_core::{KTable, Materialized, Result, StreamsBuilder, Topology};

use crate::support::*;

const STEPS: &[Step] = &[Step::Nothing, Step::Nothing, Step::Commit, Step::Crash];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Inner,
    Left,
    Outer,
}

/// Digits tell what was joined; a side that is not there is 9. Some pairs have no row.
fn join(left: Option<&i64>, right: Option<&i64>) -> Option<i64> {
    let digit = |side: Option<&i64>| side.copied().unwrap_or(9);
    let joined = digit(left) * 10 + digit(right);
    (joined % 7 != 0).then_some(joined)
}

impl Kind {
    fn of(self, left: KTable<String, i64>, right: KTable<String, i64>, stored: bool) -> KTable<String, i64> {
        let store = || Materialized::named("joined");
        match (self, stored) {
            (Kind::Inner, false) => left.join(right, |l, r| join(Some(l), Some(r))),
            (Kind::Inner, true) => left.join_with(right, |l, r| join(Some(l), Some(r)), store()),
            (Kind::Left, false) => left.left_join(right, |l, r| join(Some(l), r)),
            (Kind::Left, true) => left.left_join_with(right, |l, r| join(Some(l), r), store()),
            (Kind::Outer, false) => left.outer_join(right, join),
            (Kind::Outer, true) => left.outer_join_with(right, join, store()),
        }
    }

    fn rows(self, left: &Rows, right: &Rows) -> Rows {
        joined(left, right, |l, r| match self {
            Kind::Inner => join(Some(l?), Some(r?)),
            Kind::Left => join(Some(l?), r),
            Kind::Outer => join(l, r),
        })
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![Kind::Inner, Kind::Left, Kind::Outer])
}

fn two(kind: Kind, stored: bool) -> Result<Topology> {
    topology(|b| kind.of(b.table(&LEFT), b.table(&RIGHT), stored).to_stream().to(&OUT))
}

/// Filters and maps before the joins and between them.
fn three(b: &StreamsBuilder, first: Kind, second: Kind) -> KTable<String, i64> {
    let right = b.table(&RIGHT).filter(|_, v| v % 3 != 0);
    let inside = first.of(b.table(&LEFT).map_values(|v| v + 1), right, false);
    second.of(inside.filter(|_, v| v % 5 != 0).map_values(|v| v % 10), b.table(&THIRD), false)
}

fn rows_of_three([left, right, third]: &[Rows; 3], first: Kind, second: Kind) -> Rows {
    let mut left = left.clone();
    left.values_mut().for_each(|v| *v += 1);
    let mut right = right.clone();
    right.retain(|_, v| *v % 3 != 0);
    let mut inside = first.rows(&left, &right);
    inside.retain(|_, v| *v % 5 != 0);
    inside.values_mut().for_each(|v| *v %= 10);
    second.rows(&inside, third)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_comes_out_adds_up_to_the_join_of_the_rows_there_are(
        events in events(STEPS), way in ways(), kind in kinds(), stored in any::<bool>()
    ) {
        let mut driver = run(&two(kind, stored)?, way, &events)?;
        let [left, right, _] = tables(&events);
        prop_assert_eq!(result(&mut driver)?, kind.rows(&left, &right));
    }

    #[test]
    fn joins_of_joins_with_filters_between_add_up_too(
        events in events(STEPS), way in ways(), first in kinds(), second in kinds()
    ) {
        let topology = topology(|b| three(b, first, second).to_stream().to(&OUT))?;
        let mut driver = run(&topology, way, &events)?;
        prop_assert_eq!(result(&mut driver)?, rows_of_three(&tables(&events), first, second));
    }

    #[test]
    fn sums_over_a_join_are_right_also_if_both_sides_changed_between_two_commits(
        events in events(STEPS), way in ways(), first in kinds(), second in kinds()
    ) {
        let topology = topology(|b| {
            let groups = three(b, first, second).group_by(|key, v| ((v % 2 + i64::from(key == "a")).to_string(), v));
            groups.reduce(|sum, v| sum + v, |sum, v| sum - v).to_stream().to(&OUT);
        })?;
        let mut driver = run(&topology, way, &events)?;
        let mut sums = Rows::new();
        for (key, v) in rows_of_three(&tables(&events), first, second) {
            *sums.entry((v % 2 + i64::from(key == "a")).to_string()).or_default() += v;
        }
        let mut got = result(&mut driver)?;
        // A group whose last row has left has the sum 0.
        got.retain(|group, sum| *sum != 0 || sums.contains_key(group));
        prop_assert_eq!(got, sums);
    }

    #[test]
    fn an_inner_join_of_a_table_with_itself_has_its_rows_and_no_others(events in events(STEPS), way in ways()) {
        let topology = topology(|b| {
            let table = b.table(&LEFT);
            table.clone().join(table, |l, r| l * 10 + r).to_stream().to(&OUT);
        })?;
        let mut driver = run(&topology, way, &events)?;
        let [mut left, _, _] = tables(&events);
        left.values_mut().for_each(|v| *v *= 11);
        prop_assert_eq!(result(&mut driver)?, left);
    }
}
