//! State after a restart: kept on disk, or restored from changelogs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::ids::TopicPartition;
use streams_core::log::{Log, ProducerOptions};
use streams_core::record::RecordView;
use streams_core::runtime::{App, AppState, Config, Start, Subscription, TaskPhase};
use streams_core::state::EngineKind;
use streams_core::{ErrorKind, Materialized, Result, StreamsBuilder, Topic, Topology};

use crate::failing_log::Failing;
use crate::support::*;

const EVENTS: Topic<String, i64> = Topic::new("events");

fn words() -> Vec<String> {
    (0..500).map(|i| format!("w{i}")).collect()
}

/// Runs until every word was counted `times` times; how many changelog records were restored.
fn run_until(log: &Arc<dyn Log>, config: Config, times: i64) -> Result<u64> {
    let app = start(word_count(), config, log);
    wait_for_topic(log, &COUNTS, |log| {
        let table = table(log, &COUNTS);
        table.len() == words().len() && table.values().all(|count| *count == times)
    });
    wait_for_state(&app, |state| *state == AppState::Running);
    let restored = app.metrics().restored;
    stop(app)?;
    Ok(restored)
}

#[test]
fn state_on_disk_is_found_again_and_state_in_memory_is_restored() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let log = log_with(&[("words", 2), ("counts", 2)]);
    let config = |on_disk: bool| {
        let mut config = Config::new("count");
        config.state_dir = on_disk.then(|| dir.path().to_owned());
        config.commit_interval = Some(Duration::from_millis(10));
        config
    };
    let words = words();
    let mut sent = 0;
    let mut send = || {
        send_words(&log, words.iter().map(String::as_str), sent * 1000);
        sent += 1;
        sent
    };
    assert_eq!(run_until(&log, config(true), send())?, 0);
    assert_eq!(run_until(&log, config(true), send())?, 0, "a clean stop leaves nothing to restore");
    // Two rounds of changes, of which compaction may have left one.
    let restored = run_until(&log, config(false), send())?;
    assert!(restored >= 500, "{restored}");
    // The state on disk is one round behind.
    let restored = run_until(&log, config(true), send())?;
    assert!((500..1000).contains(&restored), "{restored}");
    Ok(())
}

#[test]
fn a_changelog_that_was_made_anew_wipes_the_state_instead_of_doubling_it() -> Result<()> {
    for engine in [EngineKind::Sled, EngineKind::Fjall] {
        made_anew(engine)?;
    }
    Ok(())
}

fn made_anew(engine: EngineKind) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let mut config = Config::new("count");
    config.state_dir = Some(dir.path().to_owned());
    config.engine = engine;
    send_words(&log, words().iter().map(String::as_str), 0);
    run_until(&log, config.clone(), 1)?;
    let internal: Vec<String> = log.list_topics()?.into_iter().filter(|t| t.starts_with("count-")).collect();
    assert_eq!(internal.len(), 2, "{internal:?}");
    let partitions = [TopicPartition::new("words", 0), TopicPartition::new(internal[1].clone(), 0)];
    log.alter_committed("count", &partitions.map(|partition| (partition, None)))?;
    log.delete_topics(&internal.iter().map(String::as_str).collect::<Vec<_>>())?;
    log.delete_topics(&["counts"])?;
    create(&log, &[("counts", 1)]);
    run_until(&log, config, 1)?;
    Ok(())
}

