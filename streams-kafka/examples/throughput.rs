//! How fast records go through: `cargo run --release -p streams-kafka --example throughput -- [RECORDS]`
//!
//! Starts a broker, or uses that of `KAFKA_BOOTSTRAP`. Records have a key of 12 bytes and a value of 100; nothing is
//! pinned to cores, so that broker and client share the machine. For a first look, not for comparisons.
#![allow(clippy::print_stdout, reason = "it is a program for the command line")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::ids::TopicPartition;
use streams_core::log::{Log, NewTopic, ProducerOptions, Wakeup};
use streams_core::record::{RecordBatch, RecordView};
use streams_core::runtime::{App, Config};
use streams_core::{Error, ErrorKind, Result, StreamsBuilder, Topic};
use streams_kafka::KafkaLog;
use streams_kafka::testing::Cluster;

const INPUT: Topic<Vec<u8>, Vec<u8>> = Topic::new("throughput-in");
const OUTPUT: Topic<Vec<u8>, Vec<u8>> = Topic::new("throughput-out");
const PARTITIONS: u32 = 4;

fn main() -> Result<()> {
    let count = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse());
    let count: u64 = count.map_err(|e| Error::new(ErrorKind::Config, "RECORDS is no number").caused_by(e))?;
    let log: Arc<dyn Log> = Arc::new(KafkaLog::connect(Cluster::shared().config())?);
    for topic in [INPUT.name(), OUTPUT.name()] {
        if log.describe_topic(topic)?.is_some() {
            log.delete_topics(&[topic])?;
        }
        log.create_topics(&[NewTopic::new(topic, PARTITIONS)])?;
    }
    timed("written", count, || write(&*log, count))?;
    timed("read", count, || read(&*log, INPUT.name(), count))?;
    timed("through an application, exactly-once", count, || {
        let builder = StreamsBuilder::new();
        builder.stream(&INPUT).filter(|_key, value| !value.is_empty()).to(&OUTPUT);
        let app = App::new(builder.build()?, Config::new("throughput"), Arc::clone(&log));
        app.run_to_end().map(drop)
    })?;
    read(&*log, OUTPUT.name(), count)
}

fn timed(what: &str, count: u64, act: impl FnOnce() -> Result<()>) -> Result<()> {
    let began = Instant::now();
    act()?;
    let seconds = began.elapsed().as_secs_f64();
    println!("{what}: {count} records in {seconds:.2} s, {:.0} per second", count as f64 / seconds);
    Ok(())
}

fn write(log: &dyn Log, count: u64) -> Result<()> {
    let mut producer = log.open_producer(ProducerOptions::default())?;
    let topic = producer.topic(INPUT.name())?;
    let value = [b'v'; 100];
    for n in 0..count {
        let key = format!("key-{:08}", n % 100_000);
        let (key, value) = (Some(key.as_bytes()), Some(&value[..]));
        let record =
            RecordView { key, value, timestamp: 1_700_000_000_000 + n as i64, ..RecordView::default() };
        producer.send(topic, (n % u64::from(PARTITIONS)) as u32, record)?;
    }
    producer.flush()
}

fn read(log: &dyn Log, topic: &str, count: u64) -> Result<()> {
    let wakeup = Arc::new(Wakeup::new());
    let open = |partition| log.open_reader(&TopicPartition::new(topic, partition), 0, &wakeup);
    let mut readers = (0..PARTITIONS).map(open).collect::<Result<Vec<_>>>()?;
    let (mut batch, mut left) = (RecordBatch::new(), count);
    while left > 0 {
        let before = left;
        for reader in &mut readers {
            batch.clear();
            left = left.saturating_sub(reader.read(&mut batch, 256 << 10)? as u64);
        }
        if left == before && !wakeup.wait(Duration::from_secs(30)) {
            return Err(Error::new(ErrorKind::Timeout, format!("{left} records of {topic} did not come")));
        }
    }
    Ok(())
}
