//! A log whose commits fail now and then: before they take effect, or after it, as a lost answer would look. It also
//! remembers which partitions were read, and lets tests step in before some calls.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{
    Committed, GroupEvent, GroupMember, GroupMetadata, GroupOptions, Log, MemberInfo, NewTopic,
    PartitionReader, Producer, ProducerOptions, TopicHandle, TopicInfo, Wakeup,
};
use streams_core::record::RecordView;
use streams_core::{Error, ErrorKind, Result};

/// Of every `every` commits, one fails before and one after it has taken effect.
pub(crate) struct FailingLog {
    pub(crate) inner: Arc<dyn Log>,
    pub(crate) every: u64,
    pub(crate) kind: ErrorKind,
    pub(crate) commits: Arc<AtomicU64>,
    /// The partitions that readers were opened for, in that order.
    pub(crate) read: Mutex<Vec<TopicPartition>>,
    pub(crate) hooks: Arc<Hooks>,
}

/// Where a test steps in.
#[derive(Default)]
pub(crate) struct Hooks {
    before: Mutex<Option<Hook>>,
    /// What polls of members answer first.
    pub(crate) events: Mutex<VecDeque<Option<GroupEvent>>>,
    /// Members do not get the positions of this one committed.
    pub(crate) refused: Mutex<Option<TopicPartition>>,
}

type Hook = Arc<dyn Fn(&str) + Send + Sync>;

impl Hooks {
    /// Calls this with the name of each call that can be stepped in before: `committed`, `poll`.
    pub(crate) fn before(&self, hook: impl Fn(&str) + Send + Sync + 'static) {
        *self.before.lock().unwrap() = Some(Arc::new(hook));
    }

    fn pass(&self, call: &str) {
        let hook = self.before.lock().unwrap().clone();
        if let Some(hook) = hook {
            hook(call);
        }
    }
}

impl FailingLog {
    pub(crate) fn new(inner: &Arc<dyn Log>, every: u64, kind: ErrorKind) -> Self {
        FailingLog {
            inner: Arc::clone(inner),
            every,
            kind,
            commits: Arc::default(),
            read: Mutex::default(),
            hooks: Arc::default(),
        }
    }
}

impl Log for FailingLog {
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
    fn group_members(&self, group: &str) -> Result<Vec<MemberInfo>> {
        self.inner.group_members(group)
    }
    fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<Committed>>> {
        self.hooks.pass("committed");
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
        self.read.lock().unwrap().push(partition.clone());
        self.inner.open_reader(partition, from, wakeup)
    }
    fn join_group(&self, options: GroupOptions, wakeup: &Arc<Wakeup>) -> Result<Box<dyn GroupMember>> {
        let inner = self.inner.join_group(options, wakeup)?;
        Ok(Box::new(HookedMember { inner, hooks: Arc::clone(&self.hooks) }))
    }
    fn open_producer(&self, options: ProducerOptions) -> Result<Box<dyn Producer>> {
        let inner = self.inner.open_producer(options)?;
        let (every, kind, commits) = (self.every, self.kind, Arc::clone(&self.commits));
        Ok(Box::new(FailingProducer { inner, every, kind, commits }))
    }
}

struct FailingProducer {
    inner: Box<dyn Producer>,
    every: u64,
    kind: ErrorKind,
    commits: Arc<AtomicU64>,
}

impl Producer for FailingProducer {
    fn topic(&mut self, name: &str) -> Result<TopicHandle> {
        self.inner.topic(name)
    }
    fn partitions(&self, topic: TopicHandle) -> u32 {
        self.inner.partitions(topic)
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
        let number = self.commits.fetch_add(1, Relaxed) % self.every;
        if number == self.every / 2 {
            return Err(Error::new(self.kind, "injected before the commit"));
        }
        self.inner.commit()?;
        if number == self.every - 1 {
            return Err(Error::new(self.kind, "injected after the commit"));
        }
        Ok(())
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

struct HookedMember {
    inner: Box<dyn GroupMember>,
    hooks: Arc<Hooks>,
}

impl GroupMember for HookedMember {
    fn poll(&mut self) -> Result<Option<GroupEvent>> {
        self.hooks.pass("poll");
        let injected = self.hooks.events.lock().unwrap().pop_front();
        injected.map_or_else(|| self.inner.poll(), Ok)
    }
    fn metadata(&self) -> GroupMetadata {
        self.inner.metadata()
    }
    fn reader(
        &mut self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Box<dyn PartitionReader>> {
        self.inner.reader(partition, from, wakeup)
    }
    fn commit(&mut self, offsets: &[(TopicPartition, Committed)]) -> Result<()> {
        let refused = self.hooks.refused.lock().unwrap().clone();
        if offsets.iter().any(|(partition, _)| Some(partition) == refused.as_ref()) {
            return Err(Error::new(ErrorKind::Fenced, "injected: it is not owned"));
        }
        self.inner.commit(offsets)
    }
    fn leave(&mut self) -> Result<()> {
        self.inner.leave()
    }
}
