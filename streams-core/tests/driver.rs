//! Topologies in the test driver: partitions, repartitions, windows, commits and crashes.

use std::time::Duration;

use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::windows::{TimeWindows, Windowed};
use streams_core::{
    DropReason, EmitStrategy, ErrorPolicies, ErrorPolicy, Headers, Materialized, Result, Store,
    StreamsBuilder, Topic, Topology, serde::DefaultSerde, serde::time_windowed,
};

const IN: Topic<Option<String>, String> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");
const COUNTS: Store<String, i64> = Store::new("counts");
const WINDOWS: Topic<Windowed<String>, i64> = Topic::new("windows");

fn counts_by_value() -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let stream = builder.stream(&IN);
    stream
        .group_by(|_, value| value.clone())
        .count_with(Materialized::as_store(&COUNTS))
        .to_stream()
        .to(&OUT);
    builder.build()
}

fn windowed(emit: EmitStrategy) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let windows = TimeWindows::tumbling(Duration::from_millis(10)).grace(Duration::from_millis(5));
    builder
        .stream(&IN)
        .require_key()
        .group_by_key()
        .windowed_by(windows)
        .emit_strategy(emit)
        .count()
        .to_stream()
        .to_with(&WINDOWS, streams_core::Produced::with(window_key(), i64::serde()));
    builder.build()
}

fn window_key() -> streams_core::serde::SerdeRef<Windowed<String>> {
    time_windowed(String::serde(), Duration::from_millis(10))
}

fn pipe(driver: &mut TestDriver, key: Option<&str>, value: &str, timestamp: i64) -> Result<()> {
    driver.pipe(&IN, key.map(str::to_owned), value.to_owned(), timestamp)
}

#[test]
fn counts_go_through_a_repartition_over_several_partitions() -> Result<()> {
    let options = TestDriverOptions { default_partitions: 3, ..TestDriverOptions::default() };
    let mut driver = TestDriver::with(&counts_by_value()?, options)?;
    for (index, word) in ["a", "b", "a", "c", "a", "b"].iter().enumerate() {
        pipe(&mut driver, None, word, index as i64)?;
    }
    let mut counts: Vec<_> = driver.read(&OUT)?.into_iter().map(|r| (r.key, r.value)).collect();
    counts.sort();
    let expected = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2), ("c", 1)];
    assert_eq!(counts, expected.map(|(k, v)| (k.to_owned(), v)));
    assert_eq!(driver.tasks().count(), 6);
    Ok(())
}

#[test]
fn what_is_not_committed_is_gone_after_a_crash_and_processed_again() -> Result<()> {
    let options = TestDriverOptions { commit_each_record: false, ..TestDriverOptions::default() };
    let mut driver = TestDriver::with(&counts_by_value()?, options)?;
    pipe(&mut driver, None, "a", 0)?;
    driver.commit()?;
    pipe(&mut driver, None, "a", 1)?;
    driver.crash()?;
    assert_eq!(driver.store(&COUNTS)?.get(&"a".to_owned())?, Some(1), "restored from the changelog");
    driver.commit()?;
    let counts: Vec<_> = driver.read(&OUT)?.into_iter().map(|r| r.value).collect();
    assert_eq!(counts, [1, 2], "the second record was taken up again, once");
    Ok(())
}

#[test]
fn windows_close_by_stream_time_and_late_records_are_counted() -> Result<()> {
    let mut driver = TestDriver::new(&windowed(EmitStrategy::OnWindowClose)?)?;
    for (key, time) in [("k", 0), ("j", 3), ("k", 12), ("k", 15), ("k", 9)] {
        pipe(&mut driver, Some(key), "v", time)?;
    }
    let closed: Vec<_> = driver
        .read_with(&WINDOWS, &window_key(), &i64::serde())?
        .into_iter()
        .map(|r| (r.key.key, r.key.window.start, r.value, r.timestamp))
        .collect();
    assert_eq!(closed, [("j".to_owned(), 0, 1, 3), ("k".to_owned(), 0, 1, 0)]);
    assert_eq!(driver.dropped().of(DropReason::Late), 1);
    Ok(())
}

#[test]
fn a_record_that_was_late_before_a_restart_is_late_after_it() -> Result<()> {
    let mut driver = TestDriver::new(&windowed(EmitStrategy::OnWindowUpdate)?)?;
    pipe(&mut driver, Some("k"), "v", 100)?;
    driver.crash()?;
    pipe(&mut driver, Some("k"), "v", 1)?;
    assert_eq!(driver.dropped().of(DropReason::Late), 1);
    assert_eq!(driver.read_raw(WINDOWS.name()).len(), 1);
    Ok(())
}

#[test]
fn the_end_of_the_input_closes_every_window_once() -> Result<()> {
    let mut driver = TestDriver::new(&windowed(EmitStrategy::OnWindowClose)?)?;
    pipe(&mut driver, Some("k"), "v", 100)?;
    driver.finish()?;
    driver.finish()?;
    assert_eq!(driver.read_raw(WINDOWS.name()).len(), 1);
    Ok(())
}

