//! The cluster as the runtime sees it.

use std::fmt;
use std::sync::{Arc, Weak};
use std::thread::Builder;
use std::time::{Duration, Instant};

use rdkafka::consumer::BaseConsumer;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{
    Committed, GroupMember, GroupOptions, Log, MemberInfo, NewTopic, PartitionReader, Producer,
    ProducerOptions, TopicFix, TopicInfo, Wakeup,
};
use streams_core::time::Timestamp;
use streams_core::{ErrorKind, Result};

use crate::admin::{Admin, LOOK, PROPAGATION, remedies};
use crate::client::Quiet;
use crate::config::KafkaConfig;
use crate::error::client_failed;
use crate::ffi::{Handle, OffsetSpec};
use crate::group::{Member, Members};
use crate::points;
use crate::producer::KafkaProducer;
use crate::reader::Readers;

/// How often events of clients are looked for that belong to no call.
const EVENTS: Duration = Duration::from_millis(200);

/// A Kafka cluster. A clone is another handle to the same clients.
///
/// Applications take it as their log (see the page of this crate). Programs that only write and read take it too:
///
/// ```no_run
/// use std::sync::Arc;
/// use std::time::Duration;
/// use streams_core::Topic;
/// use streams_core::log::{Log, NewTopic};
/// use streams_core::runtime::{Start, Subscription, TopicProducer};
/// use streams_kafka::{KafkaConfig, KafkaLog};
///
/// const PRICES: Topic<String, i64> = Topic::new("prices");
///
/// # fn main() -> streams_core::Result<()> {
/// let log: Arc<dyn Log> = Arc::new(KafkaLog::connect(KafkaConfig::from_env()?)?);
/// log.create_topics(&[NewTopic::new("prices", 4)])?;
///
/// let mut prices = TopicProducer::open(&*log, &PRICES)?;
/// prices.send(&"apple".to_owned(), &120, 1_767_225_600_000)?;
/// prices.flush()?;
///
/// let mut prices = Subscription::open(&log, &PRICES, Start::Earliest)?;
/// while let Some(price) = prices.next_within(Duration::from_secs(5))? {
///     println!("{}: {}", price.record.key, price.record.value);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Requests err when they are not answered within [`KafkaConfig::request_timeout`]. Clients end when the last handle
/// and everything that was opened with it is dropped.
#[derive(Clone)]
pub struct KafkaLog(Arc<Shared>);

/// What a log and all that it gave out share.
pub(crate) struct Shared {
    pub(crate) config: KafkaConfig,
    pub(crate) admin: Admin,
    pub(crate) readers: Readers,
    pub(crate) members: Members,
}

impl KafkaLog {
    /// Makes the clients. Errs if a setting is unknown or refused. It does not wait for the cluster: one that cannot
    /// be reached is an error of the first request.
    pub fn connect(config: KafkaConfig) -> Result<Self> {
        config.check()?;
        let shared = Arc::new(Shared {
            admin: Admin::new(&config)?,
            readers: Readers::new(&config),
            members: Members::default(),
            config,
        });
        serve_events(&shared)?;
        Ok(KafkaLog(shared))
    }
}

impl Shared {
    /// A client that knows the group and does not join it.
    fn outsider(&self, group: &str) -> Result<Handle> {
        let consumer: BaseConsumer<Quiet> = self
            .config
            .for_outsider(group)
            .create_with_context(Quiet)
            .map_err(|e| client_failed(format!("making a client for group {group}"), &e))?;
        Ok(Arc::new(consumer))
    }
}

/// Looks for logs and errors of the clients as long as the log lives.
fn serve_events(shared: &Arc<Shared>) -> Result<()> {
    let weak: Weak<Shared> = Arc::downgrade(shared);
    let pause = Wakeup::new();
    Builder::new().name("kafka-events".into()).spawn(move || {
        while let Some(shared) = weak.upgrade() {
            shared.admin.serve();
            shared.readers.serve();
            drop(shared);
            pause.wait(EVENTS);
        }
    })?;
    Ok(())
}

impl Log for KafkaLog {
    fn create_topics(&self, topics: &[NewTopic]) -> Result<()> {
        self.0.admin.create_topics(topics)
    }

    fn describe_topic(&self, topic: &str) -> Result<Option<TopicInfo>> {
        self.0.admin.describe_topic(topic)
    }

    fn list_topics(&self) -> Result<Vec<String>> {
        self.0.admin.list_topics()
    }

    fn delete_topics(&self, topics: &[&str]) -> Result<()> {
        self.0.admin.delete_topics(topics)
    }

    fn delete_records(&self, before: &[(TopicPartition, Offset)]) -> Result<()> {
        self.0.admin.delete_records(before)
    }

    fn start_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        self.0.admin.offset(partition, OffsetSpec::Start)
    }

    fn end_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        self.0.admin.offset(partition, OffsetSpec::CommittedEnd)
    }

    fn written_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        points::pass("restoring");
        self.0.admin.offset(partition, OffsetSpec::End)
    }

    fn offset_at(&self, partition: &TopicPartition, timestamp: Timestamp) -> Result<Offset> {
        self.0.admin.offset(partition, OffsetSpec::At(timestamp))
    }

    fn group_members(&self, group: &str) -> Result<Vec<MemberInfo>> {
        self.0.admin.group_members(group)
    }

    fn remedy(&self, fix: &TopicFix) -> String {
        remedies::command(fix, &self.0.config)
    }

    fn place(&self) -> String {
        format!("Apache Kafka at {}", self.0.config.bootstrap_servers)
    }

    fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<Committed>>> {
        let consumer = self.0.members.client_of(group).map_or_else(|| self.0.outsider(group), Ok)?;
        self.0.admin.committed(&consumer, group, partitions)
    }

    fn alter_committed(&self, group: &str, offsets: &[(TopicPartition, Option<Committed>)]) -> Result<()> {
        self.0.admin.alter_committed(group, offsets)
    }

    fn open_reader(
        &self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Box<dyn PartitionReader>> {
        let until = Instant::now() + PROPAGATION;
        loop {
            match self.0.readers.open(partition, from, wakeup) {
                // One broker may not have heard yet of what another one knows.
                Err(error) if error.kind() == ErrorKind::NotFound && Instant::now() < until => {
                    let known = self.0.admin.describe(&partition.topic)?;
                    if known.is_none_or(|topic| partition.partition >= topic.partitions) {
                        return Err(error);
                    }
                    std::thread::sleep(LOOK);
                }
                opened => return Ok(Box::new(opened?)),
            }
        }
    }

    fn join_group(&self, options: GroupOptions, wakeup: &Arc<Wakeup>) -> Result<Box<dyn GroupMember>> {
        Ok(Box::new(Member::join(&self.0, options, wakeup)?))
    }

    fn open_producer(&self, options: ProducerOptions) -> Result<Box<dyn Producer>> {
        Ok(Box::new(KafkaProducer::open(&self.0, options)?))
    }
}

impl fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaLog").field("brokers", &self.0.config.bootstrap_servers).finish_non_exhaustive()
    }
}
