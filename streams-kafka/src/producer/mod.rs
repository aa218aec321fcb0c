//! Producers: one client each, served by a thread of its own, so that nothing here waits for a poll interval.

mod deliveries;
mod transaction;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;
use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::producer::BaseProducer;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{CleanupPolicy, Committed, GroupMetadata, Producer, ProducerOptions, TopicHandle};
use streams_core::record::RecordView;
use streams_core::{Error, ErrorKind, Result};

use self::deliveries::{Context, Deliveries};
use crate::client;
use crate::error::{client_failed, failed};
use crate::ffi::{self, Handle, Outgoing, TopicRef};
use crate::group::Bound;
use crate::log::Shared;
use crate::points;

/// Longest wait of the thread that serves a client, in milliseconds.
const POLL: i32 = 100;
/// Pause between two tries when the queue is full and no report comes.
const FULL: Duration = Duration::from_millis(100);
/// How long a producer that is dropped waits for what was sent and not flushed.
const DROPPED: Duration = Duration::from_secs(5);
/// How long a new topic may take to be known to every broker.
const PROPAGATION: Duration = Duration::from_secs(10);

struct Topic {
    name: String,
    handle: TopicRef,
    partitions: u32,
    /// Number of its first partition among all partitions of this producer.
    first: usize,
    max_bytes: usize,
    keyed: bool,
}

pub(crate) struct KafkaProducer {
    topics: Vec<Topic>,
    by_name: HashMap<String, u32>,
    /// Where the last commit or flush ended, by partition.
    written: Vec<Option<Offset>>,
    offsets: Vec<(GroupMetadata, Vec<(TopicPartition, Committed)>)>,
    transactional_id: Option<String>,
    /// For whom it writes, if it has no transactions.
    bound: Option<Arc<Bound>>,
    /// What could not be written for so long is thrown away: others may have written it by then.
    session: Option<Duration>,
    open: bool,
    /// Whether a commit has begun and was not answered.
    undecided: bool,
    pending: usize,
    deliveries: Arc<Deliveries>,
    stop: Arc<AtomicBool>,
    client: Handle,
    shared: Arc<Shared>,
}

