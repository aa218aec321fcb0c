//! Aggregation per key, without windows (reference section 9.1).

use std::sync::Arc;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::aggregate::{Fold, old_value};
use crate::operators::{Change, DropReason, Port, TaskContext, TaskNode};
use crate::record::{Headers, Record};
use crate::serde::SerdeRef;
use crate::state::{KeyValueStore, ValueAndTimestamp};
use crate::topology::OldValues;

pub(crate) struct PlainAggregate<K: 'static, V: 'static, A: 'static> {
    pub(crate) node: NodeId,
    pub(crate) fold: Arc<dyn Fold<K, V, A>>,
    pub(crate) store: KeyValueStore<K, A>,
    /// Tells which values are null: those are not aggregated (rule A-1).
    pub(crate) input: SerdeRef<V>,
    /// Tells which aggregates are null: those are deleted.
    pub(crate) output: SerdeRef<A>,
    pub(crate) old: OldValues,
    /// Results are not forwarded as they come: they wait for the commit, or nobody listens.
    pub(crate) held_back: bool,
    pub(crate) next: Box<dyn Port<K, Change<A>>>,
}

impl<K, V, A> Port<K, V> for PlainAggregate<K, V, A>
where
    K: Clone + Send + 'static,
    V: 'static,
    A: Clone + Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        ctx.node = self.node;
        let Record { key, value, timestamp, headers } = record;
        if self.input.is_null(&value) {
            return ctx.drop_record(DropReason::NullValue);
        }
        let (fold, output) = (&self.fold, &self.output);
        let (old, held_back) = (if self.held_back { OldValues::None } else { self.old }, self.held_back);
        let (change, timestamp) = self.store.update(&key, timestamp, |slot| {
            let (aggregate, stored_at) =
                slot.take().map_or((None, timestamp), |s| (Some(s.value), s.timestamp));
            let old = old_value(old, aggregate.as_ref(), || fold.initial());
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
}

impl<K, V, A> TaskNode for PlainAggregate<K, V, A>
where
    K: Clone + Send + 'static,
    V: 'static,
    A: Clone + Send + 'static,
{
    fn flush(&mut self, ctx: &mut TaskContext) -> Result<()> {
        if !self.held_back {
            return Ok(());
        }
        for update in self.store.take_unforwarded(self.old.are_sent())? {
            let value = Change { new: update.new, old: update.old };
            let record =
                Record { key: update.key, value, timestamp: update.timestamp, headers: Headers::new() };
            self.next.push(ctx, record)?;
        }
        Ok(())
    }
}
