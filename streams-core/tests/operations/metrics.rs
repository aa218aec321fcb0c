//! What is measured, and that the text says the same.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use streams_core::runtime::{AppState, Config, HealthReason, Metrics, TaskPhase, ThreadPhase};
use streams_core::{DropReason, ErrorPolicy, Result, StreamsBuilder, Topic};

use crate::prometheus::{Family, parse};
use crate::support::*;

const NUMBERS: Topic<String, i64> = Topic::new("numbers");
const TEXTS: Topic<String, String> = Topic::new("numbers");
const OUT: Topic<String, i64> = Topic::new("out");

/// The value of the one sample that has these labels.
#[track_caller]
fn value(families: &std::collections::BTreeMap<String, Family>, name: &str, labels: &[(&str, &str)]) -> f64 {
    let family = families.get(name).unwrap_or_else(|| panic!("there is no {name}"));
    let fits = |l: &&crate::prometheus::Sample| labels.iter().all(|(n, v)| l.label(n) == Some(*v));
    let found: Vec<_> = family.samples.iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "{name} {labels:?} in {:?}", family.samples);
    found[0].value
}

fn counted() -> Result<(streams_core::runtime::AppHandle, Metrics)> {
    let log = log_with(&[("words", 2), ("counts", 1)]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    // As long ago as a quarter of an hour; the last one is late by seconds.
    send_words(&log, ["a", "b", "a", "c", "a"], now - 900_000);
    let mut config = Config::new("count \"it\"".replace([' ', '"'], "-"));
    config.num_threads = 2;
    config.process_id = Some("p1".to_owned());
    let app = start(word_count(), config, &log);
    let metrics = wait_for_metrics(&app, |m| m.consumed == 10 && m.lag() == Some(0) && m.health.ready.ok);
    // What was processed is committed and shown.
    let rows = |m: &Metrics| m.tasks.iter().flat_map(|t| &t.stores).map(|s| s.usage.entries).sum::<u64>();
    let metrics = wait_for_metrics(&app, |m| m.commits >= metrics.commits && rows(m) == 3);
    Ok((app, metrics))
}

#[test]
fn records_stores_topics_and_threads_are_counted() -> Result<()> {
    let (app, metrics) = counted()?;
    assert_eq!(metrics.state, AppState::Running);
    assert_eq!(
        (metrics.identity.application_id.as_str(), metrics.identity.process_id.as_str()),
        ("count--it-", "p1")
    );
    assert_eq!(metrics.identity.topology.len(), 8);
    assert_eq!(metrics.tasks.len(), 4, "two partitions of two sub-topologies");
    assert!(metrics.tasks.iter().all(|task| task.phase == TaskPhase::Running));
    let inputs = || metrics.tasks.iter().flat_map(|task| &task.inputs);
    let outputs = || metrics.tasks.iter().flat_map(|task| &task.outputs);
    let read = |topic: &str| inputs().filter(|i| i.topic.ends_with(topic)).map(|i| i.records).sum::<u64>();
    assert_eq!((read("words"), read("-repartition")), (5, 5), "{:?}", metrics.tasks);
    assert!(inputs().filter(|input| input.records > 0).all(|input| input.bytes > 0 && input.lag.is_some()));
    let sent = |topic: &str| outputs().filter(|o| o.topic.ends_with(topic)).map(|o| o.records).sum::<u64>();
    // Counts are forwarded and logged once per key and commit.
    assert!((3..=5).contains(&sent("counts")) && (3..=5).contains(&sent("counted-changelog")));
    let node = |topic: &str| outputs().find(|o| o.topic.ends_with(topic)).map(|o| o.node.clone()).unwrap();
    assert_eq!(node("counted-changelog"), "counted");
    assert!(node("counts").starts_with("KSTREAM-SINK"), "{}", node("counts"));
    let entries: u64 = metrics.tasks.iter().flat_map(|t| &t.stores).map(|s| s.usage.entries).sum();
    assert_eq!(entries, 3);
    assert!(metrics.memory.used > 0 && metrics.memory.limit > metrics.memory.used);
    let latencies = metrics.tasks.iter().filter(|t| t.consumed > 0).map(|t| t.latency.max);
    // A quarter of an hour, less what timestamps are in the future by.
    assert!(latencies.clone().all(|max| (899_000.0..960_000.0 + 1e5).contains(&max)), "{metrics:?}");
    assert_eq!(metrics.threads.len(), 2);
    assert_eq!(metrics.alive_threads(), 2);
    let total = |value: fn(&streams_core::runtime::ThreadMetrics) -> u64| {
        metrics.threads.iter().map(value).sum::<u64>()
    };
    assert_eq!((total(|t| t.process.count), total(|t| t.tasks_created)), (10, 4));
    assert!(total(|t| t.commit.count) >= 1 && total(|t| t.poll.count) >= 2);
    assert_eq!(metrics.threads[1].id, "count--it--p1-worker-2");
    let monitor = app.monitor();
    app.shutdown(PATIENCE)?;
    let last = monitor.metrics();
    assert_eq!((last.state.clone(), last.alive_threads()), (AppState::Stopped, 0));
    assert!(last.threads.iter().all(|t| t.phase == ThreadPhase::Ended && t.tasks_closed == t.tasks_created));
    assert_eq!((last.health.live.ok, last.health.ready.reason), (true, HealthReason::Stopped));
    Ok(())
}

#[test]
fn every_sample_of_the_text_has_help_and_type_and_the_value_of_the_snapshot() -> Result<()> {
    let (app, metrics) = counted()?;
    let families = parse(&metrics.to_prometheus()).unwrap();
    for (name, family) in &families {
        assert!(!family.help.is_empty() && !family.samples.is_empty(), "{name}");
        assert!(name.starts_with("streams_") || name.starts_with("kafka_"), "{name}");
        assert!(family.kind != "counter" || name.ends_with("_total"), "{name}");
    }
    let client = [("client_id", "count--it--p1")];
    let of = |name: &str, labels: &[(&str, &str)]| value(&families, name, labels);
    assert_eq!(of("kafka_streams_stream_metrics_client_state", &client), 2.0);
    assert_eq!(of("kafka_streams_stream_metrics_alive_stream_threads", &client), 2.0);
    assert_eq!(of("streams_consumed_records_total", &client), 10.0);
    assert_eq!(of("streams_produced_records_total", &client), metrics.produced as f64);
    assert_eq!((of("streams_live", &client), of("streams_ready", &client)), (1.0, 1.0));
    assert_eq!(of("streams_state", &[("state", "running")]), 1.0);
    assert_eq!(of("streams_health", &[("check", "ready"), ("reason", "running")]), 1.0);
    let info = [("application_id", "count--it-"), ("process_id", "p1"), ("guarantee", "exactly-once")];
    assert_eq!(of("streams_info", &info), 1.0);
    for thread in &metrics.threads {
        let labels = [("thread_id", thread.id.as_str())];
        let name = |name: &str| format!("kafka_streams_stream_thread_metrics_{name}");
        assert_eq!(of(&name("process_total"), &labels), thread.process.count as f64);
        assert_eq!(of(&name("commit_latency_max"), &labels), thread.commit.max.as_secs_f64() * 1e3);
        assert_eq!(of(&name("poll_ratio"), &labels), thread.poll.ratio);
        assert_eq!(of(&name("blocked_time_ns_total"), &labels), thread.blocked.as_nanos() as f64);
        assert_eq!(of("streams_thread_idle_seconds_total", &labels), thread.idle.as_secs_f64());
    }
    for task in &metrics.tasks {
        let (id, partition) = (task.task.to_string(), task.task.partition.to_string());
        let labels = [("thread_id", metrics.threads[task.worker].id.as_str()), ("task_id", id.as_str())];
        let name = |name: &str| format!("kafka_streams_stream_task_metrics_{name}");
        assert_eq!(of(&name("process_total"), &labels), task.consumed as f64);
        assert_eq!(of(&name("dropped_records_total"), &labels), 0.0);
        assert_eq!(of(&name("active_buffer_count"), &labels), task.buffered as f64);
        assert_eq!(of(&name("restore_remaining_records_total"), &labels), 0.0);
        for input in &task.inputs {
            let topic = [labels[1], ("topic_name", input.topic.as_str()), ("processor_node_id", &input.node)];
            let consumed = of("kafka_streams_stream_topic_metrics_records_consumed_total", &topic);
            assert_eq!(consumed, input.records as f64);
            let place = [("topic", input.topic.as_str()), ("partition", partition.as_str())];
            let lag = of("kafka_consumer_consumer_fetch_manager_metrics_records_lag", &place);
            assert_eq!(Some(lag), input.lag.map(|lag| lag as f64));
        }
        for output in &task.outputs {
            let topic = [labels[1], ("topic_name", output.topic.as_str())];
            let produced = of("kafka_streams_stream_topic_metrics_bytes_produced_total", &topic);
            assert_eq!(produced, output.bytes as f64);
        }
        for store in &task.stores {
            let store_labels = [labels[1], ("store", store.store.as_str())];
            assert_eq!(of("streams_store_entries", &store_labels), store.usage.entries as f64);
        }
    }
    app.shutdown(PATIENCE)
}

#[test]
fn dropped_records_are_counted_by_node_and_reason_also_when_their_task_is_gone() -> Result<()> {
    let log = log_with(&[("numbers", 1), ("out", 1)]);
    let builder = StreamsBuilder::new();
    builder.stream(&NUMBERS).to(&OUT);
    let mut config = Config::new("drops");
    config.errors.deserialization = ErrorPolicy::Skip;
    let app = start(builder.build()?, config, &log);
    let mut bad = streams_core::runtime::TopicProducer::open(&*log, &TEXTS)?;
    for _ in 0..3 {
        bad.send(&"k".to_owned(), &"no number".to_owned(), 5)?;
    }
    bad.flush()?;
    let metrics = wait_for_metrics(&app, |m| m.dropped_for(DropReason::Undecodable) == 3);
    let families = parse(&metrics.to_prometheus()).unwrap();
    let reason = [("reason", "undecodable"), ("processor_node_id", "KSTREAM-SOURCE-0000000000")];
    assert_eq!(value(&families, "streams_dropped_records_total", &reason), 3.0);
    let task = [("task_id", "0_0")];
    assert_eq!(value(&families, "kafka_streams_stream_task_metrics_dropped_records_total", &task), 3.0);
    let monitor = app.monitor();
    app.shutdown(PATIENCE)?;
    let families = parse(&monitor.metrics().to_prometheus()).unwrap();
    assert_eq!(value(&families, "streams_dropped_records_total", &reason), 3.0);
    assert!(!families.contains_key("kafka_streams_stream_task_metrics_dropped_records_total"));
    Ok(())
}

#[test]
fn failed_threads_and_the_failure_are_shown() -> Result<()> {
    let log = log_with(&[("numbers", 1), ("out", 1)]);
    let builder = StreamsBuilder::new();
    builder.stream(&NUMBERS).to(&OUT);
    let app = start(builder.build()?, Config::new("fails"), &log);
    let mut bad = streams_core::runtime::TopicProducer::open(&*log, &TEXTS)?;
    bad.send(&"k".to_owned(), &"no number".to_owned(), 5)?;
    bad.flush()?;
    let state = app.state();
    wait_for("a failure", || state.borrow().is_final().then_some(()));
    let metrics = app.metrics();
    assert_eq!((metrics.alive_threads(), metrics.threads[0].phase), (0, ThreadPhase::Failed));
    let health = &metrics.health;
    assert_eq!((health.live.ok, health.live.reason), (false, HealthReason::Failed));
    assert!(health.ready.text.contains("numbers-0@0"), "{}", health.ready);
    let families = parse(&metrics.to_prometheus()).unwrap();
    assert_eq!(value(&families, "kafka_streams_stream_metrics_failed_stream_threads", &[]), 1.0);
    assert_eq!(value(&families, "kafka_streams_stream_metrics_client_state", &[]), 6.0);
    assert!(app.shutdown(Duration::from_secs(10)).is_err());
    Ok(())
}

#[test]
fn background_writes_to_the_engine_and_restores_are_measured() -> Result<()> {
    let dir = tempfile::tempdir().unwrap();
    let log = log_with(&[("words", 1), ("counts", 1)]);
    send_words(&log, ["a", "b", "c"], 0);
    let mut config = Config::new("count");
    config.state_dir = Some(dir.path().to_owned());
    config.flush_interval = Duration::from_millis(20);
    let app = start(word_count(), config.clone(), &log);
    let flushed = |m: &Metrics| m.tasks.iter().map(|task| task.flush.rows).sum::<u64>();
    let metrics = wait_for_metrics(&app, |m| flushed(m) >= 3);
    let task = metrics.tasks.iter().find(|task| task.flush.rows > 0).unwrap();
    assert!(task.flush.time.count >= 1 && task.flush.bytes > 0 && task.flush.time.total > Duration::ZERO);
    app.shutdown(PATIENCE)?;
    config.state_dir = None;
    let app = start(word_count(), config, &log);
    wait_for_state(&app, |state| *state == AppState::Running);
    let metrics = wait_for_metrics(&app, |m| m.restored >= 3);
    let families = parse(&metrics.to_prometheus()).unwrap();
    let task = [("task_id", "1_0")];
    assert_eq!(value(&families, "kafka_streams_stream_task_metrics_restore_total", &task), 3.0);
    assert_eq!(value(&families, "streams_store_restored_records_total", &[("store", "counted")]), 3.0);
    app.shutdown(PATIENCE)
}
