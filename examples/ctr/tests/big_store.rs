//! A store of a million keys under `kill -9`: a restart replays the tail of the changelog, not the million.
//!
//! The process that is killed is this test binary itself, started again to run the one test that does the work.
#![allow(clippy::print_stderr, reason = "it says how much was restored")]

mod common;

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use common::process::{Running, restored, size_of};
use streams_core::ids::TopicPartition;
use streams_core::log::embedded::{EmbeddedLog, EmbeddedLogOptions};
use streams_core::log::{Log, NewTopic, ProducerOptions, Wakeup};
use streams_core::record::{RecordBatch, RecordView};
use streams_core::runtime::{App, AppState, Config};
use streams_core::{Materialized, StreamsBuilder, Topic};

const EVENTS: Topic<i64, i64> = Topic::new("events");
const COUNTS: Topic<i64, i64> = Topic::new("counts");
const KEYS: i64 = 1_000_000;
const UPDATES: i64 = 40_000;
const KILLS: u32 = 6;
/// Where the child finds its folder.
const FOLDER: &str = "CTR_BIG_STORE_FOLDER";
/// The engine of the folder, in it.
const ENGINE: &str = "engine-of-the-test";

/// The key of an event: every key once, then some of them again.
fn key(event: i64) -> i64 {
    if event < KEYS { event } else { event.wrapping_mul(0x5851_f42d_4c95_7f2d).rem_euclid(KEYS) }
}

fn app(folder: &Path, log: &Arc<dyn Log>) -> App {
    let builder = StreamsBuilder::new();
    builder.stream(&EVENTS).group_by_key().count_with(Materialized::named("big")).to_stream().to(&COUNTS);
    let mut config = Config::new("big");
    config.state_dir = Some(folder.join("state"));
    config.engine = fs::read_to_string(folder.join(ENGINE)).expect("is there").parse().expect("is one");
    config.commit_interval = Some(Duration::from_millis(20));
    config.flush_interval = Duration::from_millis(100);
    App::new(builder.build().expect("builds"), config, Arc::clone(log))
}

/// Adds the events from `from` to `to`, so many in one transaction.
fn produce(log: &dyn Log, from: i64, to: i64, in_one: i64) {
    let options = ProducerOptions { transactional_id: Some("events".to_owned()) };
    let mut producer = log.open_producer(options).expect("opens");
    let topic = producer.topic(EVENTS.name()).expect("exists");
    let mut next = from;
    while next < to {
        producer.begin().expect("begins");
        for event in next..to.min(next + in_one) {
            let (key, value) = (key(event).to_be_bytes(), event.to_be_bytes());
            let record = RecordView { key: Some(&key), value: Some(&value), ..RecordView::default() };
            producer.send(topic, 0, record).expect("sends");
        }
        producer.commit().expect("commits");
        next = to.min(next + in_one);
    }
}

fn open(folder: &Path) -> Arc<dyn Log> {
    Arc::new(EmbeddedLog::open(folder.join("log"), EmbeddedLogOptions::default()).expect("opens"))
}

/// What the process does: goes on with the updates where the one before was killed.
#[test]
fn child() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let folder = Path::new(&folder);
    let log = open(folder);
    let app_now = app(folder, &log).start().expect("starts");
    while *app_now.state().borrow() != AppState::Running {
        std::thread::sleep(Duration::from_millis(1));
    }
    eprintln!("restored {} records", app_now.metrics().restored);
    let next = log.end_offset(&TopicPartition::new(EVENTS.name(), 0)).expect("exists");
    produce(&*log, next, KEYS + UPDATES, 50);
    app_now.shutdown(Duration::from_secs(60)).expect("stops");
    app(folder, &log).run_to_end().expect("runs to the end");
}

fn start(folder: &Path) -> Running {
    let mut command = Command::new(env::current_exe().expect("this is a program"));
    command.args(["child", "--exact", "--nocapture"]).env(FOLDER, folder);
    Running::start(command, false)
}

#[test]
fn a_killed_application_with_a_million_keys_replays_the_tail_only() {
    kill_and_count("sled", KILLS);
}

#[test]
fn a_killed_application_with_a_million_keys_in_fjall_replays_the_tail_only() {
    kill_and_count("fjall", KILLS);
}

fn kill_and_count(engine: &str, kills: u32) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::write(dir.path().join(ENGINE), engine).expect("writes");
    let log = open(dir.path());
    let topics = [NewTopic::new(EVENTS.name(), 1), NewTopic::new(COUNTS.name(), 1)];
    log.create_topics(&topics).expect("creates");
    produce(&*log, 0, KEYS, 50_000);
    app(dir.path(), &log).run_to_end().expect("runs to the end");
    drop(log);

    let (mut dice, mut replayed) = (1_u64, Vec::new());
    for _ in 0..kills {
        let mut running = start(dir.path());
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let until = size_of(&dir.path().join("log")) + 1 + (dice >> 33) % 400_000;
        assert!(running.wait_until(|| size_of(&dir.path().join("log")) >= until), "updates are left");
        replayed.extend(restored(&running.kill()));
    }
    let (well, said) = start(dir.path()).end();
    assert!(well, "{said:?}");
    replayed.extend(restored(&said));
    eprintln!("{engine}: records restored: {replayed:?}");
    assert!(
        replayed.iter().all(|&records| records < UPDATES as u64),
        "only the tail is replayed: {replayed:?}"
    );
    assert!(replayed.iter().any(|&records| records > 0), "there was a tail to replay: {replayed:?}");

    let mut expected: HashMap<i64, i64> = HashMap::new();
    (0..KEYS + UPDATES).for_each(|event| *expected.entry(key(event)).or_default() += 1);
    assert!(counts(&*open(dir.path())) == expected, "every event is counted once");
    fs::remove_dir_all(dir.path()).expect("removes");
}

/// The latest count of each key.
fn counts(log: &dyn Log) -> HashMap<i64, i64> {
    let partition = TopicPartition::new(COUNTS.name(), 0);
    let mut reader = log.open_reader(&partition, 0, &Arc::new(Wakeup::new())).expect("opens");
    let number = |bytes: Option<&[u8]>| {
        bytes.and_then(|b| b.try_into().ok()).map(i64::from_be_bytes).expect("8 bytes")
    };
    let (mut batch, mut latest) = (RecordBatch::new(), HashMap::new());
    while reader.read(&mut batch, 1 << 20).expect("reads") > 0 {
        latest.extend(batch.iter().map(|record| (number(record.key), number(record.value))));
        batch.clear();
    }
    latest
}
