//! Joins of a stream with a table (reference section 14.1): each record of the stream meets the row there is now.

use std::sync::Arc;

use crate::error::{ErrorKind, Result};
use crate::ids::NodeId;
use crate::operators::table::Lookup;
use crate::operators::{Coming, DropReason, Failing, Port, TaskContext};
use crate::record::Record;
use crate::serde::SerdeRef;

/// Joins a value of the stream with the row of its key; `None` where the kind of join has no result.
pub(crate) type StreamTableJoiner<S, V, VT, R> = dyn Fn(&S, V, Option<&VT>) -> Option<R> + Send + Sync;

/// `S` is the stream's type of keys: that of the table's, or an `Option` of it.
pub(crate) struct StreamTableJoin<S, K: 'static, V: 'static, VT: 'static, R> {
    pub(crate) node: NodeId,
    pub(crate) table: Lookup<K, VT>,
    /// The key that is looked up, if there is one.
    pub(crate) key: fn(&S) -> Option<&K>,
    pub(crate) joiner: Arc<StreamTableJoiner<S, V, VT, R>>,
    /// Tells which values are null: those are not joined.
    pub(crate) value: SerdeRef<V>,
    pub(crate) next: Box<dyn Port<S, R>>,
}

impl<S, K, V, VT, R> Port<S, V> for StreamTableJoin<S, K, V, VT, R>
where
    S: Send,
    K: Send + 'static,
    VT: Clone + Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<S, V>) -> Result<()> {
        ctx.enter_seen(self.node);
        let Record { key, value, timestamp, headers } = record;
        if self.value.is_null(&value) {
            return ctx.drop_record(DropReason::NullValue);
        }
        let joiner = &self.joiner;
        let joined = match (self.key)(&key) {
            Some(known) => self.table.with(ctx, known, |row| joiner(&key, value, row.map(|row| &row.value))),
            None => Ok(joiner(&key, value, None)),
        };
        match joined {
            Ok(Some(value)) => self.next.push(ctx, Record { key, value, timestamp, headers }),
            Ok(None) => Ok(()),
            Err(error) if error.kind() == ErrorKind::User => ctx.fail(Failing::Processing, error.into()),
            Err(error) => Err(error),
        }
    }

    fn announce(&mut self, coming: Coming<'_>) {
        if let Lookup::Store(store) | Lookup::Forwarded(store) = &self.table {
            store.warm(coming.keys().map(|(key, _)| key));
        }
    }
}
