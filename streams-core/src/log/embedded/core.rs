//! The log itself: everything that changes does so here, under one lock.
//!
//! Readers do not take that lock: they see partitions through [`Partition`], which is updated for all partitions of
//! a commit at once while the gate is closed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use super::change::{Change, SegmentMeta};
use super::groups::{Groups, Polled};
use super::image::{Image, PartitionId};
use super::journal::Journal;
use super::options::EmbeddedLogOptions;
use super::partition::Partition;
use super::producer::Epoch;
use super::segment::Segment;
use super::storage::{FileCache, Storage, StoredFile, lock};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::TopicPartition;
use crate::log::{Committed, GroupOptions, MemberInfo, TopicConfig, Wakeup};
use crate::time::Timestamp;

pub(super) struct Core {
    pub(super) options: EmbeddedLogOptions,
    /// Closed (written) while a commit becomes visible.
    pub(super) gate: RwLock<()>,
    /// Held by whoever removes or replaces segments.
    pub(super) cleaning: Mutex<()>,
    /// Held while files are forced to the disk, so that nobody takes what is under way for done.
    pub(super) syncing: Mutex<()>,
    pub(super) dir: Option<Directory>,
    state: Mutex<State>,
}

/// The directory of a durable log.
pub(super) struct Directory {
    pub(super) path: PathBuf,
    pub(super) files: Arc<FileCache>,
    /// Locked as long as the log is open.
    pub(super) lock: File,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) image: Image,
    pub(super) live: BTreeMap<u64, Vec<Arc<Partition>>>,
    /// Number of partitions of each topic.
    pub(super) topics: BTreeMap<String, u32>,
    pub(super) groups: Groups,
    pub(super) journal: Option<Journal>,
    /// Segments and directories with changes that may not be on the disk.
    pub(super) dirty: Vec<Arc<Segment>>,
    pub(super) dirty_dirs: BTreeSet<PathBuf>,
    /// Number of the journal's frame up to which everything is on the disk.
    pub(super) synced: u64,
    /// Why nothing can be written any more.
    pub(super) failed: Option<String>,
    epochs: HashMap<Arc<str>, Arc<AtomicU64>>,
}

