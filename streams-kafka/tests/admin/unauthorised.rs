//! An application that may not create topics says what is to be created.

use streams_core::ErrorKind;
use streams_core::log::Log;
use streams_kafka::KafkaLog;
use streams_kafka::testing::{Cluster, ClusterOptions, run_tool};

use crate::support::*;

#[test]
fn whoever_may_not_create_topics_is_told_which_are_to_be_created() {
    let settings = [
        ("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
        ("allow.everyone.if.no.acl.found", "true"),
    ];
    let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    let cluster = Cluster::start(&ClusterOptions { settings, ..ClusterOptions::default() }).unwrap();
    let log: std::sync::Arc<dyn Log> = std::sync::Arc::new(KafkaLog::connect(cluster.config()).unwrap());
    let words = Words::create(&*log, "denied", 2);

    // Everything is allowed but creating topics.
    let acls = format!("kafka-acls.sh --bootstrap-server {} --add", cluster.bootstrap());
    let who = "--cluster --topic *";
    run_tool(&format!("{acls} {who} --allow-principal User:ANONYMOUS --operation All")).unwrap();
    run_tool(&format!("{acls} {who} --deny-principal User:ANONYMOUS --operation Create")).unwrap();
    let error = wait_for("the denial", || words.app(&log, words.config()).create_topics().err());
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::Config, "{text}");
    let id = words.id;
    let changelog = format!(
        "--create --topic {id}-totals-changelog --partitions 2 --config cleanup.policy=compact --config \
         message.timestamp.type=CreateTime"
    );
    assert!(text.contains(&changelog), "{text}");
    assert!(text.contains(&format!("--create --topic {id}-totals-repartition --partitions 2")), "{text}");
    assert!(text.to_lowercase().contains("authoriz"), "{text}");

    // Somebody else creates them, with the commands as they are.
    let deny = "--deny-principal User:ANONYMOUS --operation Create --force";
    run_tool(&format!("{} {who} {deny}", acls.replace("--add", "--remove"))).unwrap();
    for command in text.lines().filter_map(|line| line.strip_prefix("    kafka-")) {
        run_tool(&format!("kafka-{command}")).unwrap();
    }
    words.app(&log, words.config()).check_topics().unwrap();
    let topics = log.list_topics().unwrap();
    assert_eq!(topics.iter().filter(|topic| topic.starts_with(&format!("{id}-"))).count(), 2, "{topics:?}");
}
