//! Joins of a stream with a table.

use proptest::prelude::*;
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::{DropReason, Result, StreamsBuilder, Topic};

use crate::support::*;

/// The left topic as a stream whose values may be null.
const STREAM: Topic<String, Option<i64>> = Topic::new("left");
const TEXT: Topic<Option<String>, String> = Topic::new("text");
const NAMES: Topic<String, String> = Topic::new("names");
const TEXT_OUT: Topic<Option<String>, String> = Topic::new("text-out");

/// What the records of the stream give, one after the other, and how many have no value.
fn reference(events: &[Event], inner: bool) -> (Vec<(String, i64, i64)>, u64) {
    let (mut rows, mut results, mut nulls) = (Rows::new(), Vec::new(), 0);
    for event in events {
        match (event.topic, event.value) {
            (0, Some(value)) => {
                let row = rows.get(&event.key).copied();
                if row.is_some() || !inner {
                    results.push((event.key.clone(), value * 10 + row.unwrap_or(9), event.time));
                }
            }
            (0, None) => nulls += 1,
            (1, Some(value)) => _ = rows.insert(event.key.clone(), value),
            (1, None) => _ = rows.remove(&event.key),
            _ => {}
        }
    }
    (results, nulls)
}

fn out(driver: &mut TestDriver) -> Result<Vec<(String, i64, i64)>> {
    let records = driver.read(&OUT)?;
    Ok(records.into_iter().map(|record| (record.key, record.value, record.timestamp)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn each_record_meets_the_row_there_is(
        events in events(&[Step::Nothing, Step::Commit]), commit_each_record in any::<bool>(),
        forward_per_commit in any::<bool>(), inner in any::<bool>()
    ) {
        let topology = topology(|b| {
            let table = b.table(&RIGHT);
            match inner {
                true => b.stream(&STREAM).join_table(table, |v, row| v.unwrap_or(0) * 10 + row).to(&OUT),
                false => {
                    let joiner = |v: Option<i64>, row: Option<&i64>| v.unwrap_or(0) * 10 + row.copied().unwrap_or(9);
                    b.stream(&STREAM).left_join_table(table, joiner).to(&OUT);
                }
            }
        })?;
        let options =
            TestDriverOptions { commit_each_record, forward_per_commit, ..TestDriverOptions::default() };
        let mut driver = run(&topology, options, &events)?;
        let (results, nulls) = reference(&events, inner);
        prop_assert_eq!(out(&mut driver)?, results);
        prop_assert_eq!(driver.dropped().of(DropReason::NullValue), nulls);
    }

    #[test]
    fn crashes_behind_commits_change_nothing(events in events(&[Step::Nothing, Step::Crash])) {
        let topology = topology(|b| {
            let table = b.table(&RIGHT);
            b.stream(&STREAM).join_table(table, |v, row| v.unwrap_or(0) * 10 + row).to(&OUT);
        })?;
        let mut driver = run(&topology, TestDriverOptions::default(), &events)?;
        prop_assert_eq!(out(&mut driver)?, reference(&events, true).0);
    }
}

#[test]
fn a_record_without_a_key_is_joined_with_nothing_before_and_behind_a_repartition() {
    for rekeyed in [false, true] {
        let builder = StreamsBuilder::new();
        let names = builder.table(&NAMES);
        let stream = builder.stream(&TEXT);
        let stream = if rekeyed { stream.select_key(|key, _| key.clone()) } else { stream };
        stream
            .left_join_table_with_key(names, |key, text, name| format!("{key:?} {text} {name:?}"))
            .to(&TEXT_OUT);
        let mut driver = TestDriver::new(&builder.build().unwrap()).unwrap();
        driver.pipe(&NAMES, "a".to_owned(), "Ann".to_owned(), 1).unwrap();
        driver.pipe(&TEXT, Some("a".to_owned()), "hi".to_owned(), 2).unwrap();
        driver.pipe(&TEXT, None, "ho".to_owned(), 3).unwrap();
        let records = driver.read(&TEXT_OUT).unwrap();
        let values: Vec<&str> = records.iter().map(|record| record.value.as_str()).collect();
        assert_eq!(values, [r#"Some("a") hi Some("Ann")"#, "None ho None"], "rekeyed: {rekeyed}");
        assert_eq!(driver.dropped().total(), 0);
    }
}
