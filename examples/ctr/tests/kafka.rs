//! The real binary on a real broker: several processes that are killed and share the work, and files.
#![allow(clippy::panic, reason = "a test that panics fails and says why")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use common::process::{PATIENCE, Running, ctr, run, run_well, text};
use common::{assert_same, made_up, reference, to_lines};
use ctr::model::{AdEvent, CtrMetrics};
use ctr::results::{TopicReader, write_csv};
use ctr::topics::{AD_EVENTS, CTR_1MIN, CTR_5MIN, CTR_BY_SITE_CATEGORY};
use streams_core::ids::TopicPartition;
use streams_core::log::Log;
use streams_kafka::KafkaLog;
use streams_kafka::testing::{Cluster, ClusterOptions};

const MINUTE: i64 = 60_000;
/// No event is this much behind.
const GRACE: &str = "150s";

fn cluster() -> (Cluster, Arc<dyn Log>) {
    let options = ClusterOptions { heap: "300m".into(), ..ClusterOptions::default() };
    let cluster = Cluster::start(&options).expect("a broker can be started");
    let log = KafkaLog::connect(cluster.config()).expect("the settings are good");
    (cluster, Arc::new(log))
}

/// The binary, with a session that is soon over.
fn command(arguments: &[&str]) -> Command {
    let mut command = ctr(arguments);
    command.env("STREAMS_SESSION_TIMEOUT", "5s").env("STREAMS_FLUSH_INTERVAL", "200ms");
    command
}

/// One process of the service; lines of its standard output are read.
fn service(cluster: &Cluster, data: &Path, more: &[&str]) -> Running {
    let common = ["--bootstrap", cluster.bootstrap(), "--data-dir", text(data), "--grace", GRACE];
    Running::start(command(&[&common[..], more].concat()), true)
}

/// Waits until this process shows so many windows of one minute.
fn see(running: &Running, mut count: usize, when: &str) {
    while count > 0 {
        let line = running.lines.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|error| panic!("{when}: {count} windows are missing ({error})"));
        count -= usize::from(line.starts_with("1min"));
    }
}

fn events(log: &dyn Log) -> Vec<AdEvent> {
    let mut events = Vec::new();
    let mut reader = TopicReader::open(log, AD_EVENTS.name(), None).expect("exists");
    let read = reader.read_all(log, |record| {
        events.push(serde_json::from_slice(record.value.unwrap_or_default()).expect("is an event"));
        Ok(())
    });
    read.expect("can be read");
    events
}

fn rows(log: &dyn Log, topic: &str) -> Vec<CtrMetrics> {
    let mut reader = TopicReader::open(log, topic, None).expect("exists");
    reader.read_all_metrics(log).expect("can be read")
}

#[test]
fn processes_that_share_the_work_count_each_event_once_however_they_are_killed() {
    let (cluster, log) = cluster();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let data = [dir.path().join("first"), dir.path().join("second")];
    let more: [&[&str]; 2] = [&["--speed", "600", "--rate", "1000", "--threads", "2"], &["--no-generate"]];
    let start = |number: usize| service(&cluster, &data[number], more[number]);
    let mut processes = [start(0), start(1)];
    see(&processes[0], 5, "at first");
    // The one that only counts, the one that also makes the events, and both.
    for (round, victims) in [&[1][..], &[0], &[0, 1], &[1]].into_iter().enumerate() {
        for &victim in victims {
            processes[victim].child.kill().expect("it can be killed");
        }
        for &victim in victims {
            processes[victim].child.wait().expect("it ends");
            processes[victim] = start(victim);
        }
        for (number, process) in processes.iter().enumerate() {
            see(process, 4, &format!("process {number} in round {round}"));
        }
    }
    for process in processes {
        process.interrupt();
        let (well, said) = process.end();
        assert!(well, "{said:?}");
    }

    let events = events(&*log);
    for (topic, size, by_category) in
        [(CTR_1MIN.name(), 1, false), (CTR_5MIN.name(), 5, false), (CTR_BY_SITE_CATEGORY.name(), 60, true)]
    {
        let rows = rows(&*log, topic);
        // The last windows are open still, and one partition may have closed more of them than others; those of a
        // category follow each other without a gap.
        let mut ends = BTreeMap::new();
        for row in &rows {
            let end = ends.entry(row.site_category.clone()).or_insert(row.window_end);
            *end = row.window_end.max(*end);
        }
        let is_closed = |event: &&AdEvent| {
            let category = by_category.then(|| event.site_category.clone());
            ends.get(&category).is_some_and(|end| event.event_time_ms < *end)
        };
        let expected: Vec<AdEvent> = events.iter().filter(is_closed).cloned().collect();
        // They lie here partition by partition, so that time goes back; none is late.
        let (expected, _) = reference(&expected, size * MINUTE, i64::MAX / 2, by_category);
        let file = dir.path().join("rows.csv");
        write_csv(&file, &rows, by_category).expect("writes");
        assert_same(&fs::read_to_string(&file).expect("reads"), &expected, topic);
        assert!(by_category || rows.len() as i64 * size >= 20, "{topic} has {} windows", rows.len());
    }
}

