//! An application that is started while the other side runs is told so, and the one that runs is not disturbed.

use streams_core::ErrorKind;
use streams_core::testing::{PATIENCE, wait_until};
use streams_kafka::GroupProtocol;

use crate::apps::{Commit, Job, log};
use crate::input::{Input, seed, unique};
use crate::jvm::Jvm;
use crate::programs::Program;
use crate::records::{committed, wait_drained};

#[test]
fn a_group_of_kafka_streams_refuses_this_library() {
    refused(GroupProtocol::Classic, "classic", "another kind");
}

#[test]
fn a_group_of_kafka_streams_refuses_this_library_with_the_consumer_protocol() {
    refused(GroupProtocol::Consumer, "classic", "another kind");
}

#[test]
fn a_group_of_the_streams_protocol_refuses_this_library() {
    refused(GroupProtocol::Classic, "streams", "another kind");
    refused(GroupProtocol::Consumer, "streams", "another type");
}

fn refused(protocol: GroupProtocol, java: &'static str, says: &str) {
    let (seed, log) = (seed(), log());
    let name = |what: &str| unique(&format!("refused-{protocol:?}-{java}-{what}"));
    let mut input = Input::new(name("in"), Program::Folds, seed, &*log);
    let mut job = Job::new(name("job"), Program::Folds, &input);
    (job.protocol, job.java_protocol) = (protocol, java);
    input.write(&*log, 20);
    job.start_java(Commit::Often, true);
    Jvm::shared().wait_for(&job.id, "running");
    wait_drained(&*log, &job.id, &input.topics(), &[]);

    let message = match job.try_start_rust(Commit::Often) {
        Err(error) => error.to_string(),
        Ok(app) => {
            wait_until("being refused", || app.metrics().state.is_final());
            let error = app.wait().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            error.to_string()
        }
    };
    assert!(message.contains(&job.id) && message.contains(says), "{message}");

    input.write(&*log, 20);
    wait_drained(&*log, &job.id, &input.topics(), &[]);
    job.stop_java();
}

#[test]
fn kafka_streams_is_refused_by_a_group_of_this_library() {
    for protocol in [GroupProtocol::Classic, GroupProtocol::Consumer] {
        let (seed, log) = (seed(), log());
        let name = |what: &str| unique(&format!("held-{protocol:?}-{what}"));
        let mut input = Input::new(name("in"), Program::Folds, seed, &*log);
        let mut job = Job::new(name("job"), Program::Folds, &input);
        job.protocol = protocol;
        input.write(&*log, 20);
        let app = job.start_rust(Commit::Often);
        wait_drained(&*log, &job.id, &input.topics(), &[]);

        job.start_java(Commit::Often, true);
        // With the consumer protocol the group takes it in; it dies of what it is then assigned, and has read nothing.
        let error = Jvm::shared().wait_for_any(&job.id, &["died"]).1;
        assert!(
            protocol == GroupProtocol::Consumer || error.contains("InconsistentGroupProtocol"),
            "{error}"
        );
        job.stop_java();

        input.write(&*log, 20);
        wait_drained(&*log, &job.id, &input.topics(), &[]);
        app.shutdown(PATIENCE).unwrap();
    }
}

/// Positions and times of partitions are those of Kafka Streams; what operators have to remember comes behind them.
#[test]
fn committed_positions_and_times_are_equal() {
    let (seed, log) = (seed(), log());
    let name = |what: &str| unique(&format!("committed-{what}"));
    let mut input = Input::new(name("in"), Program::Streams, seed, &*log);
    let job = |side: &str| Job::new(name(side), Program::Streams, &input);
    let (java, rust) = (job("java"), job("rust"));
    input.write(&*log, 40);
    java.run_java(Commit::Often, true);
    rust.run_rust(Commit::Often);
    let [java, rust] = [java, rust].map(|job| {
        let found = committed(&*log, &job.id, &input.topics());
        // Version and time are nine bytes: twelve digits of Base64.
        let short = |text: &str| text[..12].to_owned();
        found.into_iter().map(|(p, c)| (p, c.offset, short(&c.metadata))).collect::<Vec<_>>()
    });
    assert_eq!(java, rust);
}
