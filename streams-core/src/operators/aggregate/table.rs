//! Aggregation of the changes of a grouped table: old values are subtracted, new ones added (reference section 9.2).

use std::sync::Arc;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::aggregate::{Fold, old_value};
use crate::operators::table::Materialization;
use crate::operators::{Change, Port, TaskContext, TaskNode};
use crate::record::Record;
use crate::serde::SerdeRef;
use crate::state::ValueAndTimestamp;
use crate::topology::OldValues;

/// Takes a value out of an aggregate; `None` deletes.
pub(crate) type Subtract<K, V, A> = dyn Fn(&K, V, A) -> Option<A> + Send + Sync;

pub(crate) struct TableAggregate<K: 'static, V: 'static, A: 'static> {
    pub(crate) node: NodeId,
    pub(crate) add: Arc<dyn Fold<K, V, A>>,
    pub(crate) subtract: Arc<Subtract<K, V, A>>,
    pub(crate) store: Materialization<K, A>,
    /// Tells which aggregates are null: those are deleted.
    pub(crate) output: SerdeRef<A>,
    pub(crate) old: OldValues,
    pub(crate) next: Box<dyn Port<K, Change<A>>>,
}

impl<K, V, A> Port<K, Change<V>> for TableAggregate<K, V, A>
where
    K: Clone + Send + 'static,
    V: 'static,
    A: Clone + Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, Change<V>>) -> Result<()> {
        ctx.enter_seen(self.node);
        let Record { key, value: Change { new: added, old: removed }, timestamp, headers } = record;
        let (add, subtract, output) = (&self.add, &self.subtract, &self.output);
        let held_back = self.store.held_back;
        let send = if held_back { OldValues::None } else { self.old };
        let (change, timestamp) = self.store.store.update(&key, timestamp, |slot| {
            let (aggregate, stored_at) =
                slot.take().map_or((None, timestamp), |s| (Some(s.value), s.timestamp));
            let old = old_value(send, aggregate.as_ref(), || None);
            let rest = match (removed, aggregate) {
                (Some(removed), Some(aggregate)) => {
                    subtract(&key, removed, aggregate).filter(|rest| !output.is_null(rest))
                }
                (_, aggregate) => aggregate,
            };
            let new = match added {
                Some(added) => add.add(&key, added, rest).filter(|new| !output.is_null(new)),
                None => rest,
            };
            let timestamp = timestamp.max(stored_at);
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

impl<K, V, A> TaskNode for TableAggregate<K, V, A>
where
    K: Clone + Send + 'static,
    V: 'static,
    A: Clone + Send + 'static,
{
    fn flush(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.store.flush(ctx, &mut *self.next)
    }
}
