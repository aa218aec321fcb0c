//! Real processes that are killed while a table is filled from its topic. The child is this test binary again.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::ids::TopicPartition;
use streams_core::log::embedded::{EmbeddedLog, EmbeddedLogOptions};
use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, Config, Forwarding, Guarantee, Start, Subscription, TopicProducer};
use streams_core::testing::TestDriver;
use streams_core::{Consumed, Materialized, Optimization, StreamsBuilder, Topic, Topology};

use crate::support::ms;

const DIR: &str = "STREAMS_TABLE_TEST_DIR";
const PRICES: Topic<String, Option<i64>> = Topic::new("prices");
const OUT: Topic<String, Option<i64>> = Topic::new("out");
const RECORDS: i64 = 40_000;
const PARTITIONS: u32 = 2;

fn topology(optimization: Optimization) -> Topology {
    let builder = StreamsBuilder::new();
    builder.optimize(optimization);
    let prices = Topic::<String, i64>::new("prices");
    let table = builder.table_with(&prices, Consumed::new(), Materialized::named("store"));
    // Only a row that passed is deleted: what comes out depends on what is in the store.
    table.filter(|_, price| price % 3 != 0).to_stream().to(&OUT);
    builder.build().unwrap()
}

fn record(number: i64) -> (String, Option<i64>) {
    let price = number.wrapping_mul(7919) % 101;
    (format!("k{}", number * 31 % 977), Some(price).filter(|price| price % 5 != 0))
}

fn open(dir: &Path) -> Arc<dyn Log> {
    Arc::new(EmbeddedLog::open(dir.join("log"), EmbeddedLogOptions::default()).unwrap())
}

fn config(dir: &Path) -> Config {
    let mut config = Config::new("app");
    config.guarantee = Guarantee::ExactlyOnce;
    config.forwarding = Forwarding::PerUpdate;
    config.state_dir = Some(dir.join("state"));
    config.commit_interval = Some(ms(1));
    config.flush_interval = ms(3);
    config.buffered_records = 100;
    config.fetch_bytes = 4096;
    config.max_transaction_bytes = 4000;
    config.num_threads = 2;
    config.process_id = Some("one".to_owned());
    config.session_timeout = ms(5000);
    config
}

/// What the child process does; nothing in an ordinary run of the tests.
#[test]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let dir = Path::new(&dir);
    let metrics = App::new(topology(Optimization::ALL), config(dir), open(dir)).run_to_end().unwrap();
    std::fs::write(dir.join("restored"), metrics.restored.to_string()).unwrap();
}

/// Bytes of all files below a folder.
fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size_of(&entry.path()),
        _ => entry.metadata().map_or(0, |found| found.len()),
    };
    entries.flatten().map(size).sum()
}

#[test]
fn a_process_that_is_killed_again_and_again_puts_out_what_an_undisturbed_one_does() {
    let dir = tempfile::tempdir().unwrap();
    {
        let log = open(dir.path());
        log.create_topics(&["prices", "out"].map(|name| NewTopic::new(name, PARTITIONS))).unwrap();
        let mut prices = TopicProducer::open(&*log, &PRICES).unwrap();
        for number in 0..RECORDS {
            let (key, price) = record(number);
            prices.send(&key, &price, number).unwrap();
        }
        prices.flush().unwrap();
    }
    let start = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "killed::child", "--test-threads=1"]).env(DIR, dir.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let (mut seed, mut kills) = (0x9e37_79b9_u32, 0);
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        assert!(Instant::now() < until, "{kills} kills, and no end");
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut process = start();
        // Progress is seen by the log growing.
        let enough = size_of(&dir.path().join("log")) + u64::from((seed >> 12) % 100_000);
        let ended = loop {
            if let Some(status) = process.try_wait().unwrap() {
                break Some(status);
            }
            if kills < 12 && size_of(&dir.path().join("log")) >= enough {
                break None;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        match ended {
            Some(status) => {
                assert!(status.success(), "the child failed: {status}");
                break;
            }
            None => {
                process.kill().unwrap();
                process.wait().unwrap();
                kills += 1;
            }
        }
    }
    assert!(kills >= 3, "{kills}");

    let mut driver = TestDriver::new(&topology(Optimization::NONE)).unwrap();
    for number in 0..RECORDS {
        let (key, price) = record(number);
        driver.pipe(&PRICES, key, price, number).unwrap();
    }
    let by_key = |mut all: Vec<(String, Option<i64>)>| {
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all
    };
    let expected = driver.read(&OUT).unwrap().into_iter().map(|r| (r.key, r.value)).collect();
    let log = open(dir.path());
    let mut reader = Subscription::open(&log, &OUT, Start::Earliest).unwrap();
    let mut found = Vec::new();
    while let Some(received) = reader.next_now().unwrap() {
        found.push((received.record.key, received.record.value));
    }
    assert!(by_key(found) == by_key(expected), "what came out differs after {kills} kills");

    // The store on disk holds all that was committed, and a store in memory is restored to the same.
    let inputs: i64 =
        (0..PARTITIONS).map(|number| log.end_offset(&TopicPartition::new("prices", number)).unwrap()).sum();
    assert_eq!(inputs, RECORDS);
    let mut in_memory = config(dir.path());
    in_memory.state_dir = None;
    let metrics = App::new(topology(Optimization::ALL), in_memory, Arc::clone(&log)).run_to_end().unwrap();
    assert_eq!(metrics.restored as i64, RECORDS);
    assert!(log.list_topics().unwrap().iter().all(|topic| !topic.contains("changelog")));
    let tail = std::fs::read_to_string(dir.path().join("restored")).unwrap();
    assert!(tail.parse::<i64>().unwrap() < RECORDS / 2, "only the tail is read again: {tail}");
}
