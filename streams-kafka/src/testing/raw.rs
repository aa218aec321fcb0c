//! The client without a framework, for loops that benchmarks compare with: batches of records as librdkafka holds them,
//! and records sent by a topic's handle. Settings are those that applications run with. No groups, no state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::consumer::BaseConsumer;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, ProducerContext};
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{Committed, GroupMetadata, Wakeup};
use streams_core::record::EncodedHeaders;
use streams_core::{Error, ErrorKind, Result};

use crate::KafkaConfig;
use crate::client::Quiet;
use crate::error::{client_failed, failed};
use crate::ffi::{self, Feed, FetchClient, Handle, Message, NativeError, Outgoing, TopicRef};

/// How long one of the thread's polls lasts.
const POLL: Duration = Duration::from_millis(100);

/// Reads partitions by offset.
pub struct RawReader {
    feeds: Vec<Feed>,
    wakeup: Arc<Wakeup>,
}

/// A record where librdkafka has put it.
pub struct RawRecord<'a>(&'a Message);

impl RawReader {
    /// Begins to read these partitions, which exist, from these offsets.
    pub fn open(config: &KafkaConfig, partitions: &[(TopicPartition, Offset)]) -> Result<Self> {
        let consumer: BaseConsumer<Quiet> =
            config.for_reader().create_with_context(Quiet).map_err(|e| client_failed("a bare reader", &e))?;
        let client = Arc::new(FetchClient::new(Arc::new(consumer)));
        let wakeup = Arc::new(Wakeup::new());
        let open = |(partition, offset): &(TopicPartition, Offset)| {
            Feed::start(&client, &partition.topic, partition.partition as i32, *offset, &wakeup)
                .map_err(|code| failed(format!("reading {partition}"), code))
        };
        Ok(RawReader { feeds: partitions.iter().map(open).collect::<Result<_>>()?, wakeup })
    }

    /// Shows up to about 1,000 records of each partition to `each`, with the partition's place in the list. If there
    /// are none, waits once for some, at most `wait`. The number of records.
    pub fn batch(&mut self, wait: Duration, mut each: impl FnMut(usize, RawRecord<'_>)) -> usize {
        let mut count = self.take(&mut each);
        if count == 0 && !wait.is_zero() && self.wakeup.wait(wait) {
            count = self.take(&mut each);
        }
        count
    }

    fn take(&mut self, each: &mut impl FnMut(usize, RawRecord<'_>)) -> usize {
        let mut count = 0;
        for (number, feed) in self.feeds.iter_mut().enumerate() {
            let mut left = 1000;
            while left > 0
                && let Some(message) = feed.next()
            {
                left -= 1;
                if message.error().is_none() {
                    count += 1;
                    each(number, RawRecord(&message));
                }
            }
        }
        count
    }
}

impl std::fmt::Debug for RawReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawReader").field("partitions", &self.feeds.len()).finish_non_exhaustive()
    }
}

impl RawRecord<'_> {
    /// Its key, empty if there is none.
    #[inline]
    pub fn key(&self) -> &[u8] {
        self.0.key().unwrap_or_default()
    }

    /// Its value, empty if there is none.
    #[inline]
    pub fn value(&self) -> &[u8] {
        self.0.value().unwrap_or_default()
    }

    /// Its timestamp in milliseconds since the epoch.
    #[inline]
    pub fn timestamp(&self) -> i64 {
        self.0.timestamp()
    }

    /// Its offset.
    #[inline]
    pub fn offset(&self) -> Offset {
        self.0.offset()
    }

    /// Shows its headers in order.
    pub fn headers(&self, each: impl FnMut(&[u8], Option<&[u8]>)) {
        self.0.headers(each);
    }
}

impl std::fmt::Debug for RawRecord<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawRecord").field("offset", &self.offset()).finish_non_exhaustive()
    }
}

/// Counts failed deliveries.
struct Failures(Arc<AtomicU64>);

impl ClientContext for Failures {}

