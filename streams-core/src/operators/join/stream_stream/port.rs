//! The ports of a join: one for each side.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use crate::error::Result;
use crate::operators::join::JoinKey;
use crate::operators::join::stream_stream::node::StreamJoin;
use crate::operators::join::stream_stream::side::SideOf;
use crate::operators::port::exclusive;
use crate::operators::{DropReason, Port, TaskContext};
use crate::record::Record;
use crate::time::Timestamp;

/// The port of side `S`.
pub(crate) struct SidePort<S, K: JoinKey, V1: 'static, V2: 'static, R> {
    join: Arc<Mutex<StreamJoin<K, V1, V2, R>>>,
    side: PhantomData<fn() -> S>,
}

impl<S, K: JoinKey, V1, V2, R> SidePort<S, K, V1, V2, R> {
    pub(crate) fn new(join: Arc<Mutex<StreamJoin<K, V1, V2, R>>>) -> Self {
        SidePort { join, side: PhantomData }
    }
}

impl<S, K, K2, V1, V2, R> Port<K2, S::Own> for SidePort<S, K, V1, V2, R>
where
    S: SideOf<V1, V2>,
    K: JoinKey,
    K2: JoinKey<Key = K::Key>,
    V1: Clone + Send + 'static,
    V2: Clone + Send + 'static,
    R: Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K2, S::Own>) -> Result<()> {
        exclusive(&self.join, |join| join.record::<S, K2>(ctx, record))
    }

    fn skipped(
        &mut self,
        ctx: &mut TaskContext,
        reason: DropReason,
        key: Option<&K2>,
        timestamp: Timestamp,
    ) -> Result<bool> {
        let key = key.and_then(JoinKey::key);
        exclusive(&self.join, |join| join.skipped::<S>(ctx, reason, key, timestamp))?;
        Ok(true)
    }
}
