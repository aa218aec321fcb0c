//! Streams and tables of one topic.

use std::sync::Arc;

use streams_core::serde::{DefaultSerde, Serde, SerdeRef};
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::{
    Consumed, DropReason, ErrorPolicies, ErrorPolicy, Headers, Record, Result, StreamsBuilder, Topic,
};

const IN: Topic<String, i64> = Topic::new("in");
const OTHER: Topic<String, i64> = Topic::new("other");
const ONE: Topic<String, i64> = Topic::new("one");
const TWO: Topic<String, i64> = Topic::new("two");

fn driver(builder: &StreamsBuilder) -> TestDriver {
    let policies = ErrorPolicies { deserialization: ErrorPolicy::Skip, ..ErrorPolicies::default() };
    TestDriver::with(&builder.build().unwrap(), TestDriverOptions { policies, ..Default::default() }).unwrap()
}

fn values(driver: &mut TestDriver, topic: &Topic<String, i64>) -> Vec<i64> {
    driver.read(topic).unwrap().into_iter().map(|record| record.value).collect()
}

fn sources(builder: &StreamsBuilder) -> usize {
    builder.build().unwrap().describe().matches("Source: ").count()
}

fn pipe(driver: &mut TestDriver, topic: &str, value: i64) {
    let value = value.to_be_bytes();
    driver.pipe_raw(topic, None, Some(b"k"), Some(&value), 1, &Headers::new()).unwrap();
}

#[test]
fn streams_that_read_a_topic_alike_have_one_source_and_judge_a_bad_record_once() {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).map_values(|v| v + 1).to(&ONE);
    builder.stream(&IN).map_values(|v| v + 2).to(&TWO);
    assert_eq!(sources(&builder), 1);
    let text = builder.build().unwrap().describe();
    assert!(text.contains("--> KSTREAM-MAPVALUES-0000000001, KSTREAM-MAPVALUES-0000000004"), "{text}");
    let mut driver = driver(&builder);
    pipe(&mut driver, "in", 10);
    driver.pipe_raw("in", None, Some(b"k"), Some(b"bad"), 1, &Headers::new()).unwrap();
    pipe(&mut driver, "in", 20);
    assert_eq!(values(&mut driver, &ONE), [11, 21]);
    assert_eq!(values(&mut driver, &TWO), [12, 22]);
    assert_eq!(driver.dropped().of(DropReason::Undecodable), 1);
}

/// A value that cannot be copied.
struct Single(i64);

impl DefaultSerde for Single {
    fn serde() -> SerdeRef<Self> {
        struct Bytes;
        impl Serde<Single> for Bytes {
            fn serialize(&self, value: &Single, out: &mut Vec<u8>) -> Result<()> {
                i64::serde().serialize(&value.0, out)
            }
            fn deserialize(&self, bytes: &[u8]) -> Result<Single> {
                i64::serde().deserialize(bytes).map(Single)
            }
        }
        Arc::new(Bytes)
    }
}

#[test]
fn records_that_cannot_be_copied_reach_every_stream_of_their_topics() {
    let builder = StreamsBuilder::new();
    let topics: [Topic<String, Single>; 2] = [Topic::new("in"), Topic::new("other")];
    let first = builder.streams(&topics);
    // The order in which topics are named does not matter.
    let second = builder.streams(&[topics[1], topics[0]]);
    let third = builder.stream(&Topic::<String, Single>::new("third"));
    first.map_values(|v| v.0 + 1).to(&ONE);
    second.merge(third).map_values(|v| v.0 + 2).to(&TWO);
    assert_eq!(sources(&builder), 2);
    let mut driver = driver(&builder);
    for (topic, value) in [("in", 10), ("other", 20), ("third", 30)] {
        pipe(&mut driver, topic, value);
    }
    assert_eq!(values(&mut driver, &ONE), [11, 21]);
    assert_eq!(values(&mut driver, &TWO), [12, 22, 32]);
}

#[test]
fn a_stream_merged_with_another_of_the_same_topic_is_the_same_stream() {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).merge(builder.stream(&IN)).to(&ONE);
    let mut driver = driver(&builder);
    pipe(&mut driver, "in", 1);
    assert_eq!(values(&mut driver, &ONE), [1]);
}

#[test]
fn streams_of_one_topic_that_read_it_differently_have_their_own_sources() {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).to(&ONE);
    builder.stream(&Topic::<Option<String>, i64>::new("in")).require_key().to(&TWO);
    let later = |record: &Record<String, i64>, _: i64| Ok(record.timestamp + 1000);
    builder.stream_with(&IN, Consumed::new().timestamp_extractor(later)).to(&Topic::new("later"));
    assert_eq!(sources(&builder), 3);
    let mut driver = driver(&builder);
    driver.pipe_raw("in", None, None, Some(&1_i64.to_be_bytes()), 1, &Headers::new()).unwrap();
    pipe(&mut driver, "in", 2);
    assert_eq!(values(&mut driver, &ONE), [2]);
    assert_eq!(values(&mut driver, &TWO), [2]);
    let later: Vec<_> = driver.read(&Topic::<String, i64>::new("later")).unwrap();
    assert_eq!(later[0].timestamp, 1001);
}

#[test]
fn topics_that_are_the_same_in_part_and_a_table_of_a_streams_topic_are_read_by_each() {
    let builder = StreamsBuilder::new();
    builder.streams(&[IN, OTHER]).to(&ONE);
    builder.stream(&IN).to(&TWO);
    builder.table(&IN).to_stream().to(&Topic::<String, i64>::new("three"));
    let topology = builder.build().unwrap();
    assert_eq!(topology.sub_topology_count(), 1, "what reads one topic runs in one task");
    let mut driver = driver(&builder);
    pipe(&mut driver, "in", 1);
    pipe(&mut driver, "other", 2);
    assert_eq!(values(&mut driver, &ONE), [1, 2]);
    assert_eq!(values(&mut driver, &TWO), [1]);
    assert_eq!(values(&mut driver, &Topic::new("three")), [1]);
}