#[test]
fn with_a_checkpoint_at_the_end_the_changelog_is_not_read_at_all() -> Result<()> {
    for engine in [EngineKind::Sled, EngineKind::Fjall] {
        let dir = tempfile::tempdir()?;
        let inner = log_with(&[("words", 2), ("counts", 2)]);
        let mut config = Config::new("count");
        config.state_dir = Some(dir.path().to_owned());
        config.engine = engine;
        send_words(&inner, words().iter().map(String::as_str), 0);
        assert_eq!(run_until(&inner, config.clone(), 1)?, 0);

        let watched = Failing::new(u64::MAX, ErrorKind::Fenced);
        let log = watched.over(&inner);
        send_words(&log, words().iter().map(String::as_str), 1000);
        assert_eq!(run_until(&log, config, 2)?, 0);
        let read = watched.read.lock().unwrap();
        assert!(!read.is_empty());
        let changelogs: Vec<_> = read.iter().filter(|read| read.topic.ends_with("-changelog")).collect();
        assert!(changelogs.is_empty(), "{engine}: {changelogs:?}");
    }
    Ok(())
}

fn counting() -> Topology {
    let builder = StreamsBuilder::new();
    builder.stream(&EVENTS).group_by_key().count_with(Materialized::named("big")).to_stream().to(&COUNTS);
    builder.build().unwrap()
}

/// Records of the changelog of partition 0; partition 1 has none.
const ROWS: i64 = 300_000;

/// An application on `log` whose store has a large changelog in partition 0.
fn with_changelog(log: &Arc<dyn Log>, config: &Config) -> Result<()> {
    let internal = App::new(counting(), config.clone(), Arc::clone(log)).internal_topics()?;
    log.create_topics(&internal)?;
    let mut producer = log.open_producer(ProducerOptions::default())?;
    let topic = producer.topic(&internal[0].name)?;
    for row in 0..ROWS {
        let (key, value) = (format!("key-{:08}", row * 7919 % ROWS), row.to_be_bytes());
        let record = RecordView { key: Some(key.as_bytes()), value: Some(&value), ..RecordView::default() };
        producer.send(topic, 0, record)?;
        if row % 10_000 == 9_999 {
            producer.flush()?;
        }
    }
    Ok(())
}

#[test]
fn a_ready_task_goes_on_while_another_one_of_its_worker_restores_and_memory_stays_bounded() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let log = log_with(&[("events", 2), ("counts", 2)]);
    let mut config = Config::new("count");
    config.state_dir = Some(dir.path().to_owned());
    config.memory_budget = 16 << 20;
    config.commit_interval = Some(Duration::from_millis(5));
    with_changelog(&log, &config)?;

    let app = start(counting(), config, &log);
    let mut counts = Subscription::open(&log, &COUNTS, Start::Earliest)?;
    let mut producer = log.open_producer(ProducerOptions::default())?;
    let topic = producer.topic("events")?;
    let (mut rounds, mut longest) = (0, Duration::ZERO);
    let (mut most_pending, mut told) = (0, None);
    loop {
        let metrics = app.metrics();
        let Some(task) = metrics.tasks.iter().find(|task| task.task.partition == 0) else { continue };
        most_pending = most_pending.max(task.stores.iter().map(|store| store.usage.pending_bytes).sum());
        if task.phase == TaskPhase::Running && task.restored == ROWS as u64 {
            break;
        }
        if let Some(store) = task.restore.first().filter(|store| store.eta.is_some() && store.rate > 0.0) {
            told.get_or_insert_with(|| store.clone());
        }
        let began = Instant::now();
        producer.send(
            topic,
            1,
            RecordView { key: Some(b"k"), value: Some(&0i64.to_be_bytes()), ..RecordView::default() },
        )?;
        producer.flush()?;
        let count = counts.next_within(PATIENCE)?.expect("the ready task goes on");
        rounds += 1;
        assert_eq!(count.value, rounds);
        longest = longest.max(began.elapsed());
    }
    assert!(rounds >= 10, "{rounds} records were counted meanwhile");
    assert!(longest < Duration::from_secs(2), "a record took {longest:?}");
    let told = told.expect("progress has a rate and the time left");
    assert_eq!((told.end, told.store.as_str()), (ROWS, "big"));
    // Three quarters of the budget, and a slice.
    assert!(most_pending < 13 << 20, "{most_pending} bytes waited for the engine");
    stop(app)
}
