//! The commit path: blocks to the segments, one frame to the journal, then everything visible at once.
//!
//! Invariant: what the journal does not name was not committed, and is cut off or overwritten.

use std::sync::{Arc, PoisonError};

use super::change::{Change, SegmentMeta};
use super::core::{Core, State};
use super::journal::sync_dir;
use super::options::FsyncPolicy;
use super::partition::Partition;
use super::producer::{Epoch, Slot};
use super::segment::Segment;
use super::storage::Storage;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TopicPartition};
use crate::log::{Committed, GroupMetadata};

/// Bytes that were written to one segment and are not committed yet.
pub(super) struct Run {
    partition: Arc<Partition>,
    segment: Arc<Segment>,
    /// Whether the segment is made by this commit.
    is_new: bool,
    meta: SegmentMeta,
    end: Offset,
}

impl Core {
    /// Commits the blocks of all slots and the offsets, or nothing of them. The blocks stay in their slots.
    pub(super) fn commit(
        &self,
        epoch: Option<&Epoch>,
        slots: &mut [&mut Slot],
        offsets: &[(GroupMetadata, Vec<(TopicPartition, Committed)>)],
    ) -> Result<()> {
        let now = self.now();
        let mut state = self.state();
        state.check_writable()?;
        if let Some(epoch) = epoch {
            epoch.check()?;
        }
        let mut changes = Vec::with_capacity(slots.len() + offsets.len());
        for (group, list) in offsets {
            let State { groups, topics, .. } = &mut *state;
            let mut partitions = list.iter().map(|(partition, _)| partition);
            groups.check_owner(&group.group, &group.member, &mut partitions, topics, now)?;
            for (partition, committed) in list {
                let partition = state.partition_id(partition)?;
                let committed = Some(committed.clone());
                changes.push(Change::Offset { group: group.group.clone(), partition, committed });
            }
        }
        let mut runs = Vec::with_capacity(slots.len());
        let written = self.append_all(&state, slots, &mut runs).and_then(|()| {
            let appended =
                |run: &Run| Change::Appended { partition: run.partition.id, segment: run.meta, end: run.end };
            changes.extend(runs.iter().map(appended));
            self.force_runs(&runs)?;
            self.record(&mut state, changes)
        });
        if let Err(error) = written {
            undo(&runs);
            return Err(error);
        }
        self.publish(&mut state, &runs);
        drop(state);
        for run in &runs {
            run.partition.ring();
        }
        Ok(())
    }

    /// Writes the changes to the journal, which is what makes them happen, and applies them.
    pub(super) fn record(&self, state: &mut State, changes: Vec<Change>) -> Result<()> {
        state.check_writable()?;
        if changes.is_empty() {
            return Ok(());
        }
        if let Some(journal) = &mut state.journal {
            journal.append(&changes)?;
            if self.options.fsync == FsyncPolicy::EveryCommit
                && let Err(error) = journal.sync()
            {
                // Whether it is on the disk is unknown; take it back, or let nobody write on.
                if let Err(also) = journal.take_back() {
                    state.failed = Some(format!("{error}, and {also}"));
                }
                return Err(error);
            }
        }
        for change in changes {
            state.image.apply(change);
        }
        Ok(())
    }

    fn append_all(&self, state: &State, slots: &mut [&mut Slot], runs: &mut Vec<Run>) -> Result<()> {
        for slot in slots {
            self.append(state, slot, runs)?;
        }
        Ok(())
    }

