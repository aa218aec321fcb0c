//! Commit, abort, flush and restore of unmatched records.

use std::sync::Arc;

use crate::error::Result;
use crate::record::{EncodedHeaders, RecordView};
use crate::state::budget::MemoryBudget;
use crate::state::entries::Below;
use crate::state::task_store::TaskStore;
use crate::state::task_store::layers::{FlushPart, StoreLayers, StoreProgress};
use crate::state::unmatched::Shared;
use crate::state::{StoreSpec, StoreUsage};

impl<V1, V2> TaskStore for Shared<V1, V2>
where
    V1: Clone + Send + 'static,
    V2: Clone + Send + 'static,
{
    fn spec(&self) -> &StoreSpec {
        &self.spec
    }
}

impl<V1, V2> StoreLayers for Shared<V1, V2>
where
    V1: Clone + Send + 'static,
    V2: Clone + Send + 'static,
{
    fn layout(&self) -> String {
        "unmatched records".to_owned()
    }

    fn attach(&self, below: Below, budget: Arc<MemoryBudget>, progress: Option<StoreProgress>) {
        let mut inner = self.lock();
        inner.entries.attach(below, Arc::clone(&budget), progress.map_or(0, |progress| progress.len));
        inner.share.move_to(budget);
        inner.unload();
    }

    fn stage(&self, emit: &mut dyn FnMut(RecordView<'_>) -> Result<()>) -> Result<()> {
        self.lock().stage(&mut |key, value, timestamp| {
            let headers = EncodedHeaders::default();
            emit(RecordView { offset: 0, timestamp, key: Some(key), value, headers })
        })
    }

    fn commit(&self) {
        self.lock().commit();
    }

    fn abort(&self) {
        self.lock().unload();
    }

    fn begin_flush(&self) -> FlushPart {
        self.lock().entries.begin_flush_of_keys()
    }

    fn end_flush(&self, written: bool) {
        let flushed = self.lock().entries.end_flush(written);
        drop(flushed);
    }

    fn restore(&self, records: &mut dyn Iterator<Item = RecordView<'_>>) -> Result<u64> {
        let mut inner = self.lock();
        inner.entries.restore_keys(records);
        inner.unload();
        Ok(0)
    }

    fn clear(&self) {
        let mut inner = self.lock();
        inner.entries.clear();
        inner.unload();
    }

    fn pending_bytes(&self) -> usize {
        self.lock().entries.pending_bytes()
    }

    fn usage(&self) -> StoreUsage {
        let inner = self.lock();
        inner.entries.usage() + inner.share.usage(0)
    }
}
