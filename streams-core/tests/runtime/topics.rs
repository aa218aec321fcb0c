//! The topics an application needs and makes.

use std::time::Duration;

use streams_core::ids::TopicPartition;
use streams_core::log::{CleanupPolicy, NewTopic};
use streams_core::runtime::{App, Config};
use streams_core::{ErrorKind, Result, StreamsBuilder, Topic};

use crate::support::*;

#[test]
fn a_missing_source_topic_is_refused_by_name_with_its_node() {
    let log = log_with(&[("counts", 1)]);
    let error = App::new(word_count(), Config::new("count"), log.clone()).start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.contains("words") && text.contains("KSTREAM-SOURCE-0000000000"), "{text}");
    assert_eq!(log.list_topics().unwrap(), ["counts"], "nothing was created");
}

#[test]
fn internal_topics_have_kafkas_names_counts_and_settings_and_others_are_refused() -> Result<()> {
    let log = log_with(&[("words", 3), ("counts", 1)]);
    stop(start(word_count(), Config::new("count"), &log))?;
    let store = "KSTREAM-AGGREGATE-STATE-STORE-0000000002";
    let changelog = log.describe_topic(&format!("count-{store}-changelog"))?.expect("the changelog");
    assert_eq!((changelog.partitions, changelog.config.cleanup_policy), (3, CleanupPolicy::Compact));
    let name = format!("count-{store}-repartition");
    let repartition = log.describe_topic(&name)?.expect("the repartition topic");
    assert_eq!((repartition.partitions, repartition.config.cleanup_policy), (3, CleanupPolicy::Delete));
    assert_eq!((repartition.config.retention, repartition.config.segment_bytes), (None, 52_428_800));

    log.delete_topics(&[&name])?;
    log.create_topics(&[NewTopic::new(&name, 2)])?;
    let error = App::new(word_count(), Config::new("count"), log).start().unwrap_err();
    assert!(error.to_string().contains(&name) && error.kind() == ErrorKind::Exists, "{error}");
    Ok(())
}

#[test]
fn consumed_records_of_repartition_topics_are_deleted() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let mut config = Config::new("count");
    config.repartition_purge_interval = Duration::from_millis(5);
    let app = start(word_count(), config, &log);
    send_words(&log, ["a", "b"], 0);
    let name = "count-KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition";
    let partition = TopicPartition::new(name, 0);
    wait_for_metrics(&app, |_| log.start_offset(&partition).unwrap() >= 2);
    stop(app)
}

#[test]
fn topics_that_match_a_pattern_are_read_also_when_they_appear_later() -> Result<()> {
    const A: Topic<Option<String>, String> = Topic::new("in-a");
    const B: Topic<Option<String>, String> = Topic::new("in-b");
    const OUT: Topic<Option<String>, String> = Topic::new("out");
    let log = log_with(&[("in-a", 1), ("out", 1)]);
    let builder = StreamsBuilder::new();
    builder.stream_matching::<Option<String>, String>("in-.*").to(&OUT);
    let mut config = Config::new("pattern");
    config.topic_check_interval = Duration::from_millis(5);
    let app = start(builder.build()?, config, &log);
    let send = |topic: &Topic<Option<String>, String>| -> Result<()> {
        let mut producer = streams_core::runtime::TopicProducer::open(&*log, topic)?;
        producer.send(&None, &topic.name().to_owned(), 0)?;
        producer.flush()
    };
    send(&A)?;
    wait_for_topic(&log, &OUT, |log| all(log, &OUT).len() == 1);
    create(&log, &[("in-b", 2)]);
    send(&B)?;
    wait_for_topic(&log, &OUT, |log| all(log, &OUT).len() == 2);
    send(&A)?;
    wait_for_topic(&log, &OUT, |log| all(log, &OUT).len() == 3);
    stop(app)
}
