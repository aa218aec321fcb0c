//! Reading typed records from a topic.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TopicPartition};
use crate::log::{Log, PartitionReader, Wakeup};
use crate::record::{Record, RecordBatch};
use crate::serde::{DefaultSerde, SerdeRef, from_bytes};
use crate::topic::Topic;

/// Bytes read from a partition at once.
const FETCH_BYTES: usize = 256 << 10;

/// How long a log may be silent before reading to its end is given up.
const SILENCE: Duration = Duration::from_secs(60);

/// Where a subscription starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Start {
    /// At the first record that is there.
    #[default]
    Earliest,
    /// Behind the last record that is committed now.
    Latest,
    /// At these offsets by partition; at the first record of the others.
    Offsets(BTreeMap<u32, Offset>),
}

/// A record with the place it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<K, V> {
    /// The record.
    pub record: Record<K, V>,
    /// Its partition.
    pub partition: u32,
    /// Its offset.
    pub offset: Offset,
}

impl<K, V> Deref for Received<K, V> {
    type Target = Record<K, V>;

    fn deref(&self) -> &Record<K, V> {
        &self.record
    }
}

/// Reads every partition of a topic, committed records only, for ever: each partition in order, the partitions in
/// turn. It belongs to no group and commits nothing.
///
/// It is a [`Stream`] that needs no particular runtime, and can be read by blocking too. A record that cannot be
/// read is an error item; the stream goes on behind it.
pub struct Subscription<K: 'static, V: 'static> {
    topic: String,
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    readers: Vec<Box<dyn PartitionReader>>,
    wakeup: Arc<Wakeup>,
    /// The partition that is read from, and its records at hand.
    current: usize,
    batch: RecordBatch,
    cursor: usize,
}

impl<K: DefaultSerde, V: DefaultSerde> Subscription<K, V> {
    /// Subscribes to a topic with the default serdes. Errs with `NotFound` if it does not exist.
    pub fn open(log: &Arc<dyn Log>, topic: &Topic<K, V>, start: Start) -> Result<Self> {
        Self::open_with(log, topic, start, K::serde(), V::serde())
    }
}

impl<K: 'static, V: 'static> Subscription<K, V> {
    /// Subscribes to a topic with these serdes. Errs with `NotFound` if it does not exist.
    #[allow(clippy::needless_pass_by_value, reason = "a literal is what callers have")]
    pub fn open_with(
        log: &Arc<dyn Log>,
        topic: &Topic<K, V>,
        start: Start,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
    ) -> Result<Self> {
        let topic = topic.name().to_owned();
        let Some(info) = log.describe_topic(&topic)? else {
            return Err(Error::new(ErrorKind::NotFound, format!("topic {topic} does not exist")));
        };
        let wakeup = Arc::new(Wakeup::new());
        let mut readers = Vec::new();
        for number in 0..info.partitions {
            let partition = TopicPartition::new(topic.clone(), number);
            let from = match &start {
                Start::Offsets(offsets) if offsets.contains_key(&number) => offsets[&number],
                Start::Latest => log.end_offset(&partition)?,
                _ => log.start_offset(&partition)?,
            };
            readers.push(log.open_reader(&partition, from, &wakeup)?);
        }
        let batch = RecordBatch::new();
        Ok(Subscription { topic, key, value, readers, wakeup, current: 0, batch, cursor: 0 })
    }

    /// The next record if there is one now. Errs on one that cannot be read, which is then passed.
    pub fn next_now(&mut self) -> Result<Option<Received<K, V>>> {
        if self.cursor == self.batch.len() && !self.refill()? {
            return Ok(None);
        }
        let raw = self.batch.get(self.cursor);
        self.cursor += 1;
        let partition = self.current as u32;
        let place = |e: Error| e.context(format!("record {}-{partition}@{}", self.topic, raw.offset));
        let record = Record {
            key: from_bytes(&*self.key, raw.key).map_err(place)?,
            value: from_bytes(&*self.value, raw.value).map_err(place)?,
            timestamp: raw.timestamp,
            headers: raw.headers.to_headers(),
        };
        Ok(Some(Received { record, partition, offset: raw.offset }))
    }

    /// The next record; blocks until there is one, at most `timeout`.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<Received<K, V>>> {
        let until = Instant::now() + timeout;
        loop {
            let found = self.next_now()?;
            let left = until.saturating_duration_since(Instant::now());
            if found.is_some() || left.is_zero() {
                return Ok(found);
            }
            self.wakeup.wait(left);
        }
    }

    /// The records from here to the end that the topic has now in `log`, and maybe some behind it; waits for
    /// transactions that are open before it. Errs on a record that cannot be read, which is then passed, and with
    /// `Timeout` if nothing comes for a minute.
    pub fn read_to_end(&mut self, log: &dyn Log) -> Result<Vec<Received<K, V>>> {
        let partitions = (0..self.readers.len() as u32).map(|n| TopicPartition::new(self.topic.clone(), n));
        let ends = partitions.map(|partition| log.written_offset(&partition)).collect::<Result<Vec<_>>>()?;
        let (mut found, mut last, mut passed) = (Vec::new(), Instant::now(), 0);
        loop {
            let behind = self.readers.iter().zip(&ends).position(|(reader, end)| reader.position() < *end);
            if behind.is_none() && self.cursor == self.batch.len() {
                return Ok(found);
            }
            // Records of aborted transactions are passed without being told.
            let positions = self.readers.iter().map(|reader| reader.position()).sum();
            if std::mem::replace(&mut passed, positions) != positions {
                last = Instant::now();
            }
            if let Some(record) = self.next_now()? {
                found.push(record);
                last = Instant::now();
            } else if let Some(number) = behind
                && last.elapsed() > SILENCE
            {
                let (topic, end) = (&self.topic, ends[number]);
                let position = self.readers[number].position();
                let message = format!(
                    "{topic}-{number} cannot be read to its end at {end}: nothing comes at {position}; a transaction \
                     may be open there, or no broker may lead the partition"
                );
                return Err(Error::new(ErrorKind::Timeout, message));
            } else {
                self.wakeup.wait(Duration::from_millis(50));
            }
        }
    }

    /// Reads from the next partition that has records; whether one has.
    fn refill(&mut self) -> Result<bool> {
        (self.cursor, _) = (0, self.batch.clear());
        for _ in 0..self.readers.len() {
            self.current = (self.current + 1) % self.readers.len();
            if self.readers[self.current].read(&mut self.batch, FETCH_BYTES)? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl<K: 'static, V: 'static> Stream for Subscription<K, V> {
    type Item = Result<Received<K, V>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(item) = this.next_now().transpose() {
            return Poll::Ready(Some(item));
        }
        // What comes between looking and asking to be woken must not be missed.
        this.wakeup.wake(context.waker());
        match this.next_now().transpose() {
            Some(item) => Poll::Ready(Some(item)),
            None => Poll::Pending,
        }
    }
}
