//! Results equal slow and obvious ones, and no record vanishes uncounted.

use std::collections::BTreeMap;

use proptest::prelude::*;
use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::testing::{RawRecord, TestDriverOptions};
use streams_core::windows::TimeWindows;
use streams_core::{DropReason, EmitStrategy, Result};

use crate::support::*;

/// Counts by key and window start, the number of late record-window pairs, and the records without a key.
type Counted = (BTreeMap<(String, i64), i64>, u64, u64);

fn count(inputs: &[Input], size: i64, advance: i64, grace: i64) -> Counted {
    let (mut counts, mut late, mut keyless, mut now) = (BTreeMap::new(), 0, 0, 0);
    for input in inputs {
        let Some(key) = input.key else {
            keyless += 1;
            continue;
        };
        now = now.max(input.time);
        for start in (0..=input.time).filter(|s| s % advance == 0 && s + size > input.time) {
            if start + size + grace <= now {
                late += 1;
            } else {
                *counts.entry((key.to_owned(), start)).or_default() += 1;
            }
        }
    }
    (counts, late, keyless)
}

/// The last value of each windowed key among the outputs.
fn last_values(outputs: Vec<RawRecord>, size: u64) -> Result<BTreeMap<(String, i64), i64>> {
    let key_serde = time_windowed(String::serde(), ms(size));
    let one = |record: RawRecord| {
        let key = key_serde.deserialize(&record.key.unwrap_or_default())?;
        Ok(((key.key, key.window.start), i64::serde().deserialize(&record.value.unwrap_or_default())?))
    };
    outputs.into_iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn windowed_counts_are_those_of_a_loop_and_every_record_is_counted(
        inputs in inputs(1), size in 1i64..12, advance in 1i64..12, grace in 0i64..8, each in any::<bool>(),
    ) {
        let advance = advance.min(size);
        let windows = TimeWindows::hopping(ms(size as u64), ms(advance as u64)).grace(ms(grace as u64));
        let (expected, late, keyless) = count(&inputs, size, advance, grace);
        for emit in [EmitStrategy::OnWindowUpdate, EmitStrategy::OnWindowClose] {
            let options = TestDriverOptions { commit_each_record: each, ..TestDriverOptions::default() };
            let mut driver = run(&windowed(windows, emit, false)?, options, &inputs, &[])?;
            let outputs = driver.read_raw("out");
            let updates: i64 = expected.values().sum();
            let written = if emit == EmitStrategy::OnWindowUpdate { updates as usize } else { expected.len() };
            prop_assert_eq!(outputs.len(), written, "{:?}", emit);
            prop_assert_eq!(&last_values(outputs, size as u64)?, &expected, "{:?}", emit);
            let dropped = driver.dropped();
            prop_assert_eq!(dropped.of(DropReason::Late), late);
            prop_assert_eq!(dropped.of(DropReason::NullKey), keyless);
            prop_assert_eq!(dropped.total(), late + keyless);
        }
    }

    #[test]
    fn results_forwarded_once_per_commit_end_in_the_same_values(inputs in inputs(1), steps in steps()) {
        for number in 0..TOPOLOGIES {
            let last = |forward_per_commit, steps: &[Step]| -> Result<BTreeMap<_, _>> {
                let options = TestDriverOptions {
                    commit_each_record: false, forward_per_commit, ..TestDriverOptions::default()
                };
                let outputs = run(&topology(number)?, options, &inputs, steps)?.read_raw("out");
                Ok(outputs.into_iter().map(|record| (record.key, (record.value, record.timestamp))).collect())
            };
            let mut expected = last(false, &[])?;
            let mut found = last(true, &steps)?;
            // A row that came and went between two commits was never seen.
            expected.retain(|_, (value, _)| value.is_some());
            found.retain(|_, (value, _)| value.is_some());
            prop_assert_eq!(found, expected, "topology {}", number);
        }
    }

    #[test]
    fn counts_behind_a_repartition_are_those_of_a_loop(inputs in inputs(3), steps in steps()) {
        let mut expected: BTreeMap<String, i64> = BTreeMap::new();
        inputs.iter().for_each(|input| *expected.entry(input.value.to_owned()).or_default() += 1);
        let options = TestDriverOptions {
            default_partitions: 3, commit_each_record: false, ..TestDriverOptions::default()
        };
        let mut driver = run(&topology(4)?, options, &inputs, &steps)?;
        let last: BTreeMap<String, i64> = driver.read(&OUT)?.into_iter().map(|r| (r.key, r.value)).collect();
        prop_assert_eq!(last, expected);
        prop_assert_eq!(driver.dropped().total(), 0);
    }

    #[test]
    fn inputs_in_order_per_partition_are_never_late_with_aligned_time(
        mut inputs in inputs(3), steps in steps(), close in any::<bool>(),
    ) {
        inputs.sort_by_key(|input| input.time);
        // In order within a partition, in any order across them.
        inputs.sort_by_key(|input| (input.time / 40, input.partition));
        let emit = if close { EmitStrategy::OnWindowClose } else { EmitStrategy::OnWindowUpdate };
        let topology = windowed(TimeWindows::tumbling(ms(10)).no_grace(), emit, true)?;
        let options = TestDriverOptions {
            default_partitions: 3, commit_each_record: false, aligned_event_time: true,
            ..TestDriverOptions::default()
        };
        let mut driver = run(&topology, options, &inputs, &steps)?;
        prop_assert_eq!(driver.dropped().total(), 0, "{:?}", driver.dropped());
        let mut expected: BTreeMap<(String, i64), i64> = BTreeMap::new();
        for input in &inputs {
            *expected.entry((input.value.to_owned(), input.time / 10 * 10)).or_default() += 1;
        }
        let outputs = driver.read_raw("out");
        if close {
            prop_assert_eq!(outputs.len(), expected.len(), "each window once");
        }
        prop_assert_eq!(last_values(outputs, 10)?, expected);
    }
}
