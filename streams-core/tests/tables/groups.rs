//! Groups of a table's rows.

use proptest::prelude::*;
use streams_core::{Grouped, KGroupedTable, Materialized, Topic};

use crate::support::*;

const STEPS: &[Step] = &[Step::Nothing, Step::Nothing, Step::Commit, Step::Crash];

/// Rows of 8 are in no group.
fn group(value: i64) -> Option<String> {
    (value != 8).then(|| format!("g{}", value % 3))
}

fn grouped(builder: &streams_core::StreamsBuilder, split: bool) -> KGroupedTable<String, i64> {
    let options = if split { Grouped::new().split_changes() } else { Grouped::new() };
    builder.table(&LEFT).group_by_with(|_, v| Some((group(v)?, v)), options)
}

/// Number and sum of the rows of each group.
fn groups(rows: &Rows) -> (Rows, Rows) {
    let (mut counts, mut sums) = (Rows::new(), Rows::new());
    for &value in rows.values() {
        let Some(group) = group(value) else { continue };
        *counts.entry(group.clone()).or_default() += 1;
        *sums.entry(group).or_default() += value;
    }
    (counts, sums)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_group_counts_the_rows_that_are_in_it(events in events(STEPS), way in ways(), split in any::<bool>()) {
        let topology = topology(|b| grouped(b, split).count().to_stream().to(&OUT))?;
        let mut counted = result(&mut run(&topology, way, &events)?)?;
        counted.retain(|_, count| *count != 0);
        prop_assert_eq!(counted, groups(&tables(&events)[0]).0);
    }

    #[test]
    fn a_group_adds_up_the_rows_that_are_in_it_and_is_deleted_with_the_last_one(
        events in events(STEPS), way in ways(), split in any::<bool>()
    ) {
        let topology = topology(|b| {
            let store = Materialized::named("sums");
            grouped(b, split)
                .reduce_with(|sum, v| sum + v, |sum, v| (sum != v).then_some(sum - v), store)
                .to_stream()
                .to(&OUT);
        })?;
        prop_assert_eq!(result(&mut run(&topology, way, &events)?)?, groups(&tables(&events)[0]).1);
    }

    #[test]
    fn a_count_of_counts_counts_each_key_once(events in events(STEPS), way in ways()) {
        let topology = topology(|b| {
            b.stream(&Topic::<String, Option<i64>>::new(LEFT.name()))
                .require_value()
                .group_by_key()
                .count()
                .group_by(|key, count| (count.to_string(), key.clone()))
                .count()
                .to_stream()
                .to(&OUT);
        })?;
        let mut counts = result(&mut run(&topology, way, &events)?)?;
        counts.retain(|_, keys| *keys != 0);
        let mut records = Rows::new();
        for event in events.iter().filter(|event| event.topic == 0 && event.value.is_some()) {
            *records.entry(event.key.clone()).or_default() += 1;
        }
        let mut expected = Rows::new();
        records.values().for_each(|count| *expected.entry(count.to_string()).or_default() += 1);
        prop_assert_eq!(counts, expected);
    }
}
