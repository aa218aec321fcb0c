//! Instances come and go: each word is counted once and in order. What goes wrong otherwise is in `tests/faults`.

use std::time::Duration;

use streams_kafka::GroupProtocol;
use streams_kafka::testing::Cluster;

use crate::words::{Job, sum};

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
