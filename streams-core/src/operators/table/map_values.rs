//! A table with mapped values; a tombstone stays one and is not shown to the mapper (reference section 8.4).

use std::sync::Arc;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::table::Materialization;
use crate::operators::{Change, Port, TaskContext, TaskNode};
use crate::record::Record;

/// Maps a value; `None` is Kafka's null result, a tombstone.
pub(crate) type TableMapper<K, V, V2> = dyn Fn(&K, V) -> Option<V2> + Send + Sync;

pub(crate) struct TableMapValues<K: 'static, V: 'static, V2: 'static> {
    pub(crate) node: NodeId,
    pub(crate) mapper: Arc<TableMapper<K, V, V2>>,
    pub(crate) store: Option<Materialization<K, V2>>,
    pub(crate) send_old: bool,
    pub(crate) next: Box<dyn Port<K, Change<V2>>>,
}

impl<K, V, V2> Port<K, Change<V>> for TableMapValues<K, V, V2>
where
    K: Clone + Send + 'static,
    V: 'static,
    V2: Clone + Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, Change<V>>) -> Result<()> {
        ctx.enter(self.node);
        let Record { key, value: change, timestamp, headers } = record;
        let new = change.new.and_then(|value| (self.mapper)(&key, value));
        let value = match &self.store {
            Some(store) => match store.put(&key, new, timestamp)? {
                Some(change) => change,
                None => return Ok(()),
            },
            None => {
                let old = change.old.filter(|_| self.send_old);
                Change { new, old: old.and_then(|value| (self.mapper)(&key, value)) }
            }
        };
        self.next.push(ctx, Record { key, value, timestamp, headers })
    }
}

impl<K, V, V2> TaskNode for TableMapValues<K, V, V2>
where
    K: Clone + Send + 'static,
    V: 'static,
    V2: Clone + Send + 'static,
{
    fn flush(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.store.as_ref().map_or(Ok(()), |store| store.flush(ctx, &mut *self.next))
    }
}
