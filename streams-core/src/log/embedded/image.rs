//! What a log holds, but for the records: a plain value that changes are applied to.
//!
//! The journal is a list of [`Change`]s; the image after all of them is the state of the log. A snapshot is the
//! list of changes that makes the same image from nothing.

use std::collections::BTreeMap;

use super::change::{Change, SegmentMeta};
use crate::ids::Offset;
use crate::log::{Committed, TopicConfig};

/// A partition by the id of its topic.
pub(super) type PartitionId = (u64, u32);

#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Image {
    pub(super) log_id: u64,
    pub(super) last_topic_id: u64,
    pub(super) topics: BTreeMap<u64, TopicImage>,
    pub(super) names: BTreeMap<String, u64>,
    pub(super) offsets: BTreeMap<String, BTreeMap<PartitionId, Committed>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct TopicImage {
    pub(super) name: String,
    pub(super) config: TopicConfig,
    pub(super) partitions: Vec<PartitionImage>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PartitionImage {
    pub(super) start: Offset,
    pub(super) end: Offset,
    /// In order of their base offsets; the last one is appended to.
    pub(super) segments: Vec<SegmentMeta>,
}

impl Image {
    /// Applies one change. What does not fit (a topic that is not there) is ignored: it was deleted.
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Log { log_id, last_topic_id } => {
                self.log_id = log_id;
                self.last_topic_id = last_topic_id;
            }
            Change::TopicCreated { id, name, partitions, config } => {
                self.last_topic_id = self.last_topic_id.max(id);
                self.names.insert(name.clone(), id);
                let partitions = vec![PartitionImage::default(); partitions as usize];
                self.topics.insert(id, TopicImage { name, config, partitions });
            }
            Change::TopicDeleted { id } => {
                if let Some(topic) = self.topics.remove(&id) {
                    self.names.remove(&topic.name);
                }
                self.offsets.retain(|_, offsets| {
                    offsets.retain(|(topic, _), _| *topic != id);
                    !offsets.is_empty()
                });
            }
            Change::Appended { partition, segment, end } => {
                let Some(image) = self.partition_mut(partition) else {
                    return;
                };
                image.end = end;
                match image.segments.last_mut() {
                    Some(last) if last.base == segment.base => *last = segment,
                    _ => image.segments.push(segment),
                }
            }
            Change::StartOffset { partition, start } => {
                if let Some(image) = self.partition_mut(partition) {
                    image.start = start;
                }
            }
            Change::SegmentsReplaced { partition, removed, added } => {
                let Some(image) = self.partition_mut(partition) else {
                    return;
                };
                image.segments.retain(|s| !removed.contains(&s.base));
                image.segments.extend(added);
                image.segments.sort_by_key(|s| s.base);
            }
            Change::Offset { group, partition, committed } => match committed {
                Some(committed) => {
                    self.offsets.entry(group).or_default().insert(partition, committed);
                }
                None => {
                    if let Some(offsets) = self.offsets.get_mut(&group) {
                        offsets.remove(&partition);
                        if offsets.is_empty() {
                            self.offsets.remove(&group);
                        }
                    }
                }
            },
            Change::TopicConfigured { id, config } => {
                if let Some(topic) = self.topics.get_mut(&id) {
                    topic.config = config;
                }
            }
            Change::Synced { .. } => {}
        }
    }

    /// The changes that make this image from nothing.
    pub(super) fn to_changes(&self) -> Vec<Change> {
        let mut changes = vec![Change::Log { log_id: self.log_id, last_topic_id: self.last_topic_id }];
        for (&id, topic) in &self.topics {
            changes.push(Change::TopicCreated {
                id,
                name: topic.name.clone(),
                partitions: topic.partitions.len() as u32,
                config: topic.config.clone(),
            });
            for (number, image) in topic.partitions.iter().enumerate() {
                let partition = (id, number as u32);
                for &segment in &image.segments {
                    changes.push(Change::Appended { partition, segment, end: image.end });
                }
                if image.start > 0 {
                    changes.push(Change::StartOffset { partition, start: image.start });
                }
            }
        }
        for (group, offsets) in &self.offsets {
            for (&partition, committed) in offsets {
                let committed = Some(committed.clone());
                changes.push(Change::Offset { group: group.clone(), partition, committed });
            }
        }
        changes
    }

    pub(super) fn partition(&self, (topic, partition): PartitionId) -> Option<&PartitionImage> {
        self.topics.get(&topic)?.partitions.get(partition as usize)
    }

    fn partition_mut(&mut self, (topic, partition): PartitionId) -> Option<&mut PartitionImage> {
        self.topics.get_mut(&topic)?.partitions.get_mut(partition as usize)
    }
}
