//! A log over another one, in which a test steps in where records are read, groups joined and transactions committed.

use std::sync::Arc;
use std::time::Duration;

use streams_core::Result;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{
    Committed, GroupMember, GroupMetadata, GroupOptions, Log, MemberInfo, NewTopic, PartitionReader,
    Producer, ProducerOptions, TopicFix, TopicHandle, TopicInfo, Wakeup,
};
use streams_core::record::RecordView;

/// What a test does in between; as it is, nothing.
pub(crate) trait Intercept: Clone + Send + Sync + 'static {
    /// A reader was opened.
    fn opened(
        &self,
        _partition: &TopicPartition,
        reader: Box<dyn PartitionReader>,
    ) -> Box<dyn PartitionReader> {
        reader
    }

    /// Committed positions are to be looked up.
    fn looking_up(&self) {}

    /// A group was joined.
    fn joined(&self, member: Box<dyn GroupMember>) -> Box<dyn GroupMember> {
        member
    }

    /// A transaction is to be committed.
    fn commit(&self, producer: &mut dyn Producer) -> Result<()> {
        producer.commit()
    }
}

/// The log `inner`, with a test in between.
pub(crate) struct Intercepted<I> {
    inner: Arc<dyn Log>,
    intercept: I,
}

impl<I: Intercept> Intercepted<I> {
    pub(crate) fn over(inner: &Arc<dyn Log>, intercept: I) -> Arc<dyn Log> {
        Arc::new(Intercepted { inner: Arc::clone(inner), intercept })
    }
}

impl<I: Intercept> Log for Intercepted<I> {
    fn create_topics(&self, topics: &[NewTopic]) -> Result<()> {
        self.inner.create_topics(topics)
    }
    fn describe_topic(&self, topic: &str) -> Result<Option<TopicInfo>> {
        self.inner.describe_topic(topic)
    }
    fn list_topics(&self) -> Result<Vec<String>> {
        self.inner.list_topics()
    }
    fn delete_topics(&self, topics: &[&str]) -> Result<()> {
        self.inner.delete_topics(topics)
    }
    fn delete_records(&self, before: &[(TopicPartition, Offset)]) -> Result<()> {
        self.inner.delete_records(before)
    }
    fn start_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        self.inner.start_offset(partition)
    }
    fn end_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        self.inner.end_offset(partition)
    }
    fn written_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        self.inner.written_offset(partition)
    }
    fn offset_at(&self, partition: &TopicPartition, timestamp: i64) -> Result<Offset> {
        self.inner.offset_at(partition, timestamp)
    }
    fn group_members(&self, group: &str) -> Result<Vec<MemberInfo>> {
        self.inner.group_members(group)
    }
    fn remedy(&self, fix: &TopicFix) -> String {
        self.inner.remedy(fix)
    }
    fn place(&self) -> String {
        self.inner.place()
    }
    fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<Committed>>> {
        self.intercept.looking_up();
        self.inner.committed(group, partitions)
    }
    fn alter_committed(&self, group: &str, offsets: &[(TopicPartition, Option<Committed>)]) -> Result<()> {
        self.inner.alter_committed(group, offsets)
    }
    fn open_reader(
        &self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Box<dyn PartitionReader>> {
        Ok(self.intercept.opened(partition, self.inner.open_reader(partition, from, wakeup)?))
    }
    fn join_group(&self, options: GroupOptions, wakeup: &Arc<Wakeup>) -> Result<Box<dyn GroupMember>> {
        Ok(self.intercept.joined(self.inner.join_group(options, wakeup)?))
    }
    fn open_producer(&self, options: ProducerOptions) -> Result<Box<dyn Producer>> {
        let inner = self.inner.open_producer(options)?;
        Ok(Box::new(InterceptedProducer { inner, intercept: self.intercept.clone() }))
    }
}

struct InterceptedProducer<I> {
    inner: Box<dyn Producer>,
    intercept: I,
}

impl<I: Intercept> Producer for InterceptedProducer<I> {
    fn topic(&mut self, name: &str) -> Result<TopicHandle> {
        self.inner.topic(name)
    }
    fn partitions(&self, topic: TopicHandle) -> u32 {
        self.inner.partitions(topic)
    }
    fn bind(&mut self, group: &str, session: Duration) {
        self.inner.bind(group, session);
    }
    fn begin(&mut self) -> Result<()> {
        self.inner.begin()
    }
    fn send(&mut self, topic: TopicHandle, partition: u32, record: RecordView<'_>) -> Result<()> {
        self.inner.send(topic, partition, record)
    }
    fn send_offsets(&mut self, group: &GroupMetadata, offsets: &[(TopicPartition, Committed)]) -> Result<()> {
        self.inner.send_offsets(group, offsets)
    }
    fn commit(&mut self) -> Result<()> {
        self.intercept.commit(&mut *self.inner)
    }
    fn abort(&mut self) -> Result<()> {
        self.inner.abort()
    }
    fn flush(&mut self) -> Result<()> {
        self.inner.flush()
    }
    fn written_end(&self, topic: TopicHandle, partition: u32) -> Option<Offset> {
        self.inner.written_end(topic, partition)
    }
    fn pending_bytes(&self) -> usize {
        self.inner.pending_bytes()
    }
}
