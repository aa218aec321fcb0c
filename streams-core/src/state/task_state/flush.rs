//! The background write: committed rows reach the engine, sorted, with the checkpoint they stand for.

use crate::error::Result;
use crate::state::engine::{Batch, Op, StoreNumber};
use crate::state::task_state::{Changelog, Opened, TaskState, meta};
use crate::state::task_store::layers::FlushPart;

/// Rows of one batch, where they may be divided and the engine cannot load them all at once. sled keeps every version
/// of every page that a batch goes through until the batch is done, some kilobytes per row; larger ones are not faster.
const MOST_ROWS: usize = 128;

/// What a flush wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flushed {
    /// Rows put or removed, all stores together.
    pub rows: usize,
    /// Bytes of their keys and values.
    pub bytes: usize,
}

impl TaskState {
    /// Writes everything that is committed to the engine, and in the last batch the checkpoints. Callable from any
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
        let written = self.write(&parts, changelogs, metadata.as_deref());
        for Opened { store, .. } in &self.stores {
            store.end_flush(written.is_ok());
        }
        let flushed = match written {
            Ok(flushed) => flushed,
            Err(error) => {
                self.point().changed = true;
                return Err(error.context(format_args!("task {}: cannot write the stores", self.task)));
            }
        };
        // Nobody sees these rows anymore, so it does not matter when they go.
        for (Opened { number, .. }, part) in self.stores.iter().zip(&parts) {
            if let Some(expired) = &part.expired {
                self.engine.delete_range(*number, expired)?;
            }
        }
        // An engine may hold back what it was given; a flush that a crash undoes would have to be replayed.
        self.engine.sync()?;
        Ok(flushed)
    }

    /// All at once if the engine can, else in batches.
    fn write(
        &self,
        parts: &[FlushPart],
        changelogs: Vec<Changelog>,
        metadata: Option<&[u8]>,
    ) -> Result<Flushed> {
        let mut meta = Batch::new();
        for ((Opened { number, .. }, part), changelog) in self.stores.iter().zip(parts).zip(changelogs) {
            meta::put_checkpoint(&mut meta, *number, changelog, &part.progress);
        }
        if let Some(metadata) = metadata {
            meta::put_metadata(&mut meta, metadata);
        }
        match self.write_at_once(parts, &meta)? {
            Some(flushed) => Ok(flushed),
            None => self.write_batches(parts, &meta),
        }
    }

    fn write_at_once(&self, parts: &[FlushPart], meta: &Batch) -> Result<Option<Flushed>> {
        let mut metas: Vec<Op<'_>> = meta.ops().collect();
        metas.sort_unstable_by_key(|op| op.key);
        let mut stores: Vec<(StoreNumber, &FlushPart)> =
            self.stores.iter().zip(parts).map(|(opened, part)| (opened.number, part)).collect();
        stores.sort_unstable_by_key(|(number, _)| *number);
        let mut flushed = Flushed { rows: parts.iter().map(|part| part.rows.len()).sum(), bytes: 0 };
        let count = metas.len() + flushed.rows;
        let rows = stores.iter().flat_map(|(number, part)| {
            part.rows.iter().map(|(key, value)| Op { store: *number, key, value })
        });
        let mut rows = Counted { left: count, rows: metas.into_iter().chain(rows), bytes: 0 };
        let loaded = self.engine.load(&mut rows)?;
        flushed.bytes = rows.bytes;
        Ok(loaded.then_some(flushed))
    }

    /// Rows of logged stores may go ahead of the last batch, which has the checkpoints: if there is no last batch,
    /// the changelog is replayed from the old checkpoints and overwrites what went ahead. Everything else is in the
    /// last batch.
    fn write_batches(&self, parts: &[FlushPart], meta: &Batch) -> Result<Flushed> {
        let mut batch = Batch::new();
        let mut flushed = Flushed::default();
        for logged in [true, false] {
            let stores = self.stores.iter().zip(parts);
            for (Opened { number, .. }, part) in stores.filter(|(o, _)| o.store.spec().logged == logged) {
                for (key, row) in part.rows.iter() {
                    flushed.rows += 1;
                    match row {
                        Some(row) => batch.put(*number, key, row),
                        None => batch.delete(*number, key),
                    }
                    if logged && batch.len() >= MOST_ROWS {
                        flushed.bytes += batch.byte_len();
                        self.engine.apply(&std::mem::take(&mut batch))?;
                    }
                }
            }
        }
        batch.append(meta);
        flushed.bytes += batch.byte_len();
        self.engine.apply(&batch)?;
        Ok(flushed)
    }

    /// Whether committed entries of all stores of the application take more than their share of memory, and this
    /// task has some.
    pub fn wants_flush(&self) -> bool {
        self.budget.wants_flush() && self.stores.iter().any(|opened| opened.store.pending_bytes() > 0)
    }

    /// Whether committed entries of all stores of the application take so much memory that a restore has to wait for a
    /// flush. It is twice of what a flush is due at, so that restoring goes on while one is under way.
    pub(crate) fn needs_flush(&self) -> bool {
        self.budget.needs_flush()
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

/// Rows whose number is known before they are made.
struct Counted<I> {
    left: usize,
    rows: I,
    bytes: usize,
}

impl<'a, I: Iterator<Item = Op<'a>>> Iterator for Counted<I> {
    type Item = Op<'a>;

    fn next(&mut self) -> Option<Op<'a>> {
        let op = self.rows.next()?;
        self.left = self.left.saturating_sub(1);
        self.bytes += op.key.len() + op.value.map_or(0, <[u8]>::len);
        Some(op)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
