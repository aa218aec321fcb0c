//! A node with several parents: each of them holds one end of the same port.

use std::sync::{Arc, Mutex};

use crate::error::Result;
use crate::operators::port::exclusive;
use crate::operators::{DropReason, Port, TaskContext};
use crate::record::Record;
use crate::time::Timestamp;

/// One end of a port that several parents push to.
pub(crate) struct SharedPort<K, V>(Arc<Mutex<Box<dyn Port<K, V>>>>);

impl<K, V> SharedPort<K, V> {
    pub(crate) fn new(port: Box<dyn Port<K, V>>) -> Self {
        SharedPort(Arc::new(Mutex::new(port)))
    }
}

impl<K, V> Clone for SharedPort<K, V> {
    fn clone(&self) -> Self {
        SharedPort(Arc::clone(&self.0))
    }
}

impl<K, V> Port<K, V> for SharedPort<K, V> {
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        exclusive(&self.0, |port| port.push(ctx, record))
    }

    fn skipped(
        &mut self,
        ctx: &mut TaskContext,
        reason: DropReason,
        key: Option<&K>,
        timestamp: Timestamp,
    ) -> Result<bool> {
        exclusive(&self.0, |port| port.skipped(ctx, reason, key, timestamp))
    }
}