#[test]
fn a_skipped_record_is_committed_with_its_dead_letter_and_counted_once() -> Result<()> {
    const DEAD: Topic<String, Vec<u8>> = Topic::new("dead");
    let builder = StreamsBuilder::new();
    builder.stream(&OUT).map_values(|n| n + 1).to(&Topic::<String, i64>::new("more"));
    let policies = ErrorPolicies {
        deserialization: ErrorPolicy::DeadLetter,
        dead_letter_topic: Some("dead".to_owned()),
        ..ErrorPolicies::default()
    };
    let options = TestDriverOptions { policies, ..TestDriverOptions::default() };
    let mut driver = TestDriver::with(&builder.build()?, options)?;
    driver.pipe_raw("out", None, Some(b"a"), Some(b"not a number"), 1, &Headers::new())?;
    assert_eq!(driver.read(&DEAD)?[0].value, b"not a number");
    driver.crash()?;
    driver.pipe(&OUT, "a".to_owned(), 1, 2)?;
    assert_eq!((driver.read(&DEAD)?.len(), driver.dropped().of(DropReason::Undecodable)), (0, 1));
    Ok(())
}

#[test]
fn null_keys_are_dropped_where_keys_are_required() -> Result<()> {
    let mut driver = TestDriver::new(&windowed(EmitStrategy::OnWindowUpdate)?)?;
    pipe(&mut driver, None, "v", 0)?;
    assert_eq!(driver.dropped().of(DropReason::NullKey), 1);
    Ok(())
}

#[test]
fn every_mistake_of_a_topology_is_reported_with_its_source_line() {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).filter(|_, _| true).named("same").peek(|_, _| {}).named("same").to(&IN);
    builder.add_store(&COUNTS);
    let error = builder.build().err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains("2 mistakes"), "{error}");
    assert!(error.contains("2 nodes are named `same`"), "{error}");
    assert!(error.contains("store `counts`") && error.contains("driver.rs:"), "{error}");
}

#[test]
fn a_fast_upstream_task_does_not_make_the_records_of_a_slow_one_late() -> Result<()> {
    let builder = StreamsBuilder::new();
    let windows = TimeWindows::tumbling(Duration::from_millis(10)).no_grace();
    builder
        .stream(&IN)
        .group_by(|_, _| "all".to_owned())
        .windowed_by(windows)
        .emit_strategy(EmitStrategy::OnWindowClose)
        .count()
        .to_stream()
        .to_with(&WINDOWS, streams_core::Produced::with(window_key(), i64::serde()));
    let topology = builder.build()?;
    for aligned_event_time in [true, false] {
        let options = TestDriverOptions {
            partitions: [("in".to_owned(), 2)].into(),
            commit_each_record: false,
            aligned_event_time,
            ..TestDriverOptions::default()
        };
        let mut driver = TestDriver::with(&topology, options)?;
        for partition in [0, 1] {
            for time in 0..100 {
                driver.pipe_raw(
                    "in",
                    Some(partition),
                    None,
                    Some(b"v"),
                    time,
                    &streams_core::Headers::new(),
                )?;
            }
            driver.commit()?;
            if partition == 0 {
                driver.crash()?;
            }
        }
        driver.finish()?;
        let counts: Vec<i64> =
            driver.read_with(&WINDOWS, &window_key(), &i64::serde())?.into_iter().map(|r| r.value).collect();
        if aligned_event_time {
            assert_eq!(driver.dropped().total(), 0, "{:?} {:?}", driver.dropped(), driver.committed());
            assert_eq!(counts, [20; 10]);
        } else {
            assert_eq!(driver.dropped().of(DropReason::Late), 90, "what Kafka Streams does");
        }
    }
    Ok(())
}

#[test]
fn a_bounded_store_keeps_the_keys_used_last_also_after_a_restart() -> Result<()> {
    let builder = StreamsBuilder::new();
    let store = Materialized::as_store(&COUNTS).max_keys(2);
    builder.stream(&IN).require_key().group_by_key().count_with(store).to_stream().to(&OUT);
    let mut driver = TestDriver::new(&builder.build()?)?;
    for (time, key) in ["a", "b", "a", "c"].into_iter().enumerate() {
        pipe(&mut driver, Some(key), "v", time as i64)?;
    }
    for _ in 0..2 {
        let kept: Vec<_> = driver.store(&COUNTS)?.all().collect::<Result<_>>()?;
        assert_eq!(kept, [("a".to_owned(), 2), ("c".to_owned(), 1)]);
        driver.restart()?;
    }
    Ok(())
}

#[test]
fn the_end_of_the_input_closes_windows_upstream_first_whatever_the_numbers_of_sub_topologies() -> Result<()> {
    let builder = StreamsBuilder::new();
    // Begun first, so that what is behind the repartition has a lower number than what is before it.
    let table = builder.table(&Topic::<String, String>::new("table"));
    let windows = TimeWindows::tumbling(Duration::from_millis(10)).no_grace();
    let counts = builder.stream(&Topic::<String, String>::new("in")).group_by_key().windowed_by(windows);
    let counts = counts.emit_strategy(EmitStrategy::OnWindowClose).count().to_stream();
    let by_key = counts.select_key(|window, _| window.key.clone()).map_values(|n| n.unwrap_or(0));
    let joined = by_key.join_table(table, |n, _: &String| n).group_by_key().windowed_by(windows);
    let twice = joined.emit_strategy(EmitStrategy::OnWindowClose).count().to_stream();
    twice.map(|window, n| (window.key, n)).to(&Topic::<String, Option<i64>>::new("out"));
    let mut driver = TestDriver::new(&builder.build()?)?;
    driver.pipe(&Topic::<String, String>::new("table"), "a".to_owned(), "row".to_owned(), 0)?;
    driver.pipe(&Topic::<String, String>::new("in"), "a".to_owned(), "v".to_owned(), 5)?;
    driver.finish()?;
    assert_eq!(driver.read(&Topic::<String, i64>::new("out"))?.len(), 1);
    Ok(())
}
