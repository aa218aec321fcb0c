//! All stores of one task: they commit, abort, flush and restore together.

mod flush;
mod meta;
mod restore;

pub use flush::Flushed;
pub use restore::{RestoreProgress, Restorer};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::ids::{Offset, TaskId};
use crate::record::RecordView;
use crate::state::budget::MemoryBudget;
use crate::state::engine::{Engine, StoreNumber};
use crate::state::task_store::{StoreUsage, TaskStoreRef};

/// How far a store has come in its changelog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The changelog topic's id; see [`TopicInfo::id`](crate::log::TopicInfo::id).
    pub topic_id: u128,
    /// Offset behind the last record that is in the store.
    pub offset: Offset,
}

/// The stores of one task over one engine.
///
/// In a commit: [`changes`](Self::changes) gives the changelog records, the caller sends and commits them, and then
/// calls [`committed`](Self::committed) or [`aborted`](Self::aborted). [`flush`](Self::flush) may be called at any
/// time by any thread.
pub struct TaskState {
    task: TaskId,
    engine: Arc<dyn Engine>,
    stores: Vec<Opened>,
    budget: Arc<MemoryBudget>,
    point: Mutex<CommitPoint>,
    /// Held by the one flush that is under way.
    flush: Mutex<()>,
}

struct Opened {
    store: TaskStoreRef,
    number: StoreNumber,
}

/// What the pending rows of all stores stand for. Locked while they change all together.
struct CommitPoint {
    changelogs: Vec<Changelog>,
    metadata: Option<Vec<u8>>,
    /// Metadata that becomes valid with the next commit.
    next_metadata: Option<Vec<u8>>,
    /// Whether it differs from what the engine has.
    changed: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Changelog {
    topic_id: Option<u128>,
    offset: Option<Offset>,
}

impl TaskState {
    /// Opens `stores` over `engine`, which knows them by name: a store finds its content again whatever the order
    /// and the other stores. A logged store whose rows are laid out in another way than it needs is wiped, because
    /// its changelog restores it. Errs if that is so of a store without changelog.
    pub fn open(
        task: TaskId,
        engine: Arc<dyn Engine>,
        stores: Vec<TaskStoreRef>,
        budget: Arc<MemoryBudget>,
    ) -> Result<Arc<Self>> {
        let metadata = meta::metadata(&*engine)?;
        let mut opened = Vec::with_capacity(stores.len());
        let mut changelogs = Vec::with_capacity(stores.len());
        for store in stores {
            let (number, changelog) = meta::open_store(&engine, task, &store, &budget)?;
            opened.push(Opened { store, number });
            changelogs.push(changelog);
        }
        let point = CommitPoint { changelogs, metadata, next_metadata: None, changed: false };
        Ok(Arc::new(TaskState {
            task,
            engine,
            stores: opened,
            budget,
            point: Mutex::new(point),
            flush: Mutex::new(()),
        }))
    }

    /// The task.
    pub fn task(&self) -> TaskId {
        self.task
    }

    /// Number of stores; they are counted from 0 in the order given to `open`.
    pub fn len(&self) -> usize {
        self.stores.len()
    }

    /// Whether there are no stores.
    pub fn is_empty(&self) -> bool {
        self.stores.is_empty()
    }

    /// The store at this index.
    pub fn store(&self, store: usize) -> &TaskStoreRef {
        &self.stores[store].store
    }

    /// How much there is of each store, in the order given to `open`.
    pub fn usage(&self) -> impl Iterator<Item = StoreUsage> {
        self.stores.iter().map(|opened| opened.store.usage())
    }

    /// Shows the changelog records of this commit to `emit`, with the index of their store: one per key that has
    /// changed, in the order of the first change of each. What changes after this belongs to the next commit. After
    /// an error the commit can only be aborted.
    pub fn changes(&self, emit: &mut dyn FnMut(usize, RecordView<'_>) -> Result<()>) -> Result<()> {
        for (index, Opened { store, .. }) in self.stores.iter().enumerate() {
            let logged = store.spec().logged;
            store.stage(&mut |record| if logged { emit(index, record) } else { Ok(()) }).map_err(
                |error| error.context(format_args!("task {}: store `{}`", self.task, store.spec().name)),
            )?;
        }
        Ok(())
    }

    /// What [`changes`](Self::changes) showed is committed. `ends` has the offset behind the last record of this
    /// commit for each store's changelog, `None` where it has none.
    pub fn committed(&self, ends: &[Option<Offset>]) {
        let mut point = self.point();
        for Opened { store, .. } in &self.stores {
            store.commit();
        }
        for (changelog, end) in point.changelogs.iter_mut().zip(ends) {
            changelog.offset = end.or(changelog.offset);
        }
        if let Some(metadata) = point.next_metadata.take() {
            point.metadata = Some(metadata);
        }
        point.changed = true;
    }

    /// Forgets everything since the last commit.
    pub fn aborted(&self) {
        for Opened { store, .. } in &self.stores {
            store.abort();
        }
        self.point().next_metadata = None;
    }

    /// What is to be kept with the state from the next commit on, in place of the metadata before.
    pub fn set_metadata(&self, metadata: Vec<u8>) {
        self.point().next_metadata = Some(metadata);
    }

    /// The metadata as of the last commit; after opening, as of the last flush.
    pub fn metadata(&self) -> Option<Vec<u8>> {
        self.point().metadata.clone()
    }

    /// Where restoring a store has to go on; `None` for a store that has nothing yet.
    pub fn checkpoint(&self, store: usize) -> Option<Checkpoint> {
        let changelog = self.point().changelogs[store];
        Some(Checkpoint { topic_id: changelog.topic_id?, offset: changelog.offset? })
    }

    /// Says which topic is a store's changelog. If the store's content does not come from that topic, it is wiped.
    /// To be called before restoring; returns whether it was wiped.
    pub fn set_changelog(&self, store: usize, topic_id: u128) -> Result<bool> {
        let known = self.point().changelogs[store];
        let wipe = known.topic_id != Some(topic_id) || known.offset.is_none();
        if wipe {
            self.wipe_store(store)?;
        }
        self.point().changelogs[store].topic_id = Some(topic_id);
        Ok(wipe)
    }

    /// Removes all content of a store and its checkpoint, for example because its changelog does not reach back to
    /// the checkpoint anymore.
    pub fn wipe_store(&self, store: usize) -> Result<()> {
        let _flush = self.flush_lock();
        let mut point = self.point();
        let Opened { store: opened, number } = &self.stores[store];
        meta::clear_store(&*self.engine, *number)?;
        opened.clear();
        point.changelogs[store].offset = None;
        Ok(())
    }

    /// Removes all content of all stores, the checkpoints and the metadata.
    pub fn wipe(&self) -> Result<()> {
        let _flush = self.flush_lock();
        let mut point = self.point();
        self.engine.wipe()?;
        for (Opened { store, number }, changelog) in self.stores.iter().zip(&mut point.changelogs) {
            store.clear();
            changelog.offset = None;
            // The names went with the rest; the numbers in use here have to stay theirs.
            meta::name_store(&*self.engine, &**store, *number)?;
        }
        (point.metadata, point.next_metadata) = (None, None);
        Ok(())
    }

    fn point(&self) -> MutexGuard<'_, CommitPoint> {
        self.point.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flush_lock(&self) -> MutexGuard<'_, ()> {
        self.flush.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
