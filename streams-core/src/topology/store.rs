//! A store as the graph knows it.

use std::any::Any;
use std::panic::Location;
use std::sync::Arc;

use crate::error::Result;
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
}

impl StoreNode {
    /// The user's source line, as `file:line`.
    pub(crate) fn place(&self) -> String {
        place(self.location)
    }
}