impl KafkaProducer {
    pub(crate) fn open(shared: &Arc<Shared>, options: ProducerOptions) -> Result<Self> {
        let id = options.transactional_id;
        let what = || match &id {
            Some(id) => format!("opening the producer {id}"),
            None => "opening a producer".to_owned(),
        };
        let deliveries = Arc::new(Deliveries::default());
        let client: BaseProducer<Context> = shared
            .config
            .for_producer(id.as_deref())
            .create_with_context(Context(Arc::clone(&deliveries)))
            .map_err(|e| client_failed(what(), &e))?;
        let client: Handle = Arc::new(client);
        let stop = Arc::new(AtomicBool::new(false));
        let (for_thread, stopped, reports) =
            (Arc::clone(&client), Arc::clone(&stop), Arc::clone(&deliveries));
        Builder::new().name("kafka-producer".into()).spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                ffi::serve(&for_thread, POLL, client::report, |found| reports.take(found));
            }
        })?;
        let producer = KafkaProducer {
            topics: Vec::new(),
            by_name: HashMap::new(),
            written: Vec::new(),
            offsets: Vec::new(),
            transactional_id: id,
            bound: None,
            session: None,
            open: false,
            undecided: false,
            pending: 0,
            deliveries,
            stop,
            client,
            shared: Arc::clone(shared),
        };
        producer.init()?;
        Ok(producer)
    }

    fn name(&self) -> &str {
        self.transactional_id.as_deref().unwrap_or("a producer without transactional id")
    }

    /// Errs if nothing may be sent, without a transaction that is open.
    fn check_open(&self) -> Result<()> {
        if self.transactional_id.is_some() {
            return Err(self.misuse("has no open transaction; call begin first"));
        }
        match &self.bound {
            Some(bound) if bound.is_lost() => {
                let message = format!("the member of group {} has lost partitions", bound.group);
                Err(Error::new(ErrorKind::Fenced, message))
            }
            _ => Ok(()),
        }
    }

    fn misuse(&self, what: &str) -> Error {
        Error::new(ErrorKind::Misuse, format!("{}: {what}", self.name()))
    }

    fn look_up(&self, name: &str) -> Result<(u32, usize, bool)> {
        let until = Instant::now() + PROPAGATION;
        let missing = || {
            let message = format!("topic {name} does not exist; create it first");
            Error::new(ErrorKind::NotFound, message)
        };
        let info = self.shared.admin.describe_topic(name)?.ok_or_else(missing)?;
        // Without leaders records would wait in the queue, and one that does not exist would be an error too late.
        while !self.shared.admin.describe(name)?.ok_or_else(missing)?.led {
            if Instant::now() > until {
                let message = format!(
                    "topic {name} has partitions without a leader; see that the brokers with their replicas run"
                );
                return Err(Error::new(ErrorKind::Timeout, message));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let keyed = info.config.cleanup_policy != CleanupPolicy::Delete;
        Ok((info.partitions, info.config.max_message_bytes, keyed))
    }

    /// Waits until everything sent is in the log or has failed.
    fn drain(&self, what: &str) -> Result<()> {
        self.drain_for(self.shared.config.request_timeout, what)
    }

    fn drain_for(&self, timeout: Duration, what: &str) -> Result<()> {
        ffi::flush(&self.client, timeout)
            .map_err(|code| self.classified(format!("{}: {what}", self.name()), code))?;
        match self.deliveries.take_failure() {
            None => Ok(()),
            Some(failure) => {
                let topic = self.topics.iter().rev().find(|topic| topic.first <= failure.slot);
                let place = topic.map_or("a topic".to_owned(), |topic| {
                    format!("{}-{}", topic.name, failure.slot - topic.first)
                });
                Err(self.classified(format!("{}: {what}: a record for {place}", self.name()), failure.code))
            }
        }
    }

    /// Notes where everything went.
    fn settle(&mut self) {
        self.written = self.deliveries.take_ends(self.written.len());
        self.pending = 0;
    }

    fn refused(&self, topic: &Topic, partition: u32, record: RecordView<'_>) -> Option<Error> {
        let name = &topic.name;
        if partition >= topic.partitions {
            let message = format!(
                "topic {name} has no partition {partition}: it has {}; the partitioner or the caller chose it",
                topic.partitions
            );
            return Some(Error::new(ErrorKind::NotFound, message));
        }
        let size = size_of(record);
        if size > topic.max_bytes {
            let limit = topic.max_bytes;
            let message = format!(
                "a record of {size} bytes for topic {name} (partition {partition}) exceeds the topic's limit of \
                 {limit} bytes (max.message.bytes); raise the limit or send less"
            );
            return Some(Error::new(ErrorKind::TooLarge, message));
        }
        if topic.keyed && record.key.is_none() {
            let message = format!(
                "topic {name} is compacted and takes no record without a key (partition {partition}); give the \
                 records keys, or write to a topic with cleanup.policy=delete"
            );
            return Some(Error::new(ErrorKind::InvalidRecord, message));
        }
        None
    }
}

impl Producer for KafkaProducer {
    fn topic(&mut self, name: &str) -> Result<TopicHandle> {
        if let Some(&known) = self.by_name.get(name) {
            return Ok(TopicHandle(known));
        }
        let (partitions, max_bytes, keyed) = self.look_up(name)?;
        let expiring = |session| TopicRef::expiring(&self.client, name, session);
        let handle = self
            .session
            .and_then(expiring)
            .or_else(|| TopicRef::new(&self.client, name))
            .ok_or_else(|| failed(format!("topic {name:?}"), Code::InvalidTopic))?;
        let first = self.written.len();
        let number = self.topics.len() as u32;
        self.topics.push(Topic { name: name.to_owned(), handle, partitions, first, max_bytes, keyed });
        self.written.resize(first + partitions as usize, None);
        self.by_name.insert(name.to_owned(), number);
        Ok(TopicHandle(number))
    }

    fn partitions(&self, topic: TopicHandle) -> u32 {
        self.topics.get(topic.0 as usize).map_or(0, |topic| topic.partitions)
    }

    fn bind(&mut self, group: &str, session: Duration) {
        self.session = Some(session);
        self.bound = Some(self.shared.members.bind(group, &self.client));
    }

    fn begin(&mut self) -> Result<()> {
        self.begin_transaction()
    }

    #[inline]
    fn send(&mut self, topic: TopicHandle, partition: u32, record: RecordView<'_>) -> Result<()> {
        if !self.open {
            self.check_open()?;
        }
        let Some(target) = self.topics.get(topic.0 as usize) else {
            return Err(self.misuse(&format!("topic handle {} is of another producer", topic.0)));
        };
        if let Some(error) = self.refused(target, partition, record) {
            return Err(error);
        }
        let outgoing = Outgoing {
            partition: partition as i32,
            key: record.key,
            value: record.value,
            // librdkafka writes the time of day for 0.
            timestamp: if record.timestamp == 0 { 1 } else { record.timestamp },
            headers: record.headers,
            opaque: target.first + partition as usize,
        };
        loop {
            let seen = self.deliveries.count();
            match ffi::produce(&target.handle, &outgoing) {
                Ok(()) => break,
                Err(Code::QueueFull) => self.deliveries.wait_beyond(seen, FULL),
                Err(code) => {
                    let what = format!("{}: sending to {}-{partition}", self.name(), target.name);
                    return Err(self.classified(what, code));
                }
            }
        }
        self.pending += size_of(record);
        Ok(())
    }

    fn send_offsets(&mut self, group: &GroupMetadata, offsets: &[(TopicPartition, Committed)]) -> Result<()> {
        self.require_transaction()?;
        self.offsets.push((group.clone(), offsets.to_vec()));
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.commit_transaction()
    }

    fn abort(&mut self) -> Result<()> {
        self.abort_transaction()
    }

    fn flush(&mut self) -> Result<()> {
        if self.transactional_id.is_some() {
            return Ok(());
        }
        self.check_open()?;
        let drained = self.drain("flushing");
        points::pass("flushed");
        self.settle();
        // Others may have written in between, if partitions were lost meanwhile.
        drained.and_then(|()| self.check_open())
    }

    fn written_end(&self, topic: TopicHandle, partition: u32) -> Option<Offset> {
        let topic = self.topics.get(topic.0 as usize).filter(|topic| partition < topic.partitions)?;
        self.written.get(topic.first + partition as usize).copied().flatten()
    }

    fn pending_bytes(&self) -> usize {
        self.pending
    }
}

impl Drop for KafkaProducer {
    fn drop(&mut self) {
        if self.bound.is_some() {
            // What is done again must not get into the log behind that.
            ffi::purge(&self.client);
        } else if self.transactional_id.is_none() && self.pending > 0 {
            // The client throws away what is left when it goes.
            let patience = DROPPED.min(self.shared.config.request_timeout);
            if let Err(error) = self.drain_for(patience, "being dropped") {
                tracing::error!(bytes = self.pending, %error,
                    "records are lost that were sent and not flushed: call flush before a producer is dropped");
            }
        }
        // The thread ends with its next round and takes the client along.
        self.stop.store(true, Ordering::Release);
    }
}

#[inline]
fn size_of(record: RecordView<'_>) -> usize {
    record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len) + record.headers.0.len()
}
