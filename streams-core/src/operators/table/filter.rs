//! A table without the rows a predicate refuses (reference section 8.3).

use std::sync::Arc;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::table::Materialization;
use crate::operators::{Change, Port, TaskContext, TaskNode};
use crate::record::Record;

pub(crate) struct TableFilter<K: 'static, V: 'static> {
    pub(crate) node: NodeId,
    pub(crate) predicate: Arc<dyn Fn(&K, &V) -> bool + Send + Sync>,
    pub(crate) keep: bool,
    pub(crate) store: Option<Materialization<K, V>>,
    /// Whether old values are known here: a row that was not in the table before and is not now is then no news.
    pub(crate) knows_old: bool,
    pub(crate) next: Box<dyn Port<K, Change<V>>>,
}

impl<K, V> Port<K, Change<V>> for TableFilter<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, Change<V>>) -> Result<()> {
        ctx.enter(self.node);
        let Record { key, value: change, timestamp, headers } = record;
        let passes = |value: &V| (self.predicate)(&key, value) == self.keep;
        let new = change.new.filter(passes);
        let value = if let Some(store) = &self.store {
            if self.knows_old && new.is_none() && store.store.with(&key, |row| row.is_none())? {
                return Ok(());
            }
            let Some(change) = store.put(&key, new, timestamp)? else { return Ok(()) };
            change
        } else {
            let old = change.old.filter(|_| self.knows_old).filter(passes);
            if self.knows_old && new.is_none() && old.is_none() {
                return Ok(());
            }
            Change { new, old }
        };
        self.next.push(ctx, Record { key, value, timestamp, headers })
    }
}

impl<K, V> TaskNode for TableFilter<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn flush(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.store.as_ref().map_or(Ok(()), |store| store.flush(ctx, &mut *self.next))
    }
}
