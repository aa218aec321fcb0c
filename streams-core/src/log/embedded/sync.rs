//! Forcing what is committed to the disk, and keeping the journal short.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::change::Change;
use super::core::{Core, State};
use super::image::PartitionId;
use super::journal::sync_dir;
use super::segment::Segment;
use super::storage::lock;
use crate::error::Result;
use crate::ids::Offset;

impl Core {
    /// Forces everything committed so far to the disk. Commits go on meanwhile.
    pub(super) fn sync(&self) -> Result<()> {
        if self.dir.is_none() {
            return Ok(());
        }
        let _one_at_a_time = lock(&self.syncing);
        let (segments, dirs, journal, through) = {
            let mut state = self.state();
            state.check_writable()?;
            let Some(journal) = &state.journal else {
                return Ok(());
            };
            let (handle, through) = (journal.second_handle()?, journal.sequence());
            let segments = std::mem::take(&mut state.dirty);
            let dirs = std::mem::take(&mut state.dirty_dirs);
            if segments.is_empty() && dirs.is_empty() && state.synced == through {
                return Ok(());
            }
            for segment in &segments {
                segment.dirty.store(false, Ordering::Release);
            }
            (segments, dirs, handle, through)
        };
        let synced = sync_segments(&segments)
            .and_then(|()| dirs.iter().try_for_each(|dir| sync_dir(dir)))
            .and_then(|()| journal.sync_data().map_err(crate::Error::from));
        let mut state = self.state();
        if let Err(error) = synced {
            // After a failed sync nobody knows what is on the disk.
            state.failed = Some(error.to_string());
            return Err(error);
        }
        let marked = self.record(&mut state, vec![Change::Synced { through }]);
        if let Some(journal) = &state.journal {
            // The mark itself need not be on the disk.
            state.synced = if marked.is_ok() { journal.sequence() } else { 0 };
        }
        Ok(())
    }

    /// After opening: segments that were appended to since the last sync are to be synced.
    pub(super) fn adopt_tail(&self, tail: &HashSet<(PartitionId, Offset)>) {
        let mut state = self.state();
        let live = state.live.values().flatten().cloned().collect::<Vec<_>>();
        for partition in live {
            for segment in partition.segments() {
                if tail.contains(&(partition.id, segment.base)) {
                    state.mark_dirty(&segment, true);
                }
            }
        }
    }

    /// To be called before files go that the journal no longer names: recovery must neither look for them, which
    /// the sync mark sees to, nor find the journal as it was before.
    pub(super) fn force_removal(&self) -> Result<()> {
        self.sync()?;
        self.state().journal.as_ref().map_or(Ok(()), super::journal::Journal::sync)
    }

    /// Deletes segments that the journal no longer names.
    pub(super) fn remove_segments(&self, removed: &[Arc<Segment>]) -> Result<()> {
        if !removed.is_empty() {
            self.force_removal()?;
            removed.iter().for_each(|segment| segment.remove());
        }
        Ok(())
    }

    /// Starts a new journal file if the present one has grown beyond what the options say.
    pub(super) fn rotate_journal(&self) -> Result<()> {
        let _one_at_a_time = lock(&self.syncing);
        let mut state = self.state();
        if state.journal.as_ref().is_none_or(|j| j.grown() < self.options.journal_bytes) {
            return Ok(());
        }
        state.check_writable()?;
        let State { journal, image, dirty, dirty_dirs, .. } = &mut *state;
        sync_segments(dirty)?;
        dirty_dirs.iter().try_for_each(|dir| sync_dir(dir))?;
        for segment in dirty.drain(..) {
            segment.dirty.store(false, Ordering::Release);
        }
        dirty_dirs.clear();
        if let Some(journal) = journal {
            journal.rotate(image)?;
            state.synced = journal.sequence();
        }
        Ok(())
    }
}

fn sync_segments(segments: &[Arc<Segment>]) -> Result<()> {
    segments.iter().filter(|segment| !segment.is_removed()).try_for_each(|segment| {
        match segment.storage.sync() {
            // It went between the question and the attempt.
            Err(_) if segment.is_removed() => Ok(()),
            synced => synced,
        }
    })
}
