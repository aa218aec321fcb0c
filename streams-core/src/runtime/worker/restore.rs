//! Restoring a task's stores in slices, so that the other tasks of the worker go on meanwhile.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TopicPartition};
use crate::log::{Committed, PartitionReader, Wakeup};
use crate::operators::source::SourceRows;
use crate::record::RecordBatch;
use crate::runtime::gauges::Gauges;
use crate::runtime::shared::Shared;
use crate::state::{RestoreProgress, Restorer};
use crate::task::{RestoreFrom, Task};
use crate::time::StreamTime;

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
    partition: TopicPartition,
    reader: Box<dyn PartitionReader>,
    end: Offset,
    /// If the partition is not a changelog but fills the store: what its records are there.
    source: Option<Source>,
}

struct Source {
    rows: Arc<dyn SourceRows>,
    time: StreamTime,
    batch: RecordBatch,
}

impl Restore {
    /// Looks up where each store's changelog begins and ends, and how far the engine has come in it. `committed` are
    /// the positions of the task's inputs.
    pub(super) fn begin(
        task: &Task,
        committed: &[Option<Committed>],
        shared: &Shared,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Restore> {
        let state = task.state();
        let mut restorer = Restorer::new(Arc::clone(state), shared.config.store_memory() / MEMORY_SHARE);
        let mut stores = Vec::new();
        for (store, from) in task.restores().into_iter().enumerate() {
            let Some(RestoreFrom { partition, source }) = from else { continue };
            let Some(info) = shared.log.describe_topic(&partition.topic)? else {
                let what = if source.is_some() { "source" } else { "changelog" };
                return Err(Error::new(
                    ErrorKind::NotFound,
                    format!(
                        "task {}: {what} topic {} was deleted; start the application again",
                        task.id, partition.topic
                    ),
                ));
            };
            if state.set_changelog(store, info.id)? {
                tracing::info!(task = %task.id, topic = partition.topic, partition = partition.partition, "no local state: restoring all of it");
            }
            // Everything that was committed before the task's positions were looked up, although readers may not see
            // it yet.
            let (begin, end) = (shared.log.start_offset(&partition)?, shared.log.written_offset(&partition)?);
            let known = state.checkpoint(store).map(|checkpoint| checkpoint.offset);
            // What lies behind the committed position of a source is yet to be processed. The store may lie before
            // what is left of the topic: it is right up to where it is.
            let limit = source.as_ref().map(|(queue, _)| committed[*queue].as_ref().map(|c| c.offset));
            let (end, usable) = match limit {
                Some(limit) => (limit.unwrap_or(begin).min(end), known <= limit),
                None => (end, known.is_none_or(|offset| (begin..=end).contains(&offset))),
            };
            if !usable {
                tracing::warn!(
                    task = %task.id, topic = partition.topic, partition = partition.partition,
                    offset = known, begin, end,
                    "the local state is not at a place that can be restored from: restoring all of it"
                );
                state.wipe_store(store)?;
            }
            let start = known.filter(|_| usable).map_or(begin, |offset| offset.max(begin));
            restorer.begin(store, start, end, shared.elapsed());
            let reader = shared.log.open_reader(&partition, start, wakeup)?;
            let source = source.map(|(_, rows)| Source {
                rows,
                time: StreamTime::unknown(),
                batch: RecordBatch::new(),
            });
            stores.push(Restoring { store, partition, reader, end, source });
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
            moved |= restoring.reader.read(&mut self.batch, SLICE)? > 0;
            let position = restoring.reader.position().min(restoring.end);
            let rows = match &mut restoring.source {
                Some(source) => source.convert(&self.batch, restoring.end),
                None => Ok(&self.batch),
            };
            let applied = rows.and_then(|rows| {
                self.restorer.apply(restoring.store, rows, position)?;
                Ok(rows.len())
            });
            let count = applied.map_err(|e| e.context(format!("restoring from {}", restoring.partition)))?;
            Gauges::add(&shared.gauges.restored, count as u64);
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

impl Source {
    /// The records before `end` as changelog records.
    fn convert(&mut self, records: &RecordBatch, end: Offset) -> Result<&RecordBatch> {
        self.batch.clear();
        for record in records.iter().take_while(|record| record.offset < end) {
            self.rows.read(record, &mut self.time, &mut self.batch)?;
        }
        Ok(&self.batch)
    }
}
