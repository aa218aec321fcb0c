//! One store over an engine in memory and a changelog, for tests of stores.

use std::sync::Arc;
use std::time::Duration;

use crate::ids::TaskId;
use crate::record::{RecordBatch, RecordView};
use crate::state::engine::{Backend, MemoryBackend};
use crate::state::{MemoryBudget, Restorer, TaskState, TaskStoreRef};

const TASK: TaskId = TaskId { sub_topology: 0, partition: 3 };

/// A changelog: key, value, time.
#[derive(Default)]
pub(crate) struct Logs(Vec<(Vec<u8>, Option<Vec<u8>>, i64)>);

impl Logs {
    /// Commits what has changed.
    pub(crate) fn commit(&mut self, state: &TaskState) {
        let before = self.0.len();
        let mut add = |_, record: RecordView<'_>| {
            let key = record.key.unwrap_or_default().to_vec();
            self.0.push((key, record.value.map(<[u8]>::to_vec), record.timestamp));
            Ok(())
        };
        state.changes(&mut add).unwrap();
        let end = self.0.len();
        state.committed(&[(end > before).then_some(end as i64)]);
    }

    pub(crate) fn records(&self) -> &[(Vec<u8>, Option<Vec<u8>>, i64)] {
        &self.0
    }
}

/// Opens the store and restores what the engine does not have.
pub(crate) fn open(
    backend: &MemoryBackend,
    store: TaskStoreRef,
    budget: &Arc<MemoryBudget>,
    logs: &Logs,
) -> Arc<TaskState> {
    let engine = backend.open_task(TASK).unwrap();
    let state = TaskState::open(TASK, engine, vec![store], Arc::clone(budget)).unwrap();
    state.set_changelog(0, 77).unwrap();
    let start = state.checkpoint(0).map_or(0, |checkpoint| checkpoint.offset);
    let mut restorer = Restorer::new(Arc::clone(&state));
    restorer.begin(0, start, logs.0.len() as i64, Duration::ZERO);
    let mut batch = RecordBatch::new();
    for (key, value, timestamp) in &logs.0[start as usize..] {
        let (key, value) = (Some(key.as_slice()), value.as_deref());
        batch.push(RecordView { timestamp: *timestamp, key, value, ..RecordView::default() });
    }
    restorer.apply(0, &batch, logs.0.len() as i64).unwrap();
    if batch.len().is_multiple_of(3) {
        state.flush().unwrap();
    }
    state
}
