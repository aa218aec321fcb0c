//! Writing typed records into a topic.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_sink::Sink;

use crate::error::{Error, Result};
use crate::log::{Log, Producer, ProducerOptions, TopicHandle, partition_for_key};
use crate::record::{EncodedHeaders, Record, RecordView};
use crate::serde::{DefaultSerde, SerdeRef, to_bytes};
use crate::time::Timestamp;
use crate::topic::Topic;

/// Writes typed records into a topic, to the partition of their key; those without a key in turn.
///
/// What is sent is in the log after [`flush`](Self::flush). It is a [`Sink`] of records too; its flush may wait for
/// the log for a moment, as `flush` does.
pub struct TopicProducer<K: 'static, V: 'static> {
    name: String,
    producer: Box<dyn Producer>,
    topic: TopicHandle,
    partitions: u32,
    key_serde: SerdeRef<K>,
    value_serde: SerdeRef<V>,
    /// Where the next record without a key goes.
    turn: u32,
    key: Vec<u8>,
    value: Vec<u8>,
    headers: Vec<u8>,
}

impl<K: DefaultSerde, V: DefaultSerde> TopicProducer<K, V> {
    /// Opens a producer into this topic with the default serdes. Errs with `NotFound` if it does not exist.
    pub fn open(log: &dyn Log, topic: &Topic<K, V>) -> Result<Self> {
        Self::open_with(log, topic, K::serde(), V::serde())
    }
}

impl<K: 'static, V: 'static> TopicProducer<K, V> {
    /// Opens a producer into this topic with these serdes. Errs with `NotFound` if it does not exist.
    pub fn open_with(
        log: &dyn Log,
        topic: &Topic<K, V>,
        key_serde: SerdeRef<K>,
        value_serde: SerdeRef<V>,
    ) -> Result<Self> {
        let mut producer = log.open_producer(ProducerOptions::default())?;
        let name = topic.name().to_owned();
        let topic = producer.topic(&name)?;
        let partitions = producer.partitions(topic).max(1);
        let (key, value, headers) = (Vec::new(), Vec::new(), Vec::new());
        Ok(TopicProducer {
            name,
            producer,
            topic,
            partitions,
            key_serde,
            value_serde,
            turn: 0,
            key,
            value,
            headers,
        })
    }

    /// Sends a record; `timestamp` is in milliseconds since the epoch. Errs if the serdes or the log refuse it.
    pub fn send(&mut self, key: &K, value: &V, timestamp: Timestamp) -> Result<()> {
        self.headers.clear();
        self.write(key, value, timestamp, None)
    }

    /// Sends a record with its headers.
    pub fn send_record(&mut self, record: &Record<K, V>) -> Result<()> {
        self.headers.clear();
        record.headers.encode(&mut self.headers);
        self.write(&record.key, &record.value, record.timestamp, None)
    }

    /// Sends a record to this partition.
    pub fn send_to(&mut self, partition: u32, record: &Record<K, V>) -> Result<()> {
        self.headers.clear();
        record.headers.encode(&mut self.headers);
        self.write(&record.key, &record.value, record.timestamp, Some(partition))
    }

    /// Waits until everything sent is in the log.
    pub fn flush(&mut self) -> Result<()> {
        self.producer.flush()
    }

    fn write(&mut self, key: &K, value: &V, timestamp: Timestamp, partition: Option<u32>) -> Result<()> {
        let key = to_bytes(&*self.key_serde, key, &mut self.key)
            .map_err(|e| e.context(format!("the key of a record for {}", self.name)))?;
        let value = to_bytes(&*self.value_serde, value, &mut self.value)
            .map_err(|e| e.context(format!("the value of a record for {}", self.name)))?;
        let partition = match (partition, key) {
            (Some(partition), _) => partition,
            (None, Some(key)) => {
                let decides = key.len().saturating_sub(self.key_serde.partition_suffix());
                partition_for_key(&key[..decides], self.partitions)
            }
            (None, None) => {
                self.turn = (self.turn + 1) % self.partitions;
                self.turn
            }
        };
        let headers = EncodedHeaders(&self.headers);
        self.producer.send(self.topic, partition, RecordView { offset: 0, timestamp, key, value, headers })
    }
}

impl<K: 'static, V: 'static> Sink<Record<K, V>> for TopicProducer<K, V> {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, record: Record<K, V>) -> Result<()> {
        self.get_mut().send_record(&record)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(self.get_mut().flush())
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll_flush(context)
    }
}
