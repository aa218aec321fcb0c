//! Creating, describing and deleting topics and records.

use std::sync::{Arc, PoisonError};

use super::change::{Change, SegmentMeta};
use super::core::{Core, State, topic_dir};
use super::partition::Partition;
use super::segment::Segment;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TopicPartition};
use crate::log::{NewTopic, TopicConfig, TopicInfo};

/// More are a mistake, and would only be found out by the memory they take.
const MOST_PARTITIONS: u32 = 100_000;

impl Core {
    pub(super) fn create_topics(&self, topics: &[NewTopic]) -> Result<()> {
        let mut state = self.state();
        let mut changes = Vec::new();
        for (index, topic) in topics.iter().enumerate() {
            check(topic)?;
            let twice = topics[..index].iter().any(|other| other.name == topic.name);
            if twice || state.image.names.contains_key(&topic.name) {
                return Err(Error::new(ErrorKind::Exists, format!("topic {} exists already", topic.name)));
            }
            changes.push(Change::TopicCreated {
                id: state.image.last_topic_id + 1 + index as u64,
                name: topic.name.clone(),
                partitions: topic.partitions,
                config: topic.config.clone(),
            });
        }
        let first = state.image.last_topic_id + 1;
        self.record(&mut state, changes)?;
        for (id, topic) in (first..).zip(topics) {
            let partition = |number| {
                let name = TopicPartition::new(&topic.name, number);
                Arc::new(Partition::new((id, number), name))
            };
            state.live.insert(id, (0..topic.partitions).map(partition).collect());
            state.topics.insert(topic.name.clone(), topic.partitions);
        }
        let State { groups, topics, .. } = &mut *state;
        groups.topics_changed(&[], topics);
        Ok(())
    }

    pub(super) fn describe_topic(&self, name: &str) -> Option<TopicInfo> {
        let state = self.state();
        let id = state.topic_id(name).ok()?;
        let topic = state.image.topics.get(&id)?;
        Some(TopicInfo {
            name: topic.name.clone(),
            id: (u128::from(state.image.log_id) << 64) | u128::from(id),
            partitions: topic.partitions.len() as u32,
            config: topic.config.clone(),
            replication: None,
        })
    }

    pub(super) fn configure_topic(&self, name: &str, change: impl FnOnce(&mut TopicConfig)) -> Result<()> {
        let mut state = self.state();
        let id = state.topic_id(name)?;
        let Some(topic) = state.image.topics.get(&id) else { return Ok(()) };
        let mut config = topic.config.clone();
        change(&mut config);
        let partitions = topic.partitions.len() as u32;
        check(&NewTopic { name: name.to_owned(), partitions, config: config.clone() })?;
        self.record(&mut state, vec![Change::TopicConfigured { id, config }])
    }

    pub(super) fn delete_topics(&self, names: &[&str]) -> Result<()> {
        let _no_other_removes = super::storage::lock(&self.cleaning);
        let mut state = self.state();
        let ids = names.iter().map(|name| state.topic_id(name)).collect::<Result<Vec<_>>>()?;
        let changes = ids.iter().map(|&id| Change::TopicDeleted { id }).collect();
        self.record(&mut state, changes)?;
        let mut gone = Vec::new();
        for id in &ids {
            gone.extend(state.live.remove(id).into_iter().flatten());
        }
        for name in names {
            state.topics.remove(*name);
        }
        let State { groups, topics, .. } = &mut *state;
        groups.topics_changed(names, topics);
        let closed = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        gone.iter().for_each(|partition| partition.set_deleted());
        drop(closed);
        drop(state);
        self.force_removal()?;
        for partition in gone {
            partition.segments().iter().for_each(|segment| segment.remove());
            partition.ring();
        }
        if let Some(dir) = &self.dir {
            for id in ids {
                // What cannot be removed now is removed by the next opening.
                let _ = std::fs::remove_dir_all(topic_dir(&dir.path, id));
            }
        }
        Ok(())
    }

