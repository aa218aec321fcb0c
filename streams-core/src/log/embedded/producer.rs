//! A producer: encodes records into the blocks that a commit writes.
//!
//! A transaction is kept in memory until its commit, at about the size of its records.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Shared;
use super::block::BlockBuffer;
use super::partition::Partition;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TopicPartition};
use crate::log::{
    CleanupPolicy, Committed, GroupMetadata, Producer, ProducerOptions, TopicConfig, TopicHandle,
};
use crate::record::RecordView;

/// Without transactions, this much is written without waiting for a `flush`.
const WRITE_AT: usize = 4 << 20;

/// The epoch of a transactional id: the newest producer has the current one.
#[derive(Debug, Clone)]
pub(super) struct Epoch {
    pub(super) id: Arc<str>,
    pub(super) own: u64,
    pub(super) current: Arc<AtomicU64>,
}

impl Epoch {
    /// Errs with `Fenced` if there is a newer producer.
    pub(super) fn check(&self) -> Result<()> {
        if self.current.load(Ordering::Acquire) == self.own {
            return Ok(());
        }
        let message =
            format!("a newer producer with transactional id {} has taken over; close this one", self.id);
        Err(Error::new(ErrorKind::Fenced, message))
    }
}

/// Blocks to append to a partition.
pub(super) struct Slot {
    pub(super) partition: Arc<Partition>,
    pub(super) buffer: BlockBuffer,
    /// Number of the commit that wrote here last, and where it ended.
    written: Option<(u64, Offset)>,
}

struct Topic {
    name: String,
    max_bytes: usize,
    keyed: bool,
    slots: Vec<Slot>,
}

pub(super) struct EmbeddedProducer {
    shared: Arc<Shared>,
    epoch: Option<Epoch>,
    topics: Vec<Topic>,
    by_name: HashMap<String, u32>,
    /// Topic and partition of the slots that have records.
    touched: Vec<(u32, u32)>,
    offsets: Vec<(GroupMetadata, Vec<(TopicPartition, Committed)>)>,
    open: bool,
    pending: usize,
    commits: u64,
}

impl EmbeddedProducer {
    pub(super) fn new(shared: Arc<Shared>, options: ProducerOptions) -> Self {
        let epoch = options.transactional_id.map(|id| shared.core.next_epoch(&id));
        EmbeddedProducer {
            shared,
            epoch,
            topics: Vec::new(),
            by_name: HashMap::new(),
            touched: Vec::new(),
            offsets: Vec::new(),
            open: false,
            pending: 0,
            commits: 0,
        }
    }

    fn misuse(&self, what: &str) -> Error {
        let name = self.epoch.as_ref().map_or("a producer without transactional id", |e| &e.id);
        Error::new(ErrorKind::Misuse, format!("{name}: {what}"))
    }

    fn require_transaction(&self) -> Result<()> {
        match &self.epoch {
            None => Err(self.misuse("has no transactions; open it with a transactional id")),
            Some(_) if !self.open => Err(self.misuse("has no open transaction; call begin first")),
            Some(epoch) => epoch.check(),
        }
    }

    /// Hands all blocks to the log; on an error they stay here.
    fn write(&mut self) -> Result<()> {
        let EmbeddedProducer { shared, epoch, topics, touched, offsets, .. } = self;
        let mut slots = Vec::with_capacity(touched.len());
        touched.sort_unstable();
        let mut wanted = touched.iter().copied().peekable();
        for (number, topic) in (0..).zip(topics.iter_mut()) {
            for (partition, slot) in (0..).zip(topic.slots.iter_mut()) {
                if wanted.next_if_eq(&(number, partition)).is_some() {
                    slots.push(slot);
                }
            }
        }
        shared.core.commit(epoch.as_ref(), &mut slots, offsets)
    }

    /// Notes where the records went and forgets them.
    fn written(&mut self) {
        for &(topic, partition) in &self.touched {
            let slot = &mut self.topics[topic as usize].slots[partition as usize];
            if let Some(last) = slot.buffer.blocks().last() {
                slot.written = Some((self.commits, last.header.end()));
            }
        }
    }

    fn forget(&mut self) {
        for (topic, partition) in self.touched.drain(..) {
            self.topics[topic as usize].slots[partition as usize].buffer.clear();
        }
        self.offsets.clear();
        self.pending = 0;
    }
}

