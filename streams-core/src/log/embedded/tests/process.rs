//! Real processes: killed at any instant, locked out, out of space. The child is this test binary again.
#![allow(clippy::print_stdout)]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;
use crate::error::ErrorKind;
use crate::log::embedded::{EmbeddedLogOptions, FsyncPolicy};
use crate::log::{Committed, GroupOptions, NewTopic, ProducerOptions, TopicConfig};
use crate::record::RecordView;

const PARTITIONS: u32 = 3;
const JOB: &str = "STREAMS_LOG_TEST_JOB";
const DIR: &str = "STREAMS_LOG_TEST_DIR";

fn options() -> EmbeddedLogOptions {
    // Small enough that syncing, rotation and new segments happen all the time.
    let fsync = FsyncPolicy::Interval(Duration::from_millis(1));
    EmbeddedLogOptions { fsync, journal_bytes: 3000, ..Default::default() }
}

fn create(dir: &Path, segment_bytes: u64) {
    let log = EmbeddedLog::open(dir, options()).unwrap();
    let config = TopicConfig { segment_bytes, ..TopicConfig::default() };
    log.create_topics(&[NewTopic::new("out", PARTITIONS).with_config(config), NewTopic::new("in", 1)])
        .unwrap();
}

/// Commits transaction `n`: one record to every partition, and `n` as the position in `in`.
fn commit(log: &EmbeddedLog, n: i64, len: usize) -> crate::Result<()> {
    let options = GroupOptions {
        group: "g".to_owned(),
        member_name: "child".to_owned(),
        subscription: vec![vec!["in".to_owned()]],
        ..GroupOptions::default()
    };
    let mut member = log.join_group(options, &Arc::new(Wakeup::new()))?;
    member.poll()?;
    let mut producer = log.open_producer(ProducerOptions { transactional_id: Some("p".to_owned()) })?;
    let topic = producer.topic("out")?;
    producer.begin()?;
    let mut value = n.to_string().into_bytes();
    value.resize(len.max(20), b' ');
    for partition in 0..PARTITIONS {
        producer.send(topic, partition, RecordView { value: Some(&value), ..Default::default() })?;
    }
    let position = Committed { offset: n, metadata: String::new() };
    producer.send_offsets(&member.metadata(), &[(TopicPartition::new("in", 0), position)])?;
    let committed = producer.commit();
    member.leave()?;
    committed
}

/// The number of transactions in the log, every one of which must be there in full.
fn committed(log: &EmbeddedLog) -> i64 {
    let input = TopicPartition::new("in", 0);
    let position = log.committed("g", &[input]).unwrap()[0].as_ref().map_or(0, |c| c.offset);
    for partition in 0..PARTITIONS {
        let all = read_all(log, &TopicPartition::new("out", partition), 0);
        let number = |value: &[u8]| String::from_utf8_lossy(value).trim().parse::<i64>().unwrap();
        let numbers: Vec<i64> = all.iter().map(|(_, value)| number(value)).collect();
        assert_eq!(numbers, (1..=position).collect::<Vec<_>>(), "partition {partition}");
    }
    position
}

/// What the child process does; nothing in an ordinary run of the tests.
#[test]
fn child() {
    let (Ok(job), Ok(dir)) = (std::env::var(JOB), std::env::var(DIR)) else { return };
    match (job.as_str(), EmbeddedLog::open(dir, options())) {
        ("lock", Err(error)) => println!("\n{:?} {error}", error.kind()),
        ("append", Ok(log)) => {
            for n in committed(&log) + 1.. {
                commit(&log, n, (n as usize * 7919) % 3000).unwrap();
                println!("\nack {n}");
            }
        }
        ("fill", Ok(log)) => {
            for n in 1.. {
                if let Err(error) = commit(&log, n, 5000) {
                    println!("\nfailed {:?} {error}", error.kind());
                    assert_eq!(committed(&log), n - 1);
                    // Less still fits: the log goes on.
                    commit(&log, n, 20).unwrap();
                    assert_eq!(committed(&log), n);
                    println!("\nack {n}");
                    return;
                }
                println!("\nack {n}");
            }
        }
        (job, opened) => panic!("{job}: {opened:?}"),
    }
}

fn child_command(job: &str, dir: &Path, through: Option<&str>) -> Command {
    let exe = std::env::current_exe().unwrap();
    let mut command = match through {
        None => Command::new(exe),
        Some(script) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", script]).arg(exe);
            shell
        }
    };
    command.args(["--exact", "log::embedded::tests::process::child", "--nocapture", "--test-threads=1"]);
    command.env(JOB, job).env(DIR, dir).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn last_ack(output: &str) -> i64 {
    output
        .lines()
        .filter_map(|l| l.strip_prefix("ack "))
        .filter_map(|n| n.parse().ok())
        .next_back()
        .unwrap_or(0)
}

#[test]
fn every_acknowledged_commit_survives_kill_9_and_no_half_one_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path(), 20_000);
    let mut seed = 0x9e37_79b9_u32;
    let mut acknowledged = 0;
    for _ in 0..25 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut process = child_command("append", dir.path(), None).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut seen = String::new();
        let acks = (seed >> 8) % 40;
        while last_ack(&seen) < acknowledged + i64::from(acks) {
            assert!(output.read_line(&mut seen).unwrap() > 0, "the child stopped: {seen}");
        }
        let moment = Instant::now() + Duration::from_micros(u64::from((seed >> 16) % 2000));
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        process.kill().unwrap();
        process.wait().unwrap();
        output.read_to_string(&mut seen).unwrap();
        acknowledged = acknowledged.max(last_ack(&seen));
        let log = EmbeddedLog::open(dir.path(), options()).unwrap();
        let found = committed(&log);
        assert!(found >= acknowledged, "{acknowledged} were acknowledged, {found} are there");
        assert!(found <= acknowledged + 1, "{acknowledged} were acknowledged, {found} are there");
        acknowledged = found;
    }
    assert!(acknowledged > 100);
}

#[test]
fn a_second_opening_is_locked_out_and_told_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(dir.path(), options()).unwrap();
    let name = dir.path().display().to_string();
    let error = EmbeddedLog::open(dir.path(), options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.to_string().contains(&name), "{error}");
    let output = child_command("lock", dir.path(), None).output().unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.lines().any(|l| l.starts_with("Locked") && l.contains(&name)), "{output}");
    drop(log);
    EmbeddedLog::open(dir.path(), options()).unwrap();
}

/// A limit on the size of files stands for a full disk: writes are cut short and fail.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_that_loses_nothing_committed() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path(), 1 << 30);
    let limited = r#"trap "" XFSZ; ulimit -f 300; exec "$0" "$@""#;
    let output = child_command("fill", dir.path(), Some(limited)).output().unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.lines().any(|l| l.starts_with("failed Full no space left")), "{output}");
    let acknowledged = last_ack(&output);
    assert!(acknowledged > 10, "{output}");
    let log = EmbeddedLog::open(dir.path(), options()).unwrap();
    assert_eq!(committed(&log), acknowledged);
    commit(&log, acknowledged + 1, 5000).unwrap();
    assert_eq!(committed(&log), acknowledged + 1);
}