    pub(super) fn delete_records(&self, before: &[(TopicPartition, Offset)]) -> Result<()> {
        let _no_other_removes = super::storage::lock(&self.cleaning);
        let mut state = self.state();
        let mut changes = Vec::new();
        for (name, offset) in before {
            let partition = state.partition_id(name)?;
            let Some(image) = state.image.partition(partition) else {
                continue;
            };
            if *offset > image.end || *offset < 0 {
                let message = format!(
                    "cannot delete records of {name} before {offset}: it holds {} to {}",
                    image.start, image.end
                );
                return Err(Error::new(ErrorKind::OffsetOutOfRange, message));
            }
            if *offset > image.start {
                changes.push(Change::StartOffset { partition, start: *offset });
            }
        }
        let partitions = before.iter().map(|(name, _)| state.partition(name)).collect::<Result<Vec<_>>>()?;
        self.record(&mut state, changes)?;
        let mut removed = Vec::new();
        for partition in partitions {
            let start = state.image.partition(partition.id).map_or(0, |image| image.start);
            partition.set_start(start);
            removed.extend(self.drop_segments_below(&mut state, &partition, start)?);
        }
        drop(state);
        self.remove_segments(&removed)
    }

    /// Takes the segments that end at or below `start` out of a partition, but not the last one.
    pub(super) fn drop_segments_below(
        &self,
        state: &mut State,
        partition: &Partition,
        start: Offset,
    ) -> Result<Vec<Arc<Segment>>> {
        let Some(image) = state.image.partition(partition.id) else {
            return Ok(Vec::new());
        };
        let metas = &image.segments;
        let count = metas.windows(2).take_while(|pair| pair[1].base <= start).count();
        let removed: Vec<Offset> = metas[..count].iter().map(|m| m.base).collect();
        if removed.is_empty() {
            return Ok(Vec::new());
        }
        let change = Change::SegmentsReplaced { partition: partition.id, removed, added: Vec::new() };
        self.record(state, vec![change])?;
        let mut gone = Vec::new();
        partition.update_segments(|segments| gone.extend(segments.drain(..count)));
        Ok(gone)
    }

    /// Closes the last segments of all partitions of a topic, so that cleaning may touch them.
    pub(super) fn roll(&self, topic: &str) -> Result<()> {
        let mut state = self.state();
        let id = state.topic_id(topic)?;
        let partitions = state.live.get(&id).cloned().unwrap_or_default();
        for partition in partitions {
            self.roll_partition(&mut state, &partition)?;
        }
        Ok(())
    }

    pub(super) fn roll_partition(&self, state: &mut State, partition: &Partition) -> Result<()> {
        let Some(image) = state.image.partition(partition.id) else {
            return Ok(());
        };
        let end = image.end;
        if image.segments.last().is_none_or(|last| last.base == end) {
            return Ok(());
        }
        let meta =
            SegmentMeta { base: end, generation: 0, len: 0, max_timestamp: i64::MIN, horizon: i64::MAX };
        let segment = self.segment(partition.id, &meta);
        if let super::storage::Storage::File(file) = &segment.storage {
            file.create()?;
        }
        self.record(state, vec![Change::Appended { partition: partition.id, segment: meta, end }])?;
        partition.update_segments(|segments| segments.push(segment.clone()));
        if state.journal.is_some() {
            state.mark_dirty(&segment, true);
        }
        Ok(())
    }
}

fn check(topic: &NewTopic) -> Result<()> {
    let name = &topic.name;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let config = |what: &str| Err(Error::new(ErrorKind::Config, format!("topic {name:?} {what}")));
    if name.is_empty() || name.len() > 249 || name == "." || name == ".." || !name.chars().all(legal) {
        return config("has an illegal name; use 1 to 249 of a-z A-Z 0-9 . _ - and not . or ..");
    }
    if !(1..=MOST_PARTITIONS).contains(&topic.partitions) {
        return config("needs 1 to 100000 partitions");
    }
    if topic.config.segment_bytes == 0 {
        return config("needs segment.bytes of at least 1");
    }
    Ok(())
}
