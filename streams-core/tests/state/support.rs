//! Engines to test over, and a changelog as the tests keep it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use streams_core::ids::{Offset, TaskId};
use streams_core::record::{EncodedHeaders, RecordBatch, RecordView};
use streams_core::state::engine::{Backend, EngineKind};
use streams_core::state::{MemoryBudget, Restorer, TaskState, TaskStoreRef};

pub(crate) const TASK: TaskId = TaskId { sub_topology: 0, partition: 3 };
pub(crate) const TOPIC_ID: u128 = 77;

/// A backend that can be closed and opened again with its content.
pub(crate) enum Disk {
    Dir(EngineKind, tempfile::TempDir),
    Memory(Arc<dyn Backend>),
}

/// Every engine there is.
pub(crate) const KINDS: [EngineKind; 3] = [EngineKind::Sled, EngineKind::Fjall, EngineKind::Memory];
/// Those that keep what they have on disk.
pub(crate) const ON_DISK: [EngineKind; 2] = [EngineKind::Sled, EngineKind::Fjall];

impl Disk {
    pub(crate) fn of(kind: EngineKind) -> Self {
        match kind {
            EngineKind::Memory => Disk::Memory(kind.open(Path::new("unused"), 0).unwrap()),
            _ => Disk::Dir(kind, tempfile::tempdir().unwrap()),
        }
    }

    pub(crate) fn open(&self) -> Arc<dyn Backend> {
        match self {
            Disk::Dir(kind, dir) => kind.open(dir.path(), 4 << 20).unwrap(),
            Disk::Memory(backend) => backend.clone(),
        }
    }
}

/// Changelogs of the stores of one task: key, value, time.
#[derive(Default)]
pub(crate) struct Changelogs(Vec<Vec<(Vec<u8>, Option<Vec<u8>>, i64)>>);

impl Changelogs {
    pub(crate) fn of(stores: usize) -> Self {
        Changelogs(vec![Vec::new(); stores])
    }

    pub(crate) fn records(&self, store: usize) -> &[(Vec<u8>, Option<Vec<u8>>, i64)] {
        &self.0[store]
    }

    /// Commits the task's changes; the number of records of each store.
    pub(crate) fn commit(&mut self, state: &TaskState) -> Vec<usize> {
        let mut counts = vec![0; self.0.len()];
        state
            .changes(&mut |store, record| {
                let key = record.key.unwrap().to_vec();
                self.0[store].push((key, record.value.map(<[u8]>::to_vec), record.timestamp));
                counts[store] += 1;
                Ok(())
            })
            .unwrap();
        let ends: Vec<Option<Offset>> =
            self.0.iter().zip(&counts).map(|(log, count)| (*count > 0).then_some(log.len() as i64)).collect();
        state.committed(&ends);
        counts
    }

    /// Opens a task and restores it; the number of records read.
    pub(crate) fn restore(
        &self,
        backend: &Arc<dyn Backend>,
        stores: Vec<TaskStoreRef>,
        budget: &Arc<MemoryBudget>,
    ) -> (Arc<TaskState>, usize) {
        let engine = backend.open_task(TASK).unwrap();
        let state = TaskState::open(TASK, engine, stores, budget.clone()).unwrap();
        let mut restorer = Restorer::new(state.clone());
        let mut read = 0;
        for (store, log) in self.0.iter().enumerate() {
            state.set_changelog(store, TOPIC_ID).unwrap();
            let start = state.checkpoint(store).map_or(0, |checkpoint| checkpoint.offset);
            restorer.begin(store, start, log.len() as i64, Duration::ZERO);
            for (piece, records) in log[start as usize..].chunks(7).enumerate() {
                let mut batch = RecordBatch::new();
                for (key, value, timestamp) in records {
                    batch.push(RecordView {
                        offset: 0,
                        timestamp: *timestamp,
                        key: Some(key),
                        value: value.as_deref(),
                        headers: EncodedHeaders::default(),
                    });
                }
                let position = start + (piece * 7 + records.len()) as i64;
                restorer.apply(store, &batch, position).unwrap();
                read += records.len();
                if piece % 3 == 2 {
                    state.flush().unwrap();
                }
            }
            assert!(restorer.is_done(store));
        }
        (state, read)
    }
}
