//! Aggregation per key, without windows (reference section 9.1).

use std::sync::Arc;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::aggregate::{Fold, old_value};
use crate::operators::table::Materialization;
use crate::operators::{Change, Coming, DropReason, Port, TaskContext, TaskNode};
use crate::record::Record;
use crate::serde::SerdeRef;
use crate::state::ValueAndTimestamp;
use crate::topology::OldValues;

pub(crate) struct PlainAggregate<K: 'static, V: 'static, A: 'static> {
    pub(crate) node: NodeId,
    pub(crate) fold: Arc<dyn Fold<K, V, A>>,
    pub(crate) store: Materialization<K, A>,
    /// Tells which values are null: those are not aggregated (rule A-1).
    pub(crate) input: SerdeRef<V>,
    /// Tells which aggregates are null: those are deleted.
    pub(crate) output: SerdeRef<A>,
    pub(crate) old: OldValues,
    pub(crate) next: Box<dyn Port<K, Change<A>>>,
}

impl<K, V, A> Port<K, V> for PlainAggregate<K, V, A>
where
    K: Clone + Send + 'static,
    V: 'static,
    A: Clone + Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        ctx.enter_seen(self.node);
        let Record { key, value, timestamp, headers } = record;
        if self.input.is_null(&value) {
            return ctx.drop_record(DropReason::NullValue);
        }
        let (fold, output) = (&self.fold, &self.output);
        let held_back = self.store.held_back;
        let send = if held_back { OldValues::None } else { self.old };
        let (change, timestamp) = self.store.store.update(&key, timestamp, |slot| {
            let (aggregate, stored_at) =
                slot.take().map_or((None, timestamp), |s| (Some(s.value), s.timestamp));
            let old = old_value(send, aggregate.as_ref(), || fold.initial());
            let timestamp = timestamp.max(stored_at);
            let new = fold.add(&key, value, aggregate).filter(|new| !output.is_null(new));
            let forward = if held_back { None } else { new.clone() };
            *slot = new.map(|value| ValueAndTimestamp { value, timestamp });
            (Change { new: forward, old }, timestamp)
        })?;
        if held_back {
            Ok(())
        } else {
            self.next.push(ctx, Record { key, value: change, timestamp, headers })
        }
    }

    fn announce(&mut self, coming: Coming<'_>) {
        self.store.store.warm(coming.keys().map(|(key, _)| key));
    }
}

impl<K, V, A> TaskNode for PlainAggregate<K, V, A>
where
    K: Clone + Send + 'static,
    V: 'static,
    A: Clone + Send + 'static,
{
    fn flush(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.store.flush(ctx, &mut *self.next)
    }
}
