//! Runs that end with their input.

use std::sync::Arc;
use std::time::Duration;

use streams_core::log::Log;
use streams_core::runtime::{App, AppState, Config, TaskPhase, TopicProducer};
use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::windows::{TimeWindows, Windowed};
use streams_core::{EmitStrategy, Produced, Result, StreamsBuilder, Topic, Topology};

use crate::support::*;

const CLOSED: Topic<Windowed<String>, i64> = Topic::new("closed");

/// Words per window of 10 ms, put out when the window closes; behind a repartition.
fn windows() -> Topology {
    let builder = StreamsBuilder::new();
    builder
        .stream(&WORDS)
        .group_by(|_, word| word.clone())
        .windowed_by(TimeWindows::tumbling(Duration::from_millis(10)).no_grace())
        .emit_strategy(EmitStrategy::OnWindowClose)
        .count()
        .to_stream()
        .to_with(&CLOSED, Produced::with(window_key(), i64::serde()));
    builder.build().unwrap()
}

fn window_key() -> streams_core::serde::SerdeRef<Windowed<String>> {
    time_windowed(String::serde(), Duration::from_millis(10))
}

fn closed(log: &Arc<dyn Log>) -> Vec<(String, i64, i64)> {
    let (key, value) = (window_key(), i64::serde());
    let mut reader =
        streams_core::runtime::Subscription::open_with(log, &CLOSED, Default::default(), key, value).unwrap();
    let mut found = Vec::new();
    while let Some(received) = reader.next_now().unwrap() {
        found.push((received.key.key.clone(), received.key.window.start, received.value));
    }
    found.sort();
    found
}

fn run(topology: Topology, config: &Config, log: &Arc<dyn Log>) -> Result<streams_core::runtime::Metrics> {
    App::new(topology, config.clone(), Arc::clone(log)).run_to_end()
}

fn expect(rows: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
    let mut rows: Vec<_> = rows.iter().map(|(k, start, n)| ((*k).to_owned(), *start, *n)).collect();
    rows.sort();
    rows
}

#[test]
fn a_run_to_the_end_closes_every_window_once_however_often_it_is_repeated() -> Result<()> {
    for (partitions, threads) in [(1, 1), (4, 2)] {
        let log = log_with(&[("words", partitions), ("closed", 1)]);
        let mut config = Config::new("windows");
        config.num_threads = threads;
        send_words(&log, (0..25).map(|i| if i % 2 == 0 { "even" } else { "odd" }), 0);
        let first =
            [("even", 0, 5), ("odd", 0, 5), ("even", 10, 5), ("odd", 10, 5), ("even", 20, 3), ("odd", 20, 2)];
        let metrics = run(windows(), &config, &log)?;
        assert_eq!(metrics.state, AppState::Stopped);
        assert_eq!(closed(&log), expect(&first));
        run(windows(), &config, &log)?;
        assert_eq!(closed(&log), expect(&first), "a second run adds nothing");

        // What was emitted stays closed; what is new is emitted in its turn.
        send_words(&log, ["even", "odd"], 25);
        send_words(&log, ["even", "odd"], 100);
        let metrics = run(windows(), &config, &log)?;
        let mut all = first.to_vec();
        all.extend([("even", 100, 1), ("odd", 100, 1)]);
        assert_eq!(closed(&log), expect(&all));
        assert_eq!(metrics.dropped_for(streams_core::DropReason::Late), 2);
    }
    Ok(())
}

#[test]
fn a_run_to_the_end_counts_behind_several_repartitions_and_reads_no_further_than_its_start() -> Result<()> {
    let log = log_with(&[("words", 3), ("counts", 1)]);
    const LENGTHS: Topic<i64, i64> = Topic::new("lengths");
    create(&log, &[("lengths", 2)]);
    let builder = StreamsBuilder::new();
    builder
        .stream(&WORDS)
        .group_by(|_, word| word.clone())
        .count()
        .to_stream()
        .group_by(|word, _| word.len() as i64)
        .count()
        .to_stream()
        .to(&LENGTHS);
    let topology = builder.build()?;
    let mut config = Config::new("lengths");
    config.forwarding = streams_core::runtime::Forwarding::PerUpdate;
    config.num_threads = 2;
    let words: Vec<String> = (0..3000).map(|i| "x".repeat(1 + i % 5)).collect();
    send_words(&log, words.iter().map(String::as_str), 0);
    run(topology, &config, &log)?;
    assert_eq!(table(&log, &LENGTHS), (1..=5).map(|length| (length, 600)).collect());
    Ok(())
}

#[test]
fn a_run_without_any_input_ends() -> Result<()> {
    let log = log_with(&[("words", 2), ("closed", 1)]);
    let metrics = run(windows(), &Config::new("windows"), &log)?;
    assert_eq!(metrics.state, AppState::Stopped);
    assert_eq!(closed(&log), []);
    Ok(())
}

#[test]
fn a_task_takes_the_records_of_its_inputs_in_the_order_of_their_times() -> Result<()> {
    const LEFT: Topic<String, i64> = Topic::new("left");
    const RIGHT: Topic<String, i64> = Topic::new("right");
    const MERGED: Topic<String, i64> = Topic::new("merged");
    let log = log_with(&[("left", 1), ("right", 1), ("merged", 1)]);
    let builder = StreamsBuilder::new();
    builder.stream(&LEFT).merge(builder.stream(&RIGHT)).to(&MERGED);
    let topology = builder.build()?;
    let app = start(topology, Config::new("merge"), &log);
    let metrics = wait_for_metrics(&app, |m| m.tasks.first().is_some_and(|t| t.phase == TaskPhase::Running));
    assert_eq!(metrics.tasks.len(), 1);
    stop(app)?;
    let builder = StreamsBuilder::new();
    builder.stream(&LEFT).merge(builder.stream(&RIGHT)).to(&MERGED);
    for (topic, offset) in [(&LEFT, 0), (&RIGHT, 1)] {
        let mut producer = TopicProducer::open(&*log, topic)?;
        for time in (0..4000).filter(|time| time % 2 == offset) {
            producer.send(&"k".to_owned(), &time, time)?;
        }
        producer.flush()?;
    }
    let mut config = Config::new("merge");
    config.fetch_bytes = 1000;
    run(builder.build()?, &config, &log)?;
    let times: Vec<i64> = all(&log, &MERGED).into_iter().map(|(_, time)| time).collect();
    assert_eq!(times, (0..4000).collect::<Vec<_>>());
    Ok(())
}
