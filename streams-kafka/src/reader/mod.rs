//! Reading partitions by offset, in groups and outside of them.
//!
//! All readers of a log share one client, which fetches from all partitions at once; a partition that is read twice
//! at the same time is read the second time by another client. A reader that is not read from stops being fetched
//! for when its queue is full, and holds up nobody else.

mod partition;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::Wakeup;
use streams_core::{Error, ErrorKind, Result};

use self::partition::Reader;
use crate::client::Quiet;
use crate::config::KafkaConfig;
use crate::error::client_failed;
use crate::ffi::FetchClient;

/// Lines and errors of a client that are passed on at once: more than come between two calls unless all is logged.
const SERVED: usize = 1000;
/// How long a broker may take to say where a partition begins and ends.
const RANGE: Duration = Duration::from_secs(5);

/// The clients that fetch.
pub(crate) struct Readers {
    config: ClientConfig,
    timeout: Duration,
    clients: Mutex<Vec<Arc<Client>>>,
}

/// One client that fetches each partition at most once.
pub(crate) struct Client {
    consumer: Arc<BaseConsumer<Quiet>>,
    fetch: Arc<FetchClient>,
    taken: Mutex<BTreeSet<TopicPartition>>,
}

impl Readers {
    pub(crate) fn new(config: &KafkaConfig) -> Self {
        Readers { config: config.for_reader(), timeout: config.request_timeout, clients: Mutex::default() }
    }

    /// Begins to read a partition at `from`.
    pub(crate) fn open(
        &self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Reader> {
        let client = self.client_for(partition)?;
        // From here on the reader gives the partition back, also if it cannot start.
        let mut reader = Reader::new(client, partition, from, wakeup);
        self.check(&reader)?;
        reader.start()?;
        Ok(reader)
    }

    /// Passes on what the clients have to say.
    pub(crate) fn serve(&self) {
        for client in self.clients().iter() {
            // A poll passes on one line of the log or one error, and does not say whether there was one.
            (0..SERVED).for_each(|_| drop(client.consumer.poll(Duration::ZERO)));
        }
    }

    fn client_for(&self, partition: &TopicPartition) -> Result<Arc<Client>> {
        let mut clients = self.clients();
        if let Some(free) = clients.iter().find(|client| client.taken().insert(partition.clone())) {
            return Ok(Arc::clone(free));
        }
        let consumer: BaseConsumer<Quiet> = self
            .config
            .create_with_context(Quiet)
            .map_err(|e| client_failed("making a client that reads", &e))?;
        let consumer = Arc::new(consumer);
        let fetch = Arc::new(FetchClient::new(consumer.clone()));
        let taken = Mutex::new(BTreeSet::from([partition.clone()]));
        let client = Arc::new(Client { consumer, fetch, taken });
        clients.push(Arc::clone(&client));
        Ok(client)
    }

    /// Errs with `NotFound` if there is no such partition. librdkafka starts at once where it knows the leader, and
    /// waits half a second where it does not: so it is asked for before.
    fn check(&self, reader: &Reader) -> Result<()> {
        let partition = reader.partition();
        let what = || format!("looking up partition {partition}");
        let consumer = &reader.client().consumer;
        let metadata = consumer
            .fetch_metadata(Some(&partition.topic), self.timeout)
            .map_err(|e| client_failed(what(), &e))?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == partition.topic);
        let missing = RDKafkaErrorCode::UnknownTopicOrPartition;
        let count = match topic {
            Some(topic) if topic.error().is_some_and(|e| RDKafkaErrorCode::from(e) == missing) => 0,
            Some(topic) => topic.partitions().len(),
            None => 0,
        };
        if (partition.partition as usize) < count {
            return Ok(());
        }
        let message = format!("partition {partition} does not exist: the topic has {count} partitions");
        Err(Error::new(ErrorKind::NotFound, message))
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Client>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// Where the partition begins and ends now, if its broker answers.
    fn range(&self, partition: &TopicPartition) -> Option<(Offset, Offset)> {
        let number = partition.partition as i32;
        self.consumer.fetch_watermarks(&partition.topic, number, RANGE).ok()
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, BTreeSet<TopicPartition>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
