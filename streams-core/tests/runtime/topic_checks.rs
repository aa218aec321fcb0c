//! What is looked at before an application starts, and how it is said.

use std::sync::Arc;
use std::time::Duration;

use streams_core::log::embedded::EmbeddedLog;
use streams_core::log::{CleanupPolicy, Log, NewTopic, TopicConfig};
use streams_core::runtime::{App, Config};
use streams_core::windows::TimeWindows;
use streams_core::{ErrorKind, Materialized, Result, StreamJoined, StreamsBuilder, Topic, Topology};

use crate::support::*;

const LEFT: Topic<String, String> = Topic::new("left");
const RIGHT: Topic<String, String> = Topic::new("right");
const OUT: Topic<String, String> = Topic::new("out");
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The checks of an application `app` on this log.
fn check(topology: &Topology, log: &EmbeddedLog) -> Result<Vec<String>> {
    App::new(topology.clone(), Config::new("app"), Arc::new(log.clone())).check_topics()
}

fn refusal(topology: &Topology, log: &EmbeddedLog) -> (ErrorKind, String) {
    let error = check(topology, log).unwrap_err();
    let started = App::new(topology.clone(), Config::new("app"), Arc::new(log.clone())).start().unwrap_err();
    assert_eq!(error.to_string(), started.to_string());
    (error.kind(), error.to_string())
}

fn embedded(topics: &[(&str, u32)]) -> EmbeddedLog {
    let log = EmbeddedLog::in_memory();
    let new: Vec<NewTopic> = topics.iter().map(|(name, count)| NewTopic::new(*name, *count)).collect();
    log.create_topics(&new).unwrap();
    log
}

/// A repartition, and a store of each kind.
fn counts() -> Topology {
    let builder = StreamsBuilder::new();
    let _ = builder.table(&RIGHT).filter_with(|_, _| true, Materialized::named("users"));
    let words = builder.stream(&LEFT).group_by(|_, word| word.clone());
    let windows = TimeWindows::tumbling(Duration::from_secs(60)).no_grace();
    let _ = words.clone().count_with(Materialized::named("totals"));
    let _ = words.windowed_by(windows).count_with(Materialized::named("windows"));
    builder.build().unwrap()
}

fn join() -> Topology {
    let builder = StreamsBuilder::new();
    let within = streams_core::windows::JoinWindows::of(Duration::from_secs(1)).no_grace();
    let right = builder.stream(&RIGHT);
    let joined = StreamJoined::new().store_name("join");
    builder.stream(&LEFT).join_with(right, within, |a, b| format!("{a}{b}"), joined).to(&OUT);
    builder.build().unwrap()
}

#[test]
fn all_missing_topics_are_named_at_once_with_the_code_that_creates_them() {
    let log = embedded(&[("left", 3)]);
    let (kind, text) = refusal(&join(), &log);
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(text.contains("for 2 reasons"), "{text}");
    assert!(text.contains("topic right does not exist, which `KSTREAM-SOURCE-"), "{text}");
    assert!(text.contains("log.create_topics(&[NewTopic::new(\"right\", 3)])?"), "{text}");
    assert!(text.contains("log.create_topics(&[NewTopic::new(\"out\", 3)])?"), "{text}");
    assert_eq!(log.list_topics().unwrap(), ["left"], "nothing was created");
    log.create_topics(&[NewTopic::new("right", 3), NewTopic::new("out", 3)]).unwrap();
    assert_eq!(check(&join(), &log).unwrap(), [""; 0]);
}

#[test]
fn a_topic_that_is_read_as_a_table_is_to_be_created_compacted() {
    let builder = StreamsBuilder::new();
    let _ = builder.table_with(&RIGHT, streams_core::Consumed::new(), Materialized::named("users"));
    let (_, text) = refusal(&builder.build().unwrap(), &embedded(&[]));
    let code = "NewTopic::new(\"right\", 1).with_config(TopicConfig { cleanup_policy: CleanupPolicy::Compact";
    assert!(text.contains(code), "{text}");
}

#[test]
fn joined_topics_of_different_counts_are_refused_with_what_makes_them_equal() {
    let log = embedded(&[("left", 4), ("right", 3), ("out", 1)]);
    let (kind, text) = refusal(&join(), &log);
    assert_eq!(kind, ErrorKind::Topology);
    assert!(text.contains("topic `left` has 4 partitions") && text.contains("topic `right` has 3"), "{text}");
    assert!(text.contains("log.create_topics(&[NewTopic::new(\"right\", 4)])?"), "{text}");
    log.delete_topics(&["right"]).unwrap();
    log.create_topics(&[NewTopic::new("right", 4)]).unwrap();
    assert_eq!(check(&join(), &log).unwrap(), [""; 0]);
}

/// Starts and stops once, so that the internal topics are there.
fn started(topology: &Topology, log: &EmbeddedLog) {
    let log: Arc<dyn Log> = Arc::new(log.clone());
    stop(start(topology.clone(), Config::new("app"), &log)).unwrap();
}

