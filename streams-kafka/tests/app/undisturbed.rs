//! Without faults, and what is restored after a clean stop and a crash.

use std::time::Duration;

use streams_core::ids::TopicPartition;
use streams_core::log::Wakeup;
use streams_core::record::RecordBatch;
use streams_core::runtime::Guarantee;
use streams_core::testing::PATIENCE;
use streams_kafka::GroupProtocol;
use streams_kafka::testing::Cluster;

use crate::check::Checker;
use crate::job::{Job, Writer};
use crate::process::Process;

#[test]
fn words_are_counted_on_a_cluster_with_the_classic_protocol() {
    words_are_counted(GroupProtocol::Classic);
}

#[test]
fn words_are_counted_on_a_cluster_with_the_consumer_protocol() {
    words_are_counted(GroupProtocol::Consumer);
}

fn words_are_counted(protocol: GroupProtocol) {
    let bootstrap = Cluster::shared().bootstrap();
    let mut job = Job::new(&format!("words-{protocol:?}"));
    (job.protocol, job.threads) = (protocol, 1);
    let (mut writer, mut checker) = (Writer::create(&job, bootstrap), Checker::open(&job, bootstrap));
    let states = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    writer.write(500);
    let app = job.start(bootstrap, states[0].path()).unwrap();
    checker.catch_up(&writer.written).unwrap();
    // A second instance takes over a part, and both go on.
    job.threads = 2;
    let second = job.start(bootstrap, states[1].path()).unwrap();
    writer.write(500);
    checker.catch_up(&writer.written).unwrap();
    app.shutdown(PATIENCE).unwrap();
    writer.write(500);
    checker.end(&writer.written).unwrap();
    second.shutdown(PATIENCE).unwrap();
}

#[test]
fn without_faults_at_least_once_counts_everything_once() {
    let bootstrap = Cluster::shared().bootstrap();
    let mut job = Job::new("undisturbed");
    job.guarantee = Guarantee::AtLeastOnce;
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, mut checker) = (Writer::create(&job, bootstrap), Checker::open(&job, bootstrap));
    let mut process = Process::new(&job, bootstrap, dir.path(), 0);
    process.start(None);
    writer.write(200);
    checker.catch_up(&writer.written).unwrap();
    // What is processed is committed at a clean stop: nothing is processed again.
    process.stop().unwrap();
    process.start(None);
    writer.write(100);
    checker.catch_up(&writer.written).unwrap();
    assert!(checker.is_exact(&writer.written));
    process.stop().unwrap();
    assert_eq!(process.complaint(), None);
}

#[test]
fn after_a_crash_just_the_records_behind_the_written_state_are_restored() {
    let bootstrap = Cluster::shared().bootstrap();
    let mut job = Job::new("tail");
    // Only a clean stop writes state.
    job.flush = Duration::from_secs(3600);
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, mut checker) = (Writer::create(&job, bootstrap), Checker::open(&job, bootstrap));
    let mut process = Process::new(&job, bootstrap, dir.path(), 0);
    process.start(None);
    writer.write(500);
    checker.catch_up(&writer.written).unwrap();
    process.stop().unwrap();
    let written = changelog_records(&job, bootstrap);
    assert!(written > 20, "only {written} changelog records");

    process.start(None);
    let running = |status: &crate::process::Status| status.state == "running";
    assert_eq!(process.wait_for("running", running).unwrap().restored, 0);
    writer.write(50);
    checker.catch_up(&writer.written).unwrap();
    process.kill();
    let tail = changelog_records(&job, bootstrap) - written;
    assert!(tail > 0);

    process.start(None);
    writer.write(10);
    checker.end(&writer.written).unwrap();
    assert_eq!(process.wait_for("running", running).unwrap().restored, tail);
    process.stop().unwrap();
    assert_eq!(process.complaint(), None);
}

/// Committed records of all changelogs of a job.
fn changelog_records(job: &Job, bootstrap: &str) -> u64 {
    let log = job.log(bootstrap);
    let own = |topic: &String| topic.starts_with(&job.id) && topic.ends_with("-changelog");
    let mut count = 0;
    for topic in log.list_topics().unwrap().into_iter().filter(own) {
        for partition in 0..log.describe_topic(&topic).unwrap().unwrap().partitions {
            let partition = TopicPartition::new(&topic, partition);
            let wakeup = std::sync::Arc::new(Wakeup::new());
            let (start, end) =
                (log.start_offset(&partition).unwrap(), log.written_offset(&partition).unwrap());
            let mut reader = log.open_reader(&partition, start, &wakeup).unwrap();
            while reader.position() < end {
                let mut batch = RecordBatch::new();
                if reader.read(&mut batch, 1 << 20).unwrap() == 0 && reader.position() < end {
                    wakeup.wait(Duration::from_millis(100));
                }
                count += batch.len() as u64;
            }
        }
    }
    count
}