impl Producer for EmbeddedProducer {
    fn topic(&mut self, name: &str) -> Result<TopicHandle> {
        if let Some(&index) = self.by_name.get(name) {
            let deleted = |slot: &Slot| slot.partition.is_deleted();
            if !self.topics[index as usize].slots.iter().any(deleted) {
                return Ok(TopicHandle(index));
            }
        }
        let (config, partitions): (TopicConfig, _) = self.shared.core.topic_parts(name)?;
        let slot = |partition| Slot { partition, buffer: BlockBuffer::default(), written: None };
        let index = self.topics.len() as u32;
        self.topics.push(Topic {
            name: name.to_owned(),
            max_bytes: config.max_message_bytes,
            keyed: config.cleanup_policy != CleanupPolicy::Delete,
            slots: partitions.into_iter().map(slot).collect(),
        });
        self.by_name.insert(name.to_owned(), index);
        Ok(TopicHandle(index))
    }

    fn partitions(&self, topic: TopicHandle) -> u32 {
        self.topics.get(topic.0 as usize).map_or(0, |t| t.slots.len() as u32)
    }

    fn begin(&mut self) -> Result<()> {
        match &self.epoch {
            None => return Err(self.misuse("has no transactions; open it with a transactional id")),
            Some(_) if self.open => return Err(self.misuse("has an open transaction; commit or abort it")),
            Some(epoch) => epoch.check()?,
        }
        self.open = true;
        Ok(())
    }

    #[inline]
    fn send(&mut self, topic: TopicHandle, partition: u32, record: RecordView<'_>) -> Result<()> {
        if self.epoch.is_some() && !self.open {
            return self.require_transaction();
        }
        let Some(target) = self.topics.get_mut(topic.0 as usize) else {
            return Err(self.misuse(&format!("topic handle {} is of another producer", topic.0)));
        };
        let Some(slot) = target.slots.get_mut(partition as usize) else {
            let message = format!("topic {} has no partition {partition}", target.name);
            return Err(Error::new(ErrorKind::NotFound, message));
        };
        let key_len = record.key.map_or(0, <[u8]>::len);
        let size = key_len + record.value.map_or(0, <[u8]>::len) + record.headers.0.len();
        if size > target.max_bytes {
            return Err(too_large(&target.name, partition, size, target.max_bytes));
        }
        if target.keyed && record.key.is_none() {
            let message = format!(
                "topic {} is compacted and takes no record without a key (partition {partition})",
                target.name
            );
            return Err(Error::new(ErrorKind::InvalidRecord, message));
        }
        if slot.buffer.is_empty() {
            self.touched.push((topic.0, partition));
        }
        slot.buffer.push(record);
        self.pending += size;
        if self.epoch.is_none() && self.pending >= WRITE_AT {
            self.write()?;
            self.commits += 1;
            self.written();
            self.commits -= 1;
            self.forget();
        }
        Ok(())
    }

    fn send_offsets(&mut self, group: &GroupMetadata, offsets: &[(TopicPartition, Committed)]) -> Result<()> {
        self.require_transaction()?;
        self.offsets.push((group.clone(), offsets.to_vec()));
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.require_transaction()?;
        self.write()?;
        self.commits += 1;
        self.written();
        self.forget();
        self.open = false;
        Ok(())
    }

    fn abort(&mut self) -> Result<()> {
        if self.epoch.is_none() {
            return Err(self.misuse("has no transactions; open it with a transactional id"));
        }
        self.forget();
        self.open = false;
        self.epoch.as_ref().map_or(Ok(()), Epoch::check)
    }

    fn flush(&mut self) -> Result<()> {
        if self.epoch.is_some() {
            return Ok(());
        }
        self.write()?;
        self.commits += 1;
        self.written();
        self.forget();
        Ok(())
    }

    fn written_end(&self, topic: TopicHandle, partition: u32) -> Option<Offset> {
        let slot = self.topics.get(topic.0 as usize)?.slots.get(partition as usize)?;
        slot.written.filter(|(commit, _)| *commit == self.commits).map(|(_, end)| end)
    }

    fn pending_bytes(&self) -> usize {
        self.pending
    }
}

#[cold]
fn too_large(topic: &str, partition: u32, size: usize, limit: usize) -> Error {
    let message = format!(
        "a record of {size} bytes for topic {topic} (partition {partition}) exceeds the topic's limit of {limit} \
         bytes (max.message.bytes); raise the limit or send less"
    );
    Error::new(ErrorKind::TooLarge, message)
}
