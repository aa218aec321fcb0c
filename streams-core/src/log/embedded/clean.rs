//! Retention and compaction: whole segments that are too old or too many go, closed segments of compacted topics
//! are rewritten with the last record of each key. Offsets never change.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::block::{BlockBuffer, HEADER, Header, TARGET, place_records};
use super::change::{Change, SegmentMeta};
use super::core::{Core, State};
use super::journal::sync_dir;
use super::partition::Partition;
use super::segment::Segment;
use super::storage::{Storage, lock};
use crate::error::Result;
use crate::ids::Offset;
use crate::log::{CleanupPolicy, TopicConfig};
use crate::record::RecordBatch;
use crate::time::{Timestamp, millis};

/// Output of a compaction is written in pieces of about this size.
const WRITE_AT: usize = 1 << 20;

impl Core {
    /// Applies retention and compaction as of `now`. Unless `eager`, a partition is compacted only when at least
    /// half of it was not yet, or tombstones may go.
    pub(super) fn clean(&self, now: Timestamp, eager: bool) -> Result<()> {
        let _no_other_removes = lock(&self.cleaning);
        let mut all: Vec<(TopicConfig, Arc<Partition>)> = Vec::new();
        {
            let state = self.state();
            for (id, topic) in &state.image.topics {
                let partitions = state.live.get(id).into_iter().flatten();
                all.extend(partitions.map(|partition| (topic.config.clone(), partition.clone())));
            }
        }
        for (config, partition) in &all {
            if config.cleanup_policy != CleanupPolicy::Compact {
                self.retain(config, partition, now)?;
            }
            if config.cleanup_policy != CleanupPolicy::Delete {
                self.compact(config, partition, now, eager)?;
            }
        }
        Ok(())
    }

    fn retain(&self, config: &TopicConfig, partition: &Partition, now: Timestamp) -> Result<()> {
        let mut state = self.state();
        let Some(image) = state.image.partition(partition.id) else { return Ok(()) };
        let oldest = config.retention.map(|age| now.saturating_sub(millis(age)));
        let is_old =
            |meta: &SegmentMeta| oldest.is_some_and(|oldest| meta.len > 0 && meta.max_timestamp < oldest);
        let old = image.segments.iter().take_while(|meta| is_old(meta)).count();
        let mut left: u64 = image.segments.iter().map(|meta| meta.len).sum();
        let closed = &image.segments[..image.segments.len().saturating_sub(1)];
        let many = closed.iter().take_while(|meta| {
            left -= meta.len;
            config.retention_bytes.is_some_and(|limit| left >= limit)
        });
        let count = many.count().max(old);
        if count == 0 {
            return Ok(());
        }
        let start = image.segments.get(count).map_or(image.end, |meta| meta.base);
        if count == image.segments.len() {
            self.roll_partition(&mut state, partition)?;
        }
        if start > partition.start() {
            self.record(&mut state, vec![Change::StartOffset { partition: partition.id, start }])?;
            partition.set_start(start);
        }
        let removed = self.drop_segments_below(&mut state, partition, start)?;
        drop(state);
        self.remove_segments(&removed)
    }

    fn compact(
        &self,
        config: &TopicConfig,
        partition: &Partition,
        now: Timestamp,
        eager: bool,
    ) -> Result<()> {
        let (metas, segments) = {
            let state = self.state();
            let Some(image) = state.image.partition(partition.id) else { return Ok(()) };
            (image.segments.clone(), partition.segments())
        };
        let lag = millis(config.min_compaction_lag);
        let may = |meta: &SegmentMeta| lag == 0 || meta.max_timestamp <= now.saturating_sub(lag);
        let closed = metas.len().saturating_sub(1);
        let count = metas[..closed].iter().take_while(|meta| may(meta)).count();
        let metas = &metas[..count];
        let bytes = |metas: &mut dyn Iterator<Item = &SegmentMeta>| metas.map(|m| m.len).sum::<u64>();
        let dirty = bytes(&mut metas.iter().filter(|meta| meta.generation == 0));
        let wanted = if eager { dirty > 0 } else { dirty > 0 && dirty * 2 >= bytes(&mut metas.iter()) };
        if !wanted && metas.iter().all(|meta| meta.horizon > now) {
            return Ok(());
        }
        let mut compaction = Compaction {
            core: self,
            config,
            partition,
            now,
            generation: metas.iter().map(|meta| meta.generation).max().unwrap_or(0) + 1,
            last_of_key: HashMap::new(),
            buffer: BlockBuffer::default(),
            open: None,
            outputs: Vec::new(),
        };
        let finished = compaction.run(metas, &segments[..count]);
        let outputs = std::mem::take(&mut compaction.outputs);
        let replaced = finished.and_then(|()| self.replace(partition, metas, &outputs));
        if replaced.is_err() {
            outputs.iter().for_each(|(_, segment)| segment.remove());
        }
        replaced?;
        self.remove_segments(&segments[..count])
    }

    /// Puts the outputs in the place of the segments they were made of.
    fn replace(
        &self,
        partition: &Partition,
        old: &[SegmentMeta],
        outputs: &[(SegmentMeta, Arc<Segment>)],
    ) -> Result<()> {
        for (_, segment) in outputs {
            segment.storage.sync()?;
            segment.storage.shrink();
        }
        if let Some(dir) = outputs.iter().find_map(|(_, s)| s.storage.path()?.parent()) {
            sync_dir(dir)?;
        }
        let mut state: std::sync::MutexGuard<'_, State> = self.state();
        let change = Change::SegmentsReplaced {
            partition: partition.id,
            removed: old.iter().map(|meta| meta.base).collect(),
            added: outputs.iter().map(|(meta, _)| *meta).collect(),
        };
        self.record(&mut state, vec![change])?;
        let _closed = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        partition.update_segments(|segments| {
            segments.splice(..old.len(), outputs.iter().map(|(_, segment)| segment.clone()));
        });
        Ok(())
    }
}

