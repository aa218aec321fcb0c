//! What comes out is what an undisturbed run puts out, once and in order, whatever happens to the processes.

use std::time::Duration;

use streams_kafka::GroupProtocol;
use streams_kafka::testing::Cluster;

use crate::process::Instance;
use crate::words::{Job, SESSION, sum};

#[test]
fn words_are_counted_on_a_cluster_with_the_classic_protocol() {
    undisturbed(GroupProtocol::Classic);
}

#[test]
fn words_are_counted_on_a_cluster_with_the_consumer_protocol() {
    undisturbed(GroupProtocol::Consumer);
}

fn undisturbed(protocol: GroupProtocol) {
    let job = Job::create("words", Cluster::shared(), protocol);
    let state = tempfile::tempdir().unwrap();
    let first = job.write(0, 500);
    let app = job.start(state.path(), |_| {});
    job.assert_counts(&first);
    // A second instance takes over a part, and both go on.
    let other = tempfile::tempdir().unwrap();
    let second = job.start(other.path(), |config| config.num_threads = 2);
    let all = sum(&first, &job.write(500, 1000));
    job.assert_counts(&all);
    app.shutdown(Duration::from_secs(30)).unwrap();
    let all = sum(&all, &job.write(1000, 1500));
    job.assert_counts(&all);
    second.shutdown(Duration::from_secs(30)).unwrap();
}

#[test]
fn a_killed_process_restores_only_what_it_had_not_written() {
    let job = Job::create("tail", Cluster::shared(), GroupProtocol::Classic);
    let state = tempfile::tempdir().unwrap();
    let first = job.write(0, 2000);
    let mut instance = Instance::start(&job, state.path());
    job.assert_counts(&first);
    // Longer than the interval at which committed state is written to the engine.
    std::thread::sleep(Duration::from_millis(1500));
    instance.kill_and_restart();
    let all = sum(&first, &job.write(2000, 2100));
    job.assert_counts(&all);
    let status = instance.wait_for("running", |status| status.state == "running" && status.consumed > 0);
    assert!(status.restored < 100, "restored {} of some 6000 rows", status.restored);
}

#[test]
fn processes_killed_at_any_instant_lose_and_repeat_nothing() {
    for protocol in [GroupProtocol::Classic, GroupProtocol::Consumer] {
        let job = Job::create("kill", Cluster::shared(), protocol);
        let states = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let mut instances = states.each_ref().map(|state| Instance::start(&job, state.path()));
        let mut expected = Default::default();
        for round in 0..6_usize {
            expected = sum(&expected, &job.write(round * 400, round * 400 + 400));
            let victim = &mut instances[round % 2];
            victim.wait_for("some work", |status| status.consumed > 20 * round as u64);
            victim.kill_and_restart();
        }
        expected = sum(&expected, &job.write(2400, 2500));
        job.assert_counts(&expected);
    }
}

#[test]
fn a_process_that_was_paused_beyond_its_session_commits_nothing_of_what_others_took_over() {
    for protocol in [GroupProtocol::Classic, GroupProtocol::Consumer] {
        let job = Job::create("pause", Cluster::shared(), protocol);
        let states = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let mut instances = states.each_ref().map(|state| Instance::start(&job, state.path()));
        let mut expected = job.write(0, 300);
        instances.iter_mut().for_each(|i| {
            i.wait_for("a share", |status| status.state == "running");
        });
        for round in 1..4_usize {
            let paused = &instances[round % 2];
            expected = sum(&expected, &job.write(round * 1000, round * 1000 + 500));
            paused.pause();
            // The pause itself is what is tested.
            std::thread::sleep(SESSION + Duration::from_secs(2));
            expected = sum(&expected, &job.write(round * 1000 + 500, round * 1000 + 700));
            job.assert_counts(&expected);
            paused.resume();
            expected = sum(&expected, &job.write(round * 1000 + 700, round * 1000 + 1000));
        }
        job.assert_counts(&expected);
    }
}