#[test]
fn a_file_run_that_is_killed_writes_what_a_run_without_a_cluster_writes() {
    let (cluster, log) = cluster();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let input = dir.path().join("events.jsonl");
    let lines = to_lines(&made_up(12, 20_000, 300.0));
    let lines: Vec<&str> = lines.lines().collect();
    let whole: String = lines.chunks(1000).map(|part| part.join("\n") + "\nbad line\n").collect();
    fs::write(&input, whole).expect("writes");
    let arguments = |name: &str| {
        let folder = dir.path().join(name);
        let letters = folder.join("out/dead.jsonl");
        let (output, data) = (folder.join("out"), folder.join("data"));
        let files = [("--input", &input), ("--output-dir", &output), ("--data-dir", &data)];
        let files = files.into_iter().chain([("--dead-letter", &letters)]);
        let options = [("--grace", GRACE), ("--partitions", "4"), ("--threads", "2")];
        let all = files.map(|(name, path)| (name, text(path).to_owned()));
        let all = all.chain(options.map(|(name, value)| (name, value.to_owned())));
        all.flat_map(|(name, value)| [name.to_owned(), value]).collect::<Vec<_>>()
    };
    let plain = arguments("plain");
    run_well(&plain.iter().map(String::as_str).collect::<Vec<_>>());

    let mut on_kafka = arguments("kafka");
    on_kafka.extend(["--bootstrap".to_owned(), cluster.bootstrap().to_owned()]);
    let on_kafka: Vec<&str> = on_kafka.iter().map(String::as_str).collect();
    // While lines are read, while they are counted, and while results are written.
    for (topic, records) in
        [(AD_EVENTS.name(), 3000), ("ctr-all-clicks-repartition", 2000), (CTR_1MIN.name(), 5)]
    {
        let mut running = Running::start(command(&on_kafka), false);
        if running.wait_until(|| written(&*log, topic) >= records) {
            running.kill();
        } else {
            let (well, said) = running.end();
            assert!(well, "{said:?}");
        }
    }
    let (well, said) = Running::start(command(&on_kafka), false).end();
    assert!(well, "{said:?}");
    assert!(said.iter().any(|line| line.starts_with("continuing behind record 20020")), "{said:?}");

    let read = |path: PathBuf| fs::read_to_string(path).expect("was written");
    for file in ["ctr_1min.csv", "ctr_5min.csv", "ctr_by_site_category_1h.csv"] {
        let [expected, found] =
            ["plain", "kafka"].map(|run| read(dir.path().join(run).join("out").join(file)));
        assert_same(&found, &expected, file);
    }
    let [expected, found] = ["plain", "kafka"].map(|run| {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let letters = read(dir.path().join(run).join("out/dead.jsonl"));
        letters.lines().for_each(|letter| *counts.entry(letter.to_owned()).or_default() += 1);
        counts
    });
    assert_eq!(found, expected, "dead letters");

    let other = run(&["--bootstrap", cluster.bootstrap(), "--data-dir", text(&dir.path().join("other"))]);
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && said.contains("belongs to a run over events.jsonl"), "{said}");
}

/// Records and ends of transactions in a topic; 0 if it does not exist.
fn written(log: &dyn Log, topic: &str) -> i64 {
    let Some(info) = log.describe_topic(topic).expect("the broker answers") else { return 0 };
    let end = |number| log.written_offset(&TopicPartition::new(topic, number)).expect("exists");
    (0..info.partitions).map(end).sum()
}
