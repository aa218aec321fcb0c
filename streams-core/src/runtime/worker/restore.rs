//! Restoring a task's stores in slices, so that the other tasks of the worker go on meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TaskId, TopicPartition};
use crate::log::{Committed, PartitionReader, Wakeup};
use crate::operators::source::SourceRows;
use crate::record::RecordBatch;
use crate::runtime::gauges::Gauges;
use crate::runtime::listed::Listed;
use crate::runtime::shared::Shared;
use crate::state::{RestoreProgress, Restorer};
use crate::task::{RestoreFrom, Task};
use crate::time::StreamTime;

/// Bytes read from a changelog at once: some milliseconds' work.
const SLICE: usize = 256 << 10;
/// A restore says this often how far it is.
const REPORT: Duration = Duration::from_secs(5);

/// All stores of a task, which are read side by side. What is read gathers in the pending rows of the stores, and the
/// flusher writes it to the engine; the worker goes on meanwhile, and waits only when memory is short.
pub(super) struct Restore {
    task: TaskId,
    restorer: Restorer,
    stores: Vec<Restoring>,
    /// The store whose turn it is.
    turn: usize,
    batch: RecordBatch,
    begun: Duration,
    reported: Duration,
}

struct Restoring {
    store: usize,
    partition: TopicPartition,
    /// `None` if there is nothing to be read.
    reader: Option<Box<dyn PartitionReader>>,
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
        let mut restorer = Restorer::new(Arc::clone(state));
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
            // With a valid checkpoint at the end, nothing is asked of the log any more.
            let reader = match start < end {
                true => Some(shared.log.open_reader(&partition, start, wakeup)?),
                false => None,
            };
            if reader.is_some() {
                let store = &state.store(store).spec().name;
                tracing::info!(
                    task = %task.id, store, topic = partition.topic, partition = partition.partition, from = start, to = end, offsets = end - start, "restoring"
                );
            }
            let source = source.map(|(_, rows)| Source {
                rows,
                time: StreamTime::unknown(),
                batch: RecordBatch::new(),
            });
            stores.push(Restoring { store, partition, reader, end, source });
        }
        Ok(Restore {
            task: task.id,
            restorer,
            stores,
            turn: 0,
            batch: RecordBatch::new(),
            begun: shared.elapsed(),
            reported: shared.elapsed(),
        })
    }

    /// Reads slices of the stores in turn for about as long as is `allowed`; whether anything was read. Nothing is,
    /// though there is something, while memory is short: the worker is woken after the next flush.
    pub(super) fn step(&mut self, shared: &Shared, allowed: Duration) -> Result<bool> {
        let begun = Instant::now();
        let (mut moved, mut empty) = (false, 0);
        while empty < self.stores.len() {
            let state = self.restorer.task();
            if state.wants_flush() {
                shared.states.hurry();
            }
            if state.needs_flush() {
                break;
            }
            self.turn = (self.turn + 1) % self.stores.len();
            if !self.read(self.turn, shared)? {
                empty += 1;
                continue;
            }
            (moved, empty) = (true, 0);
            if begun.elapsed() >= allowed {
                break;
            }
        }
        Ok(moved)
    }

    pub(super) fn is_done(&self) -> bool {
        self.stores.iter().all(Restoring::is_done)
    }

    /// Says now and then how far it is, and what it was at the end.
    pub(super) fn report(&mut self, progress: &[RestoreProgress], done: bool, now: Duration) {
        let task = self.task;
        if done {
            let records: u64 = progress.iter().map(|store| store.restored).sum();
            let bytes: u64 = progress.iter().map(|store| store.bytes).sum();
            let stores = Listed(progress.iter().map(|store| &store.store));
            let elapsed_ms = (now - self.begun).as_millis() as u64;
            if self.stores.iter().any(|store| store.reader.is_some()) {
                tracing::info!(%task, %stores, records, bytes, elapsed_ms, "restored");
            } else {
                tracing::debug!(%task, "nothing to restore");
            }
        } else if now - self.reported >= REPORT {
            self.reported = now;
            for store in progress.iter().filter(|store| store.position < store.end) {
                let RestoreProgress { store, restored, position, end, rate, eta, .. } = store;
                let (rate, eta) = (rate.round(), eta.map(|eta| eta.as_secs_f64()));
                tracing::info!(%task, store, restored, position, end, rate, eta, "still restoring");
            }
        }
    }

    /// How far each store has come.
    pub(super) fn progress(&self, now: Duration) -> Vec<RestoreProgress> {
        self.stores.iter().map(|restoring| self.restorer.progress(restoring.store, now)).collect()
    }

    /// Reads a slice of a store; whether there was something.
    fn read(&mut self, index: usize, shared: &Shared) -> Result<bool> {
        let restoring = &mut self.stores[index];
        let Some(reader) = restoring.reader.as_mut().filter(|reader| reader.position() < restoring.end)
        else {
            return Ok(false);
        };
        self.batch.clear();
        let before = reader.position();
        reader.read(&mut self.batch, SLICE)?;
        let position = reader.position().min(restoring.end);
        if position == before {
            return Ok(false);
        }
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
        Ok(true)
    }
}

impl Restoring {
    fn is_done(&self) -> bool {
        self.reader.as_ref().is_none_or(|reader| reader.position() >= self.end)
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
