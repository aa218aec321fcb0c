//! Restoring a task's stores in slices, so that the other tasks of the worker go on meanwhile.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TopicPartition};
use crate::log::{PartitionReader, Wakeup};
use crate::record::RecordBatch;
use crate::runtime::gauges::Gauges;
use crate::runtime::shared::Shared;
use crate::state::{RestoreProgress, Restorer};
use crate::task::Task;

/// Bytes read from a changelog at once.
const SLICE: usize = 1 << 20;
/// Restored entries are kept in memory up to this share of the budget.
const MEMORY_SHARE: usize = 8;

pub(super) struct Restore {
    restorer: Restorer,
    stores: Vec<Restoring>,
    batch: RecordBatch,
}

struct Restoring {
    store: usize,
    changelog: TopicPartition,
    reader: Box<dyn PartitionReader>,
    end: Offset,
}

impl Restore {
    /// Looks up where each store's changelog begins and ends, and how far the engine has come in it.
    pub(super) fn begin(task: &Task, shared: &Shared, wakeup: &Arc<Wakeup>) -> Result<Restore> {
        let state = task.state();
        let mut restorer = Restorer::new(Arc::clone(state), shared.config.store_memory() / MEMORY_SHARE);
        let mut stores = Vec::new();
        for (store, topic) in task.changelog_topics().into_iter().enumerate() {
            let Some(topic) = topic else { continue };
            let Some(info) = shared.log.describe_topic(&topic)? else {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    format!(
                        "task {}: changelog topic {topic} was deleted; start the application again",
                        task.id
                    ),
                ));
            };
            let changelog = TopicPartition::new(topic, task.id.partition);
            if state.set_changelog(store, info.id)? {
                tracing::info!(task = %task.id, %changelog, "no local state: restoring all of it");
            }
            let (begin, end) = (shared.log.start_offset(&changelog)?, shared.log.end_offset(&changelog)?);
            let known = state.checkpoint(store).map(|checkpoint| checkpoint.offset);
            let start = match known {
                Some(offset) if (begin..=end).contains(&offset) => offset,
                Some(offset) => {
                    tracing::warn!(
                        task = %task.id, %changelog, offset, begin, end,
                        "the changelog does not reach the local state: restoring all of it"
                    );
                    state.wipe_store(store)?;
                    begin
                }
                None => begin,
            };
            restorer.begin(store, start, end, shared.elapsed());
            let reader = shared.log.open_reader(&changelog, start, wakeup)?;
            stores.push(Restoring { store, changelog, reader, end });
        }
        Ok(Restore { restorer, stores, batch: RecordBatch::new() })
    }

    /// Reads a slice of each store that is not done; whether anything was read.
    pub(super) fn step(&mut self, shared: &Shared) -> Result<bool> {
        let mut moved = false;
        for restoring in &mut self.stores {
            if restoring.reader.position() >= restoring.end {
                continue;
            }
            self.batch.clear();
            let count = restoring.reader.read(&mut self.batch, SLICE)?;
            let position = restoring.reader.position();
            self.restorer
                .apply(restoring.store, &self.batch, position)
                .map_err(|e| e.context(format!("restoring from {}", restoring.changelog)))?;
            Gauges::add(&shared.gauges.restored, count as u64);
            moved |= count > 0;
        }
        Ok(moved)
    }

    pub(super) fn is_done(&self) -> bool {
        self.stores.iter().all(|restoring| restoring.reader.position() >= restoring.end)
    }

    /// How far each store has come.
    pub(super) fn progress(&self, now: Duration) -> Vec<RestoreProgress> {
        self.stores.iter().map(|restoring| self.restorer.progress(restoring.store, now)).collect()
    }
}
