//! The calls into C against the broker that is part of librdkafka, so that they can run under a memory checker
//! (`scripts/kafka/sanitize.sh`). What they do on a real broker is tested by the contract of the log.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::consumer::BaseConsumer;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::DeliveryResult;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, DefaultProducerContext, ProducerContext};
use rdkafka::{ClientConfig, ClientContext, TopicPartitionList};
use streams_core::ids::TopicPartition;
use streams_core::log::{Committed, GroupMetadata, Wakeup};
use streams_core::record::{EncodedHeaders, encode_header};

use super::*;
use crate::client::Quiet;

const TOPIC: &str = "records";
const PATIENCE: Duration = Duration::from_secs(60);

type Mock = MockCluster<'static, DefaultProducerContext>;

fn cluster() -> Mock {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 2, 1).unwrap();
    cluster
}

fn config(cluster: &Mock) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers()).set("fetch.wait.max.ms", "10");
    config
}

/// Writes records `0..count` with keys, headers and nulls among them.
fn write(cluster: &Mock, count: usize) {
    let producer: BaseProducer = config(cluster).create().unwrap();
    let producer = Arc::new(producer);
    let handle: Handle = producer.clone();
    let topic = TopicRef::new(&handle, TOPIC).unwrap();
    let mut headers = Vec::new();
    encode_header("name", Some(b"value"), &mut headers);
    encode_header("", None, &mut headers);
    for number in 0..count {
        let text = number.to_string();
        let outgoing = Outgoing {
            partition: 0,
            key: (!number.is_multiple_of(3)).then_some(text.as_bytes()),
            value: (!number.is_multiple_of(5)).then_some(text.as_bytes()),
            timestamp: 1 + number as i64,
            headers: EncodedHeaders(if number.is_multiple_of(2) { &headers } else { &[] }),
            opaque: 0,
        };
        produce(&topic, &outgoing).unwrap();
    }
    drop(topic);
    let until = Instant::now() + PATIENCE;
    while flush(&handle, Duration::from_millis(100)).is_err() {
        producer.poll(Duration::ZERO);
        assert!(Instant::now() < until, "nothing is delivered");
    }
}

fn client(cluster: &Mock) -> Arc<FetchClient> {
    let consumer: BaseConsumer<Quiet> =
        config(cluster).set("enable.partition.eof", "true").create_with_context(Quiet).unwrap();
    Arc::new(FetchClient::new(Arc::new(consumer)))
}

/// Reads records until there are so many, and looks at all of them.
fn read(feed: &mut Feed, wakeup: &Wakeup, count: usize) {
    let (mut found, until) = (0, Instant::now() + PATIENCE);
    while found < count {
        let Some(message) = feed.next() else {
            assert!(Instant::now() < until, "only {found} of {count} records came");
            wakeup.wait(Duration::from_millis(50));
            continue;
        };
        if message.error().is_some() {
            continue;
        }
        let number = message.offset() as usize;
        let text = number.to_string();
        assert_eq!(message.key(), (!number.is_multiple_of(3)).then_some(text.as_bytes()));
        assert_eq!(message.value(), (!number.is_multiple_of(5)).then_some(text.as_bytes()));
        assert_eq!(message.timestamp(), 1 + number as i64);
        let mut headers = Vec::new();
        message.headers(|name, value| headers.push((name.to_vec(), value.map(<[u8]>::to_vec))));
        let expected = [(b"name".to_vec(), Some(b"value".to_vec())), (Vec::new(), None)];
        assert_eq!(headers, if number.is_multiple_of(2) { &expected[..] } else { &[] });
        found += 1;
    }
}

#[test]
fn what_is_produced_is_fetched_byte_for_byte() {
    let cluster = cluster();
    write(&cluster, 3000);
    let (client, wakeup) = (client(&cluster), Arc::new(Wakeup::new()));
    let mut feed = Feed::start(&client, TOPIC, 0, 0, &wakeup).unwrap();
    read(&mut feed, &wakeup, 3000);
    assert_eq!(feed.high_watermark(), Some(3000));
}

#[test]
fn feeds_may_go_at_any_time_and_in_any_thread() {
    let cluster = cluster();
    write(&cluster, 3000);
    let client = client(&cluster);
    std::thread::scope(|scope| {
        for partition in [0, 1] {
            let client = &client;
            scope.spawn(move || {
                for round in 0..10 {
                    let wakeup = Arc::new(Wakeup::new());
                    let mut feed = Feed::start(client, TOPIC, partition, round * 7, &wakeup).unwrap();
                    // Its bell goes while it may be rung, with records in the queue and taken.
                    drop(wakeup);
                    if round % 2 == 0 {
                        let _ = feed.next();
                    }
                    if round % 3 == 0 {
                        std::thread::scope(|other| drop(other.spawn(move || drop(feed))));
                    }
                }
            });
        }
    });
    drop(client);
}

