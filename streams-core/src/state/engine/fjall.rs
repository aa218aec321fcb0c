//! fjall: one log-structured database in the state directory, one keyspace per task.
//!
//! A row's key is the store's number in two bytes and then the key, so that one batch of a keyspace spans all stores.
//! Sorted rows become tables at once, without passing the journal: the changelog is the journal here. Its own journal
//! has small batches only, so that there is little to be replayed when it is opened.

use std::path::Path;
use std::sync::Arc;

use fjall::compaction::Leveled;
use fjall::config::PinningPolicy;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::TaskId;
use crate::state::engine::rows::{parse_task, row_key, row_range, task_name};
use crate::state::engine::{Backend, Batch, Direction, Engine, KeyRange, Op, StoreNumber, Visit};

/// Fewer rows than this are not worth files of their own.
const LOAD_ROWS: usize = 4096;
/// Bytes of small batches of a task that are kept in memory before they become a table.
const MEMTABLE: u64 = 8 << 20;
/// Tables that may lie over each other before they are merged. A restore adds one for each flush.
const OVERLAPPING: u8 = 12;
/// Bytes of the journal over all tasks; the least that fjall takes.
const JOURNAL: u64 = 64 << 20;

/// Engines on disk in one fjall database.
pub struct FjallBackend {
    db: Database,
}

impl FjallBackend {
    /// Opens the database in `dir`, creating it if it is missing. Errs with `Locked` if another process has it open.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self> {
        let db = Database::builder(dir)
            .cache_size(cache_bytes)
            .max_journaling_size(JOURNAL)
            .worker_threads(1)
            .open()
            .map_err(|cause| match cause {
                fjall::Error::Locked => Error::new(
                    ErrorKind::Locked,
                    format!(
                        "the state directory `{}` is in use by another process; stop it or use another one",
                        dir.display()
                    ),
                ),
                cause => {
                    failed(cause).context(format_args!("cannot open the state directory `{}`", dir.display()))
                }
            })?;
        Ok(FjallBackend { db })
    }
}

impl Backend for FjallBackend {
    fn open_task(&self, task: TaskId) -> Result<Arc<dyn Engine>> {
        let options = || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(MEMTABLE)
                .compaction_strategy(Arc::new(Leveled::default().with_l0_threshold(OVERLAPPING)))
                .filter_block_pinning_policy(PinningPolicy::all(false))
                .index_block_pinning_policy(PinningPolicy::all(false))
        };
        let rows = self.db.keyspace(&task_name(task), options).map_err(failed)?;
        Ok(Arc::new(FjallEngine { db: self.db.clone(), rows }))
    }

    fn tasks(&self) -> Result<Vec<TaskId>> {
        let names = self.db.list_keyspace_names();
        let mut tasks: Vec<TaskId> = names.iter().filter_map(|name| parse_task(name.as_bytes())).collect();
        tasks.sort_unstable();
        Ok(tasks)
    }

    fn wipe_task(&self, task: TaskId) -> Result<()> {
        let name = task_name(task);
        if self.db.keyspace_exists(&name) {
            let rows = self.db.keyspace(&name, KeyspaceCreateOptions::default).map_err(failed)?;
            self.db.delete_keyspace(rows).map_err(failed)?;
        }
        Ok(())
    }
}

struct FjallEngine {
    db: Database,
    rows: Keyspace,
}

impl Engine for FjallEngine {
    fn get(&self, store: StoreNumber, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        row_key(store, key, out);
        match self.rows.get(&out).map_err(failed)? {
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
        direction.walk(self.rows.range(row_range(store, range)), |row| {
            let (key, value) = row.into_inner().map_err(failed)?;
            Ok(visit(&key[2..], &value))
        })
    }

    fn apply(&self, batch: &Batch) -> Result<()> {
        let mut rows = self.db.batch();
        let mut key = Vec::new();
        for op in batch.ops() {
            row_key(op.store, op.key, &mut key);
            match op.value {
                Some(value) => rows.insert(&self.rows, key.as_slice(), value),
                None => rows.remove(&self.rows, key.as_slice()),
            }
        }
        rows.commit().map_err(failed)
    }

    fn load(&self, rows: &mut dyn Iterator<Item = Op<'_>>) -> Result<bool> {
        if rows.size_hint().0 < LOAD_ROWS {
            return Ok(false);
        }
        let mut table = self.rows.start_ingestion().map_err(failed)?;
        let mut key = Vec::new();
        for op in rows {
            row_key(op.store, op.key, &mut key);
            match op.value {
                Some(value) => table.write(key.as_slice(), value),
                None => table.write_tombstone(key.as_slice()),
            }
            .map_err(failed)?;
        }
        table.finish().map_err(failed)?;
        Ok(true)
    }

    fn delete_range(&self, store: StoreNumber, range: &KeyRange) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let mut gone = self.rows.range(row_range(store, range));
        let mut rows = self.db.batch();
        let mut few = Vec::new();
        for row in gone.by_ref().take(LOAD_ROWS) {
            few.push(row.key().map_err(failed)?);
        }
        if few.len() < LOAD_ROWS {
            few.into_iter().for_each(|key| rows.remove(&self.rows, key));
            return rows.commit().map_err(failed);
        }
        let mut table = self.rows.start_ingestion().map_err(failed)?;
        for key in few.into_iter().map(Ok).chain(gone.map(fjall::Guard::key)) {
            table.write_tombstone(key.map_err(failed)?).map_err(failed)?;
        }
        table.finish().map_err(failed)
    }

    fn wipe(&self) -> Result<()> {
        self.delete_range(StoreNumber::META, &KeyRange::all())?;
        self.rows.clear().map_err(failed)
    }

    fn sync(&self) -> Result<()> {
        self.db.persist(PersistMode::SyncData).map_err(failed)
    }
}

#[cold]
fn failed(cause: fjall::Error) -> Error {
    match cause {
        fjall::Error::Io(cause) => Error::from(cause).context("the state engine (fjall)"),
        fjall::Error::Storage(fjall::LsmError::Io(cause)) => {
            Error::from(cause).context("the state engine (fjall)")
        }
        cause => Error::new(ErrorKind::State, "the state engine (fjall) failed").caused_by(cause),
    }
}
