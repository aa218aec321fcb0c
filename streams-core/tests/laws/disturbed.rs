//! Crashes, restarts and commits at any point change nothing that is committed in the end.

use std::collections::BTreeMap;

use proptest::prelude::*;
use streams_core::serde::DefaultSerde;
use streams_core::testing::TestDriverOptions;

use crate::support::*;

fn options(commit_each_record: bool) -> TestDriverOptions {
    TestDriverOptions { commit_each_record, ..TestDriverOptions::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn restarts_and_crashes_change_neither_outputs_nor_changelogs_nor_drops(inputs in inputs(1), steps in steps()) {
        for number in 0..TOPOLOGIES {
            let topology = topology(number)?;
            let undisturbed = outcome(&mut run(&topology, options(true), &inputs, &[])?);
            let disturbed = outcome(&mut run(&topology, options(true), &inputs, &steps)?);
            prop_assert_eq!(undisturbed, disturbed, "topology {}", number);
        }
    }

    #[test]
    fn outputs_and_drops_are_the_same_for_any_commits_and_crashes(inputs in inputs(1), steps in steps()) {
        for number in 0..TOPOLOGIES {
            let topology = topology(number)?;
            let undisturbed = outcome(&mut run(&topology, options(true), &inputs, &[])?);
            let disturbed = outcome(&mut run(&topology, options(false), &inputs, &steps)?);
            prop_assert_eq!(undisturbed.outputs, disturbed.outputs, "topology {}", number);
            prop_assert_eq!(undisturbed.dropped, disturbed.dropped, "topology {}", number);
        }
    }

    #[test]
    fn the_store_is_the_fold_of_its_changelog(inputs in inputs(1), steps in steps(), each in any::<bool>()) {
        for number in [4, 5, 6, 8] {
            let topology = topology(number)?;
            let driver = run(&topology, options(each), &inputs, &steps)?;
            let mut folded = BTreeMap::new();
            for record in driver.topic_records("app-store-changelog") {
                let key = String::serde().deserialize(&record.key.unwrap_or_default())?;
                match record.value {
                    Some(value) => folded.insert(key, i64::serde().deserialize(&value)?),
                    None => folded.remove(&key),
                };
            }
            let stored: BTreeMap<_, _> = driver.store(&STORE)?.all().collect::<streams_core::Result<_>>()?;
            prop_assert_eq!(stored, folded, "topology {}", number);
        }
    }
}
