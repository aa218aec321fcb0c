//! sled: one database in the state directory, one tree per task.
//!
//! A row's key is the store's number in two bytes and then the key, so that one batch of the tree spans all stores.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sled::{Batch as SledBatch, Config, Db, Tree};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::TaskId;
use crate::state::engine::rows::{parse_task, row_key, row_range, task_name};
use crate::state::engine::{Backend, Batch, Direction, Engine, KeyRange, StoreNumber, Visit};

/// Rows removed at once by `delete_range`, so that readers wait for a short time only.
const DELETE_ROWS: usize = 1024;

/// sled lets go of the directory some time after the database was dropped, when its own threads are done with it. A
/// program that opens what it has just closed waits this long at most.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// Engines on disk in one sled database.
pub struct SledBackend {
    db: Db,
}

impl SledBackend {
    /// Opens the database in `dir`, creating it if it is missing. Errs with `Locked` if another process has it open,
    /// after waiting a second for it.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self> {
        // No thread of sled's own that syncs now and then: every flush of a task does.
        let config = Config::new().path(dir).cache_capacity(cache_bytes).flush_every_ms(None);
        let mut opened = config.open();
        let begun = Instant::now();
        while opened.as_ref().is_err_and(is_lock) && begun.elapsed() < LOCK_WAIT {
            std::thread::sleep(LOCK_WAIT / 50);
            opened = config.open();
        }
        let db = opened.map_err(|cause| {
            let at = dir.display();
            if is_lock(&cause) {
                Error::new(
                    ErrorKind::Locked,
                    format!(
                        "the state directory `{at}` is in use by another process; stop it or use another one"
                    ),
                )
                .caused_by(cause)
            } else {
                failed(cause).context(format_args!("cannot open the state directory `{at}`"))
            }
        })?;
        Ok(SledBackend { db })
    }
}

impl Backend for SledBackend {
    fn open_task(&self, task: TaskId) -> Result<Arc<dyn Engine>> {
        let tree = self.db.open_tree(task_name(task)).map_err(failed)?;
        Ok(Arc::new(SledEngine { tree }))
    }

    fn tasks(&self) -> Result<Vec<TaskId>> {
        let mut tasks: Vec<TaskId> =
            self.db.tree_names().iter().filter_map(|name| parse_task(name)).collect();
        tasks.sort_unstable();
        Ok(tasks)
    }

    fn wipe_task(&self, task: TaskId) -> Result<()> {
        self.db.drop_tree(task_name(task)).map_err(failed)?;
        Ok(())
    }
}

struct SledEngine {
    tree: Tree,
}

impl Engine for SledEngine {
    fn get(&self, store: StoreNumber, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        row_key(store, key, out);
        match self.tree.get(&out).map_err(failed)? {
            Some(value) => {
                out.clear();
                out.extend_from_slice(&value);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn scan(
        &self,
        store: StoreNumber,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let rows = self.tree.range::<Vec<u8>, _>(row_range(store, range));
        direction.walk(rows, |row| {
            let (key, value) = row.map_err(failed)?;
            Ok(visit(&key[2..], &value))
        })
    }

    fn apply(&self, batch: &Batch) -> Result<()> {
        let mut rows = SledBatch::default();
        let mut key = Vec::new();
        for op in batch.ops() {
            row_key(op.store, op.key, &mut key);
            match op.value {
                Some(value) => rows.insert(key.as_slice(), value),
                None => rows.remove(key.as_slice()),
            }
        }
        self.tree.apply_batch(rows).map_err(failed)
    }

    fn delete_range(&self, store: StoreNumber, range: &KeyRange) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        loop {
            let mut rows = SledBatch::default();
            let mut count = 0;
            for key in self.tree.range::<Vec<u8>, _>(row_range(store, range)).keys().take(DELETE_ROWS) {
                rows.remove(key.map_err(failed)?);
                count += 1;
            }
            if count == 0 {
                return Ok(());
            }
            self.tree.apply_batch(rows).map_err(failed)?;
        }
    }

    fn wipe(&self) -> Result<()> {
        let mut rows = SledBatch::default();
        for key in self.tree.scan_prefix(StoreNumber::META.0.to_be_bytes()).keys() {
            rows.remove(key.map_err(failed)?);
        }
        self.tree.apply_batch(rows).map_err(failed)?;
        self.tree.clear().map_err(failed)
    }

    fn sync(&self) -> Result<()> {
        self.tree.flush().map_err(failed)?;
        Ok(())
    }
}

fn is_lock(error: &sled::Error) -> bool {
    // sled wraps the failed lock in an error of kind `Other` whose text names the lock.
    matches!(error, sled::Error::Io(cause) if cause.to_string().contains("lock"))
}

#[cold]
fn failed(cause: sled::Error) -> Error {
    match cause {
        sled::Error::Io(cause) => Error::from(cause).context("the state engine (sled)"),
        sled::Error::Corruption { .. } => Error::new(
            ErrorKind::Corrupt,
            "the state directory is damaged; remove it, the changelogs restore its content",
        )
        .caused_by(cause),
        cause => Error::new(ErrorKind::State, "the state engine (sled) failed").caused_by(cause),
    }
}
