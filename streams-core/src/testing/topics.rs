//! The topics of a test driver.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::Offset;
use crate::record::{Headers, RecordBatch, RecordView};

/// A record as bytes, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// The partition it is in.
    pub partition: u32,
    /// Key bytes, `None` for null.
    pub key: Option<Vec<u8>>,
    /// Value bytes, `None` for null.
    pub value: Option<Vec<u8>>,
    /// Event time in milliseconds since the epoch.
    pub timestamp: i64,
    /// The headers.
    pub headers: Headers,
}

/// One topic: its records by partition, and the order in which they were written over all of them.
#[derive(Debug)]
pub(super) struct TestTopic {
    pub(super) partitions: Vec<RecordBatch>,
    order: Vec<(u32, usize)>,
    /// How far the test has read.
    read: usize,
    /// Partition of the next record without a key.
    next_any: u32,
}

impl TestTopic {
    fn new(partitions: u32) -> Self {
        TestTopic {
            partitions: (0..partitions).map(|_| RecordBatch::new()).collect(),
            order: Vec::new(),
            read: 0,
            next_any: 0,
        }
    }

    /// Appends a record; its offset.
    pub(super) fn append(&mut self, partition: u32, record: RecordView<'_>) -> Offset {
        let batch = &mut self.partitions[partition as usize];
        let offset = batch.len();
        batch.push(RecordView { offset: offset as Offset, ..record });
        self.order.push((partition, offset));
        offset as Offset
    }

    /// The partition for the next record without a key: each in turn.
    pub(super) fn any_partition(&mut self) -> u32 {
        let partition = self.next_any;
        self.next_any = (partition + 1) % self.partitions.len() as u32;
        partition
    }

    /// The records the test has not read, in the order they were written.
    pub(super) fn unread(&mut self) -> Vec<RawRecord> {
        let from = std::mem::replace(&mut self.read, self.order.len());
        self.records(from)
    }

    /// The records from the given one on, in the order they were written.
    pub(super) fn records(&self, from: usize) -> Vec<RawRecord> {
        self.order[from..]
            .iter()
            .map(|&(partition, offset)| {
                let record = self.partitions[partition as usize].get(offset);
                RawRecord {
                    partition,
                    key: record.key.map(<[u8]>::to_vec),
                    value: record.value.map(<[u8]>::to_vec),
                    timestamp: record.timestamp,
                    headers: record.headers.to_headers(),
                }
            })
            .collect()
    }
}

/// All topics by name; one that is written to for the first time is created.
#[derive(Debug)]
pub(super) struct TestTopics {
    pub(super) topics: BTreeMap<String, TestTopic>,
    pub(super) counts: BTreeMap<String, u32>,
    pub(super) default_count: u32,
}

impl TestTopics {
    pub(super) fn count(&self, topic: &str) -> u32 {
        self.counts.get(topic).copied().unwrap_or(self.default_count)
    }

    /// Records written so far to all of these.
    pub(super) fn written<'a>(&self, topics: impl IntoIterator<Item = &'a String>) -> usize {
        topics.into_iter().filter_map(|topic| self.topics.get(topic)).map(|topic| topic.order.len()).sum()
    }

    pub(super) fn topic(&mut self, name: &str) -> &mut TestTopic {
        if !self.topics.contains_key(name) {
            let topic = TestTopic::new(self.count(name));
            self.topics.insert(name.to_owned(), topic);
        }
        self.topics.get_mut(name).expect("was just inserted")
    }

    pub(super) fn check_partition(&self, topic: &str, partition: u32) -> Result<()> {
        let count = self.count(topic);
        if partition < count {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::NotFound,
            format!("topic {topic} has {count} partitions, there is no {partition}"),
        ))
    }
}