#[test]
fn internal_topics_of_wrong_counts_are_to_be_deleted_if_empty_and_else_reset() {
    let log = embedded(&[("left", 2), ("right", 2)]);
    let name = "app-totals-changelog";
    let compacted = TopicConfig { cleanup_policy: CleanupPolicy::Compact, ..TopicConfig::default() };
    log.create_topics(&[NewTopic::new(name, 1).with_config(compacted)]).unwrap();
    let (kind, text) = refusal(&counts(), &log);
    assert_eq!(kind, ErrorKind::Exists);
    assert!(text.contains(&format!("changelog topic {name} has 1 partitions and must have 2")), "{text}");
    assert!(text.contains(&format!("log.delete_topics(&[\"{name}\"])?")), "{text}");

    let wrong: Topic<String, i64> = Topic::new(name);
    let mut producer = streams_core::runtime::TopicProducer::open(&log, &wrong).unwrap();
    producer.send(&"a".to_owned(), &1, 0).unwrap();
    producer.flush().unwrap();
    let (_, text) = refusal(&counts(), &log);
    assert!(text.contains("reset the application") && !text.contains("delete_topics"), "{text}");
    log.delete_topics(&[name]).unwrap();
    started(&counts(), &log);
}

#[test]
fn settings_by_which_records_or_rows_would_be_lost_are_refused_all_at_once() {
    let log = embedded(&[("left", 1), ("right", 1)]);
    started(&counts(), &log);
    assert_eq!(check(&counts(), &log).unwrap(), [""; 0]);
    let topics = log.list_topics().unwrap();
    let repartition = topics.iter().find(|topic| topic.ends_with("-repartition")).unwrap();
    log.configure_topic(repartition, |config| {
        config.cleanup_policy = CleanupPolicy::CompactDelete;
        config.retention = Some(DAY);
        config.retention_bytes = Some(1 << 20);
    })
    .unwrap();
    log.configure_topic("app-totals-changelog", |config| {
        config.cleanup_policy = CleanupPolicy::Delete;
    })
    .unwrap();
    log.configure_topic("app-windows-changelog", |config| {
        config.retention = Some(Duration::from_secs(59));
        config.retention_bytes = Some(1 << 20);
    })
    .unwrap();
    let (kind, text) = refusal(&counts(), &log);
    assert_eq!(kind, ErrorKind::Config);
    for part in [
        "for 6 reasons",
        &format!("repartition topic {repartition}: cleanup.policy is `compact,delete` and must be `delete`"),
        &format!("repartition topic {repartition}: retention.ms is 86400000 and must be -1"),
        &format!("repartition topic {repartition}: retention.bytes is 1048576 and must be -1"),
        &format!("log.configure_topic(\"{repartition}\", |config| {{ config.retention = None; }})?"),
        "changelog topic app-totals-changelog: cleanup.policy is `delete` and must be `compact`",
        "log.configure_topic(\"app-totals-changelog\", |config| { config.cleanup_policy = CleanupPolicy::Compact; })?",
        "changelog topic app-windows-changelog: retention.ms is 59000 and must be at least 60000",
        "config.retention = Some(Duration::from_millis(86460000)); })?",
        "changelog topic app-windows-changelog: retention.bytes is 1048576",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    // What the texts say makes it right.
    log.configure_topic(repartition, |config| {
        config.cleanup_policy = CleanupPolicy::Delete;
        config.retention = None;
        config.retention_bytes = None;
    })
    .unwrap();
    log.configure_topic("app-totals-changelog", |config| config.cleanup_policy = CleanupPolicy::Compact)
        .unwrap();
    log.configure_topic("app-windows-changelog", |config| {
        config.retention = Some(Duration::from_millis(86_460_000));
        config.retention_bytes = None;
    })
    .unwrap();
    assert_eq!(check(&counts(), &log).unwrap(), [""; 0]);
}

#[test]
fn rows_of_joined_streams_must_not_be_compacted() {
    let log = embedded(&[("left", 1), ("right", 1), ("out", 1)]);
    started(&join(), &log);
    log.configure_topic("app-join-this-join-store-changelog", |config| {
        config.cleanup_policy = CleanupPolicy::CompactDelete;
    })
    .unwrap();
    let (_, text) = refusal(&join(), &log);
    assert!(text.contains("cleanup.policy is `compact,delete` and must be `delete`"), "{text}");
}

#[test]
fn what_only_should_be_otherwise_is_a_warning() {
    let log = embedded(&[("left", 1), ("right", 1)]);
    let builder = StreamsBuilder::new();
    builder.optimize(streams_core::Optimization::ALL);
    let _ = builder.table_with(&RIGHT, streams_core::Consumed::new(), Materialized::named("users"));
    let windows = TimeWindows::tumbling(Duration::from_secs(60)).no_grace();
    let words = builder.stream(&LEFT).group_by_key().windowed_by(windows);
    let _ = words.count_with(Materialized::named("windows"));
    let topology = builder.build().unwrap();
    started(&topology, &log);
    log.configure_topic("right", |config| config.retention = Some(DAY)).unwrap();
    log.configure_topic("app-windows-changelog", |config| config.cleanup_policy = CleanupPolicy::Compact)
        .unwrap();
    let warnings = check(&topology, &log).unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].contains("topic right: cleanup.policy is `delete` and should be `compact`"),
        "{warnings:?}"
    );
    assert!(warnings[1].contains("should be `compact,delete`"), "{warnings:?}");
    started(&topology, &log);
}

#[test]
fn instances_that_start_at_once_create_the_topics_together() {
    for _ in 0..20 {
        let log: Arc<dyn Log> = Arc::new(embedded(&[("left", 2), ("right", 2)]));
        let apps: Vec<_> = std::thread::scope(|scope| {
            let start = || start(counts(), Config::new("app"), &log);
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        apps.into_iter().try_for_each(stop).unwrap();
    }
}
