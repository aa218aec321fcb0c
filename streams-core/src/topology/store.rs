//! A store as the graph knows it.

use std::any::Any;
use std::panic::Location;
use std::sync::Arc;

use crate::error::Result;
use crate::operators::source::SourceRows;
use crate::state::{StoreSpec, TaskStoreRef};
use crate::topology::place;

/// Makes a store for one task, told whether results are forwarded once per commit: what the task does with it, and the typed handle for its operators.
pub(crate) type StoreFactory =
    Arc<dyn Fn(bool) -> Result<(TaskStoreRef, Arc<dyn Any + Send + Sync>)> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct StoreNode {
    pub(crate) spec: StoreSpec,
    pub(crate) location: &'static Location<'static>,
    pub(crate) factory: StoreFactory,
    /// The topic that fills the store, if that is its changelog.
    pub(crate) source: Option<TableTopic>,
}

impl StoreNode {
    /// A store whose changes go to a changelog of its own, if its options say so.
    pub(crate) fn new(spec: StoreSpec, location: &'static Location<'static>, factory: StoreFactory) -> Self {
        StoreNode { spec, location, factory, source: None }
    }

    /// Whether changes are written to a changelog topic of its own.
    pub(crate) fn has_changelog(&self) -> bool {
        self.spec.logged && self.source.is_none()
    }
}

/// A topic that a table is made of.
#[derive(Clone)]
pub(crate) struct TableTopic {
    pub(crate) topic: String,
    /// What its records are in the table's store.
    pub(crate) rows: Arc<dyn SourceRows>,
}

impl StoreNode {
    /// The user's source line, as `file:line`.
    pub(crate) fn place(&self) -> String {
        place(self.location)
    }
}
