//! Where a table begins: records become upserts and tombstones (reference section 8.1).

use std::marker::PhantomData;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::table::Materialization;
use crate::operators::{Change, Coming, DropReason, Port, TaskContext, TaskNode};
use crate::record::Record;
use crate::serde::MaybeNull;

/// `KI` and `VI` are the input's types: `K` or `Option<K>`, `V` or `Option<V>`.
pub(crate) struct TableSource<KI, VI, K: 'static, V: 'static> {
    pub(crate) node: NodeId,
    pub(crate) store: Option<Materialization<K, V>>,
    pub(crate) next: Box<dyn Port<K, Change<V>>>,
    pub(crate) input: PhantomData<fn() -> (KI, VI)>,
}

impl<KI, VI, K, V> Port<KI, VI> for TableSource<KI, VI, K, V>
where
    KI: MaybeNull<K>,
    VI: MaybeNull<V>,
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<KI, VI>) -> Result<()> {
        ctx.enter(self.node);
        let Record { key, value, timestamp, headers } = record;
        let Some(key) = key.into_option() else {
            return ctx.drop_record(DropReason::NullKey);
        };
        let new = value.into_option();
        let value = match &self.store {
            Some(store) => match store.put(&key, new, timestamp)? {
                Some(change) => change,
                None => return Ok(()),
            },
            None => Change { new, old: None },
        };
        self.next.push(ctx, Record { key, value, timestamp, headers })
    }

    fn announce(&mut self, coming: Coming<'_>) {
        if let Some(table) = &self.store {
            table.store.warm(coming.keys().map(|(key, _)| key));
        }
    }
}

impl<KI, VI, K, V> TaskNode for TableSource<KI, VI, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn flush(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.store.as_ref().map_or(Ok(()), |store| store.flush(ctx, &mut *self.next))
    }
}
