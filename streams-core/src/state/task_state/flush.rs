//! The background write: committed rows reach the engine, sorted, with the checkpoint they stand for.

use crate::error::Result;
use crate::state::engine::Batch;
use crate::state::task_state::{Opened, TaskState, meta};

/// What a flush wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flushed {
    /// Rows put or removed, all stores together.
    pub rows: usize,
    /// Bytes of their keys and values.
    pub bytes: usize,
}

impl TaskState {
    /// Writes everything that is committed to the engine, in one batch with the checkpoints. Callable from any
    /// thread at any time: the task goes on meanwhile, and only one flush runs at a time. After an error nothing is
    /// lost, and the next flush tries again.
    pub fn flush(&self) -> Result<Flushed> {
        let _flush = self.flush_lock();
        let (parts, changelogs, metadata) = {
            let mut point = self.point();
            if !std::mem::take(&mut point.changed) {
                return Ok(Flushed::default());
            }
            let parts: Vec<_> = self.stores.iter().map(|opened| opened.store.begin_flush()).collect();
            (parts, point.changelogs.clone(), point.metadata.clone())
        };
        let mut batch = Batch::new();
        let mut rows = 0;
        for ((Opened { number, .. }, part), changelog) in self.stores.iter().zip(&parts).zip(changelogs) {
            for (key, row) in part.rows.iter() {
                rows += 1;
                match row {
                    Some(row) => batch.put(*number, key, row),
                    None => batch.delete(*number, key),
                }
            }
            meta::put_checkpoint(&mut batch, *number, changelog, &part.progress);
        }
        if let Some(metadata) = &metadata {
            meta::put_metadata(&mut batch, metadata);
        }
        let written = self.engine.apply(&batch);
        for Opened { store, .. } in &self.stores {
            store.end_flush(written.is_ok());
        }
        if let Err(error) = written {
            self.point().changed = true;
            return Err(error.context(format_args!("task {}: cannot write the stores", self.task)));
        }
        // Nobody sees these rows anymore, so it does not matter when they go.
        for (Opened { number, .. }, part) in self.stores.iter().zip(&parts) {
            if let Some(expired) = &part.expired {
                self.engine.delete_range(*number, expired)?;
            }
        }
        // An engine may hold back what it was given; a flush that a crash undoes would have to be replayed.
        self.engine.sync()?;
        Ok(Flushed { rows, bytes: batch.byte_len() })
    }

    /// Whether committed entries of all stores of the application take more than their share of memory, and this
    /// task has some.
    pub fn wants_flush(&self) -> bool {
        self.budget.wants_flush() && self.stores.iter().any(|opened| opened.store.pending_bytes() > 0)
    }

    /// Whether uncommitted entries of all stores of the application take more than their share of memory: they
    /// cannot be dropped or written before a commit.
    pub fn wants_commit(&self) -> bool {
        self.budget.wants_commit()
    }

    /// Returns when everything that was flushed would survive the machine losing power.
    pub fn sync(&self) -> Result<()> {
        self.engine.sync()
    }
}