/// One partition being compacted.
struct Compaction<'a> {
    core: &'a Core,
    config: &'a TopicConfig,
    partition: &'a Partition,
    now: Timestamp,
    generation: u32,
    /// Last offset of each key in the segments that were not compacted before. In memory while this runs.
    last_of_key: HashMap<Vec<u8>, Offset>,
    buffer: BlockBuffer,
    open: Option<OpenBlock>,
    outputs: Vec<(SegmentMeta, Arc<Segment>)>,
}

/// The block that is being filled, possibly from several.
#[derive(Clone, Copy)]
struct OpenBlock {
    base: Offset,
    last: Offset,
    horizon: Timestamp,
}

impl Compaction<'_> {
    fn run(&mut self, metas: &[SegmentMeta], segments: &[Arc<Segment>]) -> Result<()> {
        let mut last_of_key = HashMap::new();
        for (_, segment) in metas.iter().zip(segments).filter(|(meta, _)| meta.generation == 0) {
            for_each_block(segment, |_, batch| {
                for record in batch.iter() {
                    if let Some(key) = record.key {
                        last_of_key.insert(key.to_vec(), record.offset);
                    }
                }
                Ok(())
            })?;
        }
        self.last_of_key = last_of_key;
        for (index, segment) in segments.iter().enumerate() {
            for_each_block(segment, |header, batch| self.keep(header, batch))?;
            if index + 1 == segments.len() {
                self.close_block();
                self.write()?;
            }
        }
        Ok(())
    }

    /// Copies what stays of a block.
    fn keep(&mut self, header: &Header, batch: &RecordBatch) -> Result<()> {
        let first_time = header.delete_horizon < 0;
        let tombstones_go = !first_time && self.now >= header.delete_horizon;
        let horizon = if first_time {
            self.now.saturating_add(millis(self.config.delete_retention))
        } else {
            header.delete_horizon
        };
        let start = self.partition.start();
        for record in batch.iter() {
            let is_last = record
                .key
                .is_none_or(|key| self.last_of_key.get(key).is_none_or(|last| record.offset >= *last));
            let is_tombstone = record.value.is_none();
            if record.offset < start || !is_last || (is_tombstone && tombstones_go) {
                continue;
            }
            let mut open =
                self.open.unwrap_or(OpenBlock { base: header.base, last: header.base, horizon: -1 });
            open.last = header.end() - 1;
            if is_tombstone {
                open.horizon = open.horizon.max(horizon);
            }
            self.open = Some(open);
            self.buffer.push_at(record.offset - open.base, record);
        }
        if let Some(open) = &mut self.open {
            open.last = header.end() - 1;
            let span = open.last - open.base;
            if self.buffer.open_len() >= TARGET || span > i64::from(u32::MAX / 2) {
                self.close_block();
            }
        }
        if self.buffer.bytes().len() >= WRITE_AT { self.write_closed() } else { Ok(()) }
    }

    fn close_block(&mut self) {
        if let Some(open) = self.open.take() {
            self.buffer.close_at(open.base, open.last, open.horizon);
        }
    }

    fn write_closed(&mut self) -> Result<()> {
        self.close_block();
        self.write()
    }

    /// Writes the closed blocks behind the last output, or into a new one if that is full.
    fn write(&mut self) -> Result<()> {
        let Some(first) = self.buffer.blocks().first() else { return Ok(()) };
        let bytes = self.buffer.bytes();
        let full = self
            .outputs
            .last()
            .is_none_or(|(meta, _)| meta.len + bytes.len() as u64 > self.config.segment_bytes);
        if full {
            let meta = SegmentMeta {
                base: first.header.base,
                generation: self.generation,
                len: 0,
                max_timestamp: i64::MIN,
                horizon: i64::MAX,
            };
            let segment = self.core.segment(self.partition.id, &meta);
            if let Storage::File(file) = &segment.storage {
                file.create()?;
            }
            self.outputs.push((meta, segment));
        }
        if let Some((meta, segment)) = self.outputs.last_mut() {
            segment.storage.write_at(bytes, meta.len)?;
            meta.len += bytes.len() as u64;
            for place in self.buffer.blocks() {
                meta.max_timestamp = meta.max_timestamp.max(place.header.max_timestamp);
                if place.header.delete_horizon >= 0 {
                    meta.horizon = meta.horizon.min(place.header.delete_horizon);
                }
            }
            segment.publish_len(meta.len);
        }
        self.buffer.clear();
        Ok(())
    }
}

/// Calls `f` with every block of a segment and its records.
fn for_each_block(segment: &Segment, mut f: impl FnMut(&Header, &RecordBatch) -> Result<()>) -> Result<()> {
    let mut batch = RecordBatch::new();
    let mut at = 0;
    while at < segment.len() {
        batch.clear();
        segment.storage.read_into(batch.buffer(), at, HEADER)?;
        let header = Header::parse(batch.buffer()).ok_or_else(|| segment.corrupt(at))?;
        segment.storage.read_into(batch.buffer(), at + HEADER as u64, header.body_len)?;
        if !header.verify(&batch.buffer()[HEADER..]) {
            return Err(segment.corrupt(at));
        }
        place_records(&mut batch, &header, HEADER, 0, usize::MAX).ok_or_else(|| segment.corrupt(at))?;
        f(&header, &batch)?;
        at += header.total_len() as u64;
    }
    Ok(())
}
