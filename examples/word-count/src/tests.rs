//! The topology in the test driver: no log, no files, no threads.

use std::collections::BTreeMap;
use std::time::Duration;

use streams_core::Result;
use streams_core::testing::TestDriver;
use streams_core::testing::laws::{Event, Events, Laws, Violation, keys, nullable};

use super::{COUNTS, LINES, topology, words};

#[test]
fn every_word_is_counted_over_all_lines_whatever_its_case() -> Result<()> {
    let mut driver = TestDriver::new(&topology()?)?;
    driver.pipe(&LINES, None, "To be, or not".to_owned(), 0)?;
    driver.pipe(&LINES, None, "to  be:".to_owned(), 1)?;

    let counts: Vec<_> = driver.read(&COUNTS)?.into_iter().map(|r| (r.key, r.value)).collect();
    let expected = [("to", 1), ("be", 1), ("or", 1), ("not", 1), ("to", 2), ("be", 2)];
    assert_eq!(counts, expected.map(|(word, count)| (word.to_owned(), count)));
    Ok(())
}

#[test]
fn words_are_counted_as_a_loop_counts_them_whatever_crashes_and_commits_do() -> Result<(), Violation> {
    let counted = |events: &[Event]| {
        let mut counts = BTreeMap::new();
        for (_, line) in events.iter().filter_map(|event| event.record(&LINES)) {
            words(line).into_iter().for_each(|word| *counts.entry(word).or_default() += 1);
        }
        counts
    };
    Laws::of(&topology().expect("it has no mistakes"))
        .input(&LINES, Events::of(nullable(keys(2)), "[ab ]{0,5}"))
        .partitions(2)
        .table_output(&COUNTS)
        .reference_latest(&COUNTS, counted)
        .order_insensitive_within(Duration::from_millis(100))
        .check_all()
}