    /// Writes the blocks of a slot, into as many segments as they need.
    fn append(&self, state: &State, slot: &mut Slot, runs: &mut Vec<Run>) -> Result<()> {
        let partition = &slot.partition;
        let (topic, number) = partition.id;
        let found =
            state.image.topics.get(&topic).and_then(|t| Some((t, t.partitions.get(number as usize)?)));
        let Some((topic, image)) = found else {
            let message =
                format!("topic of partition {} was deleted; look the topic up again", partition.name);
            return Err(Error::new(ErrorKind::NotFound, message));
        };
        slot.buffer.assign_offsets(image.end);
        let fresh =
            |base| SegmentMeta { base, generation: 0, len: 0, max_timestamp: i64::MIN, horizon: i64::MAX };
        let mut run = match (image.segments.last(), partition.last_segment()) {
            (Some(&meta), Some(segment)) => {
                Run { partition: partition.clone(), segment, is_new: false, meta, end: image.end }
            }
            _ => self.new_run(partition, fresh(image.end)),
        };
        let mut from = 0;
        for place in slot.buffer.blocks() {
            let size = place.header.total_len() as u64;
            let pending = (place.start - from) as u64;
            if run.meta.len + pending > 0 && run.meta.len + pending + size > topic.config.segment_bytes {
                if pending > 0 || run.is_new {
                    write(run, &slot.buffer.bytes()[from..place.start], runs)?;
                }
                run = self.new_run(partition, fresh(place.header.base));
                from = place.start;
            }
            run.end = place.header.end();
            run.meta.max_timestamp = run.meta.max_timestamp.max(place.header.max_timestamp);
        }
        write(run, &slot.buffer.bytes()[from..], runs)
    }

    fn new_run(&self, partition: &Arc<Partition>, meta: SegmentMeta) -> Run {
        let segment = self.segment(partition.id, &meta);
        Run { partition: partition.clone(), segment, is_new: true, meta, end: meta.base }
    }

    /// With the policy that says so, forces what was written to the disk.
    fn force_runs(&self, runs: &[Run]) -> Result<()> {
        if self.options.fsync != FsyncPolicy::EveryCommit {
            return Ok(());
        }
        for run in runs {
            run.segment.storage.sync()?;
            if run.is_new {
                for dir in run.segment.storage.path().into_iter().flat_map(|p| p.ancestors().skip(1).take(2))
                {
                    sync_dir(dir)?;
                }
            }
        }
        Ok(())
    }

    /// Shows the committed runs to readers, all at once.
    fn publish(&self, state: &mut State, runs: &[Run]) {
        let closed = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        for run in runs {
            run.segment.publish_len(run.meta.len);
            if run.is_new {
                run.partition.update_segments(|segments| {
                    if let Some(full) = segments.last() {
                        full.storage.shrink();
                    }
                    segments.push(run.segment.clone());
                });
            }
            run.partition.set_end(run.end);
        }
        drop(closed);
        if state.journal.is_some() && self.options.fsync != FsyncPolicy::EveryCommit {
            for run in runs {
                state.mark_dirty(&run.segment, run.is_new);
            }
        }
    }
}

impl State {
    /// Notes that a segment, and with `is_new` its name, is to be forced to the disk.
    pub(super) fn mark_dirty(&mut self, segment: &Arc<Segment>, is_new: bool) {
        if !segment.dirty.swap(true, std::sync::atomic::Ordering::AcqRel) {
            self.dirty.push(segment.clone());
        }
        if is_new && let Some(path) = segment.storage.path() {
            self.dirty_dirs.extend(path.ancestors().skip(1).take(2).map(ToOwned::to_owned));
        }
    }
}

/// Writes `bytes` behind what the run's segment holds and adds the run to the list, also if it fails.
fn write(mut run: Run, bytes: &[u8], runs: &mut Vec<Run>) -> Result<()> {
    let at = run.meta.len;
    run.meta.len += bytes.len() as u64;
    let segment = run.segment.clone();
    let is_new = run.is_new;
    runs.push(run);
    if is_new && let Storage::File(file) = &segment.storage {
        file.create()?;
    }
    segment.storage.write_at(bytes, at)
}

/// Takes back what was written but not committed. Should that fail, the next commit overwrites it.
fn undo(runs: &[Run]) {
    for run in runs.iter().rev() {
        if run.is_new {
            run.segment.remove();
        } else if let Err(error) = run.segment.storage.truncate(run.segment.len()) {
            tracing::warn!(partition = %run.partition.name, %error, "could not cut off a failed write");
        }
    }
}