impl Core {
    pub(super) fn new(
        options: EmbeddedLogOptions,
        dir: Option<Directory>,
        image: Image,
        journal: Option<Journal>,
    ) -> Self {
        let groups = Groups::new(Arc::clone(&options.assignor));
        let mut state = State { image, journal, groups, ..State::default() };
        let mut live = BTreeMap::new();
        for (&id, topic) in &state.image.topics {
            let partitions = (0..).zip(&topic.partitions).map(|(number, image)| {
                let partition = Partition::new((id, number), TopicPartition::new(&topic.name, number));
                partition.set_start(image.start);
                partition.set_end(image.end);
                partition.update_segments(|segments| {
                    let segment = |meta| new_segment(dir.as_ref(), (id, number), meta);
                    segments.extend(image.segments.iter().map(segment));
                });
                Arc::new(partition)
            });
            live.insert(id, partitions.collect());
            state.topics.insert(topic.name.clone(), topic.partitions.len() as u32);
        }
        state.live = live;
        Core {
            options,
            gate: RwLock::default(),
            cleaning: Mutex::default(),
            syncing: Mutex::default(),
            dir,
            state: Mutex::new(state),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// A segment of this log; its file is not made yet.
    pub(super) fn segment(&self, partition: PartitionId, meta: &SegmentMeta) -> Arc<Segment> {
        new_segment(self.dir.as_ref(), partition, meta)
    }

    /// The partition as readers see it.
    pub(super) fn partition(&self, partition: &TopicPartition) -> Result<Arc<Partition>> {
        self.state().partition(partition)
    }

    /// What a producer needs of a topic.
    pub(super) fn topic_parts(&self, name: &str) -> Result<(TopicConfig, Vec<Arc<Partition>>)> {
        let state = self.state();
        let id = state.topic_id(name)?;
        match (state.image.topics.get(&id), state.live.get(&id)) {
            (Some(topic), Some(partitions)) => Ok((topic.config.clone(), partitions.clone())),
            _ => Err(no_topic(name)),
        }
    }

    /// Takes over a transactional id from its older producers.
    pub(super) fn next_epoch(&self, id: &str) -> Epoch {
        let mut state = self.state();
        let id: Arc<str> = id.into();
        let current = state.epochs.entry(id.clone()).or_default().clone();
        let own = current.fetch_add(1, Ordering::AcqRel) + 1;
        Epoch { id, own, current }
    }

    pub(super) fn join(&self, options: &GroupOptions, wakeup: &Arc<Wakeup>) -> String {
        let now = self.now();
        let State { groups, topics, .. } = &mut *self.state();
        groups.join(options, wakeup, topics, now)
    }

    pub(super) fn poll_group(&self, group: &str, member: &str) -> Polled {
        let now = self.now();
        let State { groups, topics, .. } = &mut *self.state();
        groups.poll(group, member, topics, now)
    }

    pub(super) fn leave(&self, group: &str, member: &str) {
        let State { groups, topics, .. } = &mut *self.state();
        groups.leave(group, member, topics);
    }

    pub(super) fn group_members(&self, group: &str) -> Vec<MemberInfo> {
        let now = self.now();
        let State { groups, topics, .. } = &mut *self.state();
        groups.members(group, topics, now)
    }

    pub(super) fn generation(&self, group: &str) -> i32 {
        self.state().groups.generation(group)
    }

    pub(super) fn check_owner(&self, group: &str, member: &str, partition: &TopicPartition) -> Result<()> {
        let now = self.now();
        let State { groups, topics, .. } = &mut *self.state();
        groups.check_owner(group, member, &mut std::iter::once(partition), topics, now)
    }

    pub(super) fn committed(
        &self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<Vec<Option<Committed>>> {
        let state = self.state();
        let offsets = state.image.offsets.get(group);
        let committed = |partition| {
            let id = state.partition_id(partition)?;
            Ok(offsets.and_then(|o| o.get(&id)).cloned())
        };
        partitions.iter().map(committed).collect()
    }

    pub(super) fn alter_committed(
        &self,
        group: &str,
        offsets: &[(TopicPartition, Option<Committed>)],
    ) -> Result<()> {
        let now = self.now();
        let mut state = self.state();
        let State { groups, topics, .. } = &mut *state;
        if groups.is_active(group, topics, now) {
            let message = format!("group {group} has members; stop them before changing its offsets");
            return Err(Error::new(ErrorKind::Fenced, message));
        }
        let change = |(name, committed): &(TopicPartition, Option<Committed>)| {
            let partition = state.partition_id(name)?;
            Ok(Change::Offset { group: group.to_owned(), partition, committed: committed.clone() })
        };
        let changes = offsets.iter().map(change).collect::<Result<Vec<_>>>()?;
        self.record(&mut state, changes)
    }
}

impl State {
    pub(super) fn topic_id(&self, name: &str) -> Result<u64> {
        self.image.names.get(name).copied().ok_or_else(|| no_topic(name))
    }

    pub(super) fn partition_id(&self, partition: &TopicPartition) -> Result<PartitionId> {
        let id = (self.topic_id(&partition.topic)?, partition.partition);
        self.image.partition(id).map(|_| id).ok_or_else(|| {
            let message = format!("topic {} has no partition {}", partition.topic, partition.partition);
            Error::new(ErrorKind::NotFound, message)
        })
    }

    pub(super) fn partition(&self, partition: &TopicPartition) -> Result<Arc<Partition>> {
        let (id, number) = self.partition_id(partition)?;
        let found = self.live.get(&id).and_then(|partitions| partitions.get(number as usize));
        found.cloned().ok_or_else(|| no_topic(&partition.topic))
    }

    /// Errs if an earlier failure left the files in a state that must not be written on.
    pub(super) fn check_writable(&self) -> Result<()> {
        match &self.failed {
            None => Ok(()),
            Some(why) => {
                let message = format!("the log was closed to writing after: {why}; open it again");
                Err(Error::new(ErrorKind::Io, message))
            }
        }
    }
}

pub(super) fn no_topic(name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("topic {name} does not exist; create it first"))
}

/// The directory of a topic's segments.
pub(super) fn topic_dir(dir: &Path, topic: u64) -> PathBuf {
    dir.join("topics").join(topic.to_string())
}

/// The file of a segment.
pub(super) fn segment_path(dir: &Path, (topic, partition): PartitionId, meta: &SegmentMeta) -> PathBuf {
    topic_dir(dir, topic).join(format!("{partition}-{:020}-{}.log", meta.base, meta.generation))
}

fn new_segment(dir: Option<&Directory>, partition: PartitionId, meta: &SegmentMeta) -> Arc<Segment> {
    let storage = match dir {
        None => Storage::memory(),
        Some(dir) => Storage::File(StoredFile::new(segment_path(&dir.path, partition, meta), &dir.files)),
    };
    Arc::new(Segment::new(meta, storage))
}
