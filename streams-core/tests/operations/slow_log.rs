//! A log that keeps others waiting.

use std::sync::Arc;

use streams_core::Result;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{
    Committed, GroupMember, GroupMetadata, GroupOptions, Log, MemberInfo, NewTopic, PartitionReader,
    Producer, ProducerOptions, TopicHandle, TopicInfo, Wakeup,
};
use streams_core::record::{RecordBatch, RecordView};

use crate::support::Gate;

/// What of a log waits for the gate.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Hold {
    /// Records of changelogs are not there before it is open.
    Changelog,
    /// Commits of transactions wait.
    Commit,
}

/// A log that keeps others waiting.
pub(crate) struct Slow {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) gate: Gate,
    pub(crate) hold: Hold,
}

impl Log for Slow {
    fn create_topics(&self, topics: &[NewTopic]) -> Result<()> {
        self.log.create_topics(topics)
    }

    fn describe_topic(&self, topic: &str) -> Result<Option<TopicInfo>> {
        self.log.describe_topic(topic)
    }

    fn list_topics(&self) -> Result<Vec<String>> {
        self.log.list_topics()
    }

    fn delete_topics(&self, topics: &[&str]) -> Result<()> {
        self.log.delete_topics(topics)
    }

    fn delete_records(&self, before: &[(TopicPartition, Offset)]) -> Result<()> {
        self.log.delete_records(before)
    }

    fn start_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        self.log.start_offset(partition)
    }

    fn end_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        self.log.end_offset(partition)
    }

    fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<Committed>>> {
        self.log.committed(group, partitions)
    }

    fn alter_committed(&self, group: &str, offsets: &[(TopicPartition, Option<Committed>)]) -> Result<()> {
        self.log.alter_committed(group, offsets)
    }

    fn group_members(&self, group: &str) -> Result<Vec<MemberInfo>> {
        self.log.group_members(group)
    }

    fn open_reader(
        &self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Box<dyn PartitionReader>> {
        let reader = self.log.open_reader(partition, from, wakeup)?;
        if self.hold == Hold::Changelog && partition.topic.ends_with("-changelog") {
            return Ok(Box::new(SlowReader { reader, gate: self.gate.clone() }));
        }
        Ok(reader)
    }

    fn join_group(&self, options: GroupOptions, wakeup: &Arc<Wakeup>) -> Result<Box<dyn GroupMember>> {
        self.log.join_group(options, wakeup)
    }

    fn open_producer(&self, options: ProducerOptions) -> Result<Box<dyn Producer>> {
        let producer = self.log.open_producer(options)?;
        Ok(match self.hold {
            Hold::Commit => Box::new(SlowProducer { producer, gate: self.gate.clone() }),
            Hold::Changelog => producer,
        })
    }
}

/// Has nothing to read before the gate is open.
struct SlowReader {
    reader: Box<dyn PartitionReader>,
    gate: Gate,
}

impl PartitionReader for SlowReader {
    fn read(&mut self, batch: &mut RecordBatch, max_bytes: usize) -> Result<usize> {
        if self.gate.is_open() { self.reader.read(batch, max_bytes) } else { Ok(0) }
    }

    fn position(&self) -> Offset {
        self.reader.position()
    }

    fn seek(&mut self, offset: Offset) {
        self.reader.seek(offset);
    }

    fn end(&self) -> Option<Offset> {
        self.reader.end()
    }
}

/// Commits wait for the gate.
struct SlowProducer {
    producer: Box<dyn Producer>,
    gate: Gate,
}

impl Producer for SlowProducer {
    fn topic(&mut self, name: &str) -> Result<TopicHandle> {
        self.producer.topic(name)
    }

    fn partitions(&self, topic: TopicHandle) -> u32 {
        self.producer.partitions(topic)
    }

    fn begin(&mut self) -> Result<()> {
        self.producer.begin()
    }

    fn send(&mut self, topic: TopicHandle, partition: u32, record: RecordView<'_>) -> Result<()> {
        self.producer.send(topic, partition, record)
    }

    fn send_offsets(&mut self, group: &GroupMetadata, offsets: &[(TopicPartition, Committed)]) -> Result<()> {
        self.producer.send_offsets(group, offsets)
    }

    fn commit(&mut self) -> Result<()> {
        self.gate.enter();
        self.producer.commit()
    }

    fn abort(&mut self) -> Result<()> {
        self.producer.abort()
    }

    fn flush(&mut self) -> Result<()> {
        self.producer.flush()
    }

    fn written_end(&self, topic: TopicHandle, partition: u32) -> Option<Offset> {
        self.producer.written_end(topic, partition)
    }

    fn pending_bytes(&self) -> usize {
        self.producer.pending_bytes()
    }
}