#[test]
fn a_feed_keeps_its_client() {
    let cluster = cluster();
    write(&cluster, 100);
    let (client, wakeup) = (client(&cluster), Arc::new(Wakeup::new()));
    let mut feed = Feed::start(&client, TOPIC, 0, 0, &wakeup).unwrap();
    drop(client);
    read(&mut feed, &wakeup, 100);
}

#[test]
fn names_that_cannot_be_topics_and_records_that_are_refused_leave_nothing_behind() {
    let cluster = cluster();
    let client = client(&cluster);
    let wakeup = Arc::new(Wakeup::new());
    assert!(Feed::start(&client, "a\0b", 0, 0, &wakeup).is_err());
    assert!(Feed::start(&client, TOPIC, 0, -77, &wakeup).is_err());
    assert_eq!(Arc::strong_count(&wakeup), 1);

    let producer: BaseProducer = config(&cluster).set("message.max.bytes", "1000").create().unwrap();
    let handle: Handle = Arc::new(producer);
    let topic = TopicRef::new(&handle, TOPIC).unwrap();
    let mut headers = Vec::new();
    encode_header("name", Some(b"value"), &mut headers);
    let large = vec![0; 2000];
    let outgoing = Outgoing {
        partition: 0,
        key: None,
        value: Some(&large),
        timestamp: 1,
        headers: EncodedHeaders(&headers),
        opaque: 0,
    };
    assert_eq!(produce(&topic, &outgoing), Err(RDKafkaErrorCode::MessageSizeTooLarge));
}

#[test]
fn transactions_offsets_and_metadata_go_over_and_come_back() {
    let cluster = cluster();
    let mut settings = config(&cluster);
    let producer: BaseProducer = settings.set("transactional.id", "t").create().unwrap();
    let handle: Handle = Arc::new(producer);
    assert!(begin(&handle).is_err(), "it has not taken over its id");
    init_transactions(&handle, PATIENCE).unwrap();
    begin(&handle).unwrap();
    let member = GroupMetadata { group: "group".into(), member: String::new(), generation: -1 };
    let committed = Committed { offset: 7, metadata: "text".into() };
    let list: TopicPartitionList = offsets(&[(TopicPartition::new(TOPIC, 0), committed)]);
    send_offsets(&handle, &list, &member, PATIENCE).unwrap();
    commit(&handle, PATIENCE).unwrap();
    begin(&handle).unwrap();
    abort(&handle, PATIENCE).unwrap();

    let consumer: BaseConsumer<Quiet> =
        config(&cluster).set("group.id", "group").create_with_context(Quiet).unwrap();
    let consumer: Handle = Arc::new(consumer);
    assert_eq!(group_metadata(&consumer).unwrap().group, "group");
    let asked = [TopicPartition::new(TOPIC, 0), TopicPartition::new(TOPIC, 1)];
    let found = super::committed(&consumer, &asked, PATIENCE).unwrap();
    assert_eq!(found.len(), 2);
    assert!(group_metadata(&handle).is_none(), "a producer is in no group");
    drain(&handle, |_, _| {});
}

/// Keeps what became of records.
#[derive(Clone, Default)]
struct Fates(Arc<Mutex<Vec<Option<RDKafkaErrorCode>>>>);

impl ClientContext for Fates {}

impl ProducerContext for Fates {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, _: usize) {
        let code = result.as_ref().err().and_then(|(error, _)| error.rdkafka_error_code());
        self.0.lock().unwrap().push(code);
    }
}

#[test]
fn records_that_could_not_be_written_for_too_long_are_thrown_away() {
    // Nobody listens there.
    let fates = Fates::default();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", "127.0.0.1:1").set("linger.ms", "20");
    let producer: BaseProducer<Fates> = config.create_with_context(fates.clone()).unwrap();
    let producer = Arc::new(producer);
    let handle: Handle = producer.clone();
    assert!(
        TopicRef::expiring(&handle, TOPIC, Duration::from_millis(10)).is_none(),
        "less than they wait anyway"
    );
    let topic = TopicRef::expiring(&handle, TOPIC, Duration::from_millis(100)).unwrap();
    let headers = EncodedHeaders(&[]);
    let record = Outgoing { partition: 0, key: None, value: Some(b"v"), timestamp: 1, headers, opaque: 0 };
    produce(&topic, &record).unwrap();
    let until = Instant::now() + PATIENCE;
    while fates.0.lock().unwrap().is_empty() && Instant::now() < until {
        producer.poll(Duration::from_millis(50));
    }
    assert_eq!(*fates.0.lock().unwrap(), [Some(RDKafkaErrorCode::MessageTimedOut)]);
}