impl ProducerContext for Failures {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, _: usize) {
        if result.is_err() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Sends records, in transactions if it has an id.
pub struct RawProducer {
    topics: Vec<TopicRef>,
    failures: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    poller: Option<JoinHandle<()>>,
    client: Handle,
    timeout: Duration,
}

impl RawProducer {
    /// A producer that sends to these topics, which exist.
    pub fn open(config: &KafkaConfig, transactional_id: Option<&str>, topics: &[&str]) -> Result<Self> {
        let failures = Arc::new(AtomicU64::new(0));
        let client: BaseProducer<Failures> = config
            .for_producer(transactional_id)
            .create_with_context(Failures(Arc::clone(&failures)))
            .map_err(|e| client_failed("a bare producer", &e))?;
        let client = Arc::new(client);
        let stop = Arc::new(AtomicBool::new(false));
        let (for_thread, stopped) = (Arc::clone(&client), Arc::clone(&stop));
        let poller = Builder::new().name("kafka-producer".into()).spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                for_thread.poll(POLL);
            }
        })?;
        let client: Handle = client;
        let topic = |name: &&str| {
            let made = TopicRef::new(&client, name);
            made.ok_or_else(|| Error::new(ErrorKind::Config, format!("{name} cannot be a topic")))
        };
        let topics = topics.iter().map(topic).collect::<Result<_>>()?;
        let timeout = config.request_timeout;
        if transactional_id.is_some() {
            done("taking over the id", ffi::init_transactions(&client, timeout))?;
        }
        Ok(RawProducer { topics, failures, stop, poller: Some(poller), client, timeout })
    }

    /// Sends a copy of a record to a topic, by its place in the list.
    #[inline]
    pub fn send(
        &self,
        topic: usize,
        partition: u32,
        key: Option<&[u8]>,
        value: &[u8],
        timestamp: i64,
        headers: EncodedHeaders<'_>,
    ) -> Result<()> {
        let partition = partition as i32;
        let record = Outgoing { partition, key, value: Some(value), timestamp, headers, opaque: 0 };
        loop {
            match ffi::produce(&self.topics[topic], &record) {
                Ok(()) => return Ok(()),
                Err(rdkafka::error::RDKafkaErrorCode::QueueFull) => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(code) => return Err(failed("sending".to_owned(), code)),
            }
        }
    }

    /// Begins a transaction.
    pub fn begin(&self) -> Result<()> {
        done("beginning", ffi::begin(&self.client))
    }

    /// Adds positions of a group without members, and commits the transaction.
    pub fn commit(&self, group: &str, offsets: &[(TopicPartition, Committed)]) -> Result<()> {
        let nobody = GroupMetadata { group: group.to_owned(), member: String::new(), generation: -1 };
        let list = ffi::offsets(offsets);
        done("adding positions", ffi::send_offsets(&self.client, &list, &nobody, self.timeout))?;
        done("committing", ffi::commit(&self.client, Duration::from_secs(30)))?;
        self.check()
    }

    /// Waits until everything is in the log.
    pub fn flush(&self) -> Result<()> {
        ffi::flush(&self.client, self.timeout).map_err(|code| failed("flushing".to_owned(), code))?;
        self.check()
    }

    fn check(&self) -> Result<()> {
        match self.failures.load(Ordering::Relaxed) {
            0 => Ok(()),
            count => Err(Error::new(ErrorKind::Io, format!("{count} records did not get into the log"))),
        }
    }
}

impl Drop for RawProducer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(poller) = self.poller.take() {
            // Without it nothing is lost.
            let _ = poller.join();
        }
    }
}

impl std::fmt::Debug for RawProducer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawProducer").field("topics", &self.topics.len()).finish_non_exhaustive()
    }
}

fn done(what: &str, result: std::result::Result<(), NativeError>) -> Result<()> {
    result.map_err(|error| {
        Error::new(ErrorKind::Io, format!("a bare producer, {what}: {} ({})", error.text, error.code))
    })
}
