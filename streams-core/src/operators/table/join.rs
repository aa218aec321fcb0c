//! Joins of two tables by equal key (reference section 15).
//!
//! Each side is a node that joins its changes with the other side's rows; both push to one merge node, which is the
//! table that comes of it.

use std::sync::Arc;

use crate::error::{ErrorKind, Result};
use crate::ids::NodeId;
use crate::operators::table::lookup::{Computed, See};
use crate::operators::table::{Lookup, Materialization};
use crate::operators::{Change, Failing, Port, TaskContext, TaskNode};
use crate::record::Record;
use crate::state::ValueAndTimestamp;

/// Joins what there is of both sides; `None` where the kind of join has no row, or where the user's joiner deletes.
pub(crate) type TableJoiner<K, V, VO, R> = dyn Fn(&K, Option<&V>, Option<&VO>) -> Option<R> + Send + Sync;

/// One side of a join: what comes in is its own change.
pub(crate) struct TableJoin<K: 'static, V, VO: 'static, R> {
    pub(crate) node: NodeId,
    pub(crate) other: Lookup<K, VO>,
    pub(crate) joiner: Arc<TableJoiner<K, V, VO, R>>,
    pub(crate) alone: Alone,
    pub(crate) send_old: bool,
    pub(crate) next: Box<dyn Port<K, Change<R>>>,
}

/// What follows where the other side has no row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alone {
    /// Whether a row does.
    pub(crate) rows: bool,
    /// Whether a deletion does: also where both sides are made of one table, so that the other side's row may be gone
    /// together with the own one.
    pub(crate) deletions: bool,
    /// Whether old values tell if there was something to delete. If not, every deletion follows.
    pub(crate) knows_old: bool,
}

impl Alone {
    fn follows<V>(&self, new: Option<&V>, old: Option<&V>) -> bool {
        match new {
            Some(_) => self.rows,
            None => self.deletions && (old.is_some() || !self.knows_old),
        }
    }
}

impl<K, V, VO, R> Port<K, Change<V>> for TableJoin<K, V, VO, R>
where
    K: Send + 'static,
    V: Send,
    VO: Clone + Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, Change<V>>) -> Result<()> {
        ctx.enter_seen(self.node);
        let Record { key, value: Change { new, old }, timestamp, headers } = record;
        let (joiner, alone, send_old) = (&self.joiner, self.alone, self.send_old);
        let joined = self.other.with(ctx, &key, |other| {
            if other.is_none() && !alone.follows(new.as_ref(), old.as_ref()) {
                return None;
            }
            let at = other.map_or(timestamp, |other| other.timestamp.max(timestamp));
            let other = other.map(|other| &other.value);
            let result = joiner(&key, new.as_ref(), other);
            let before = if send_old { joiner(&key, old.as_ref(), other) } else { None };
            Some((Change { new: result, old: before }, at))
        });
        match joined {
            Ok(Some((value, timestamp))) => self.next.push(ctx, Record { key, value, timestamp, headers }),
            Ok(None) => Ok(()),
            Err(error) if error.kind() == ErrorKind::User => ctx.fail(Failing::Processing, error.into()),
            Err(error) => Err(error),
        }
    }
}

/// The result of a join where it has a store.
pub(crate) struct TableMerge<K: 'static, R: 'static> {
    pub(crate) node: NodeId,
    pub(crate) store: Materialization<K, R>,
    pub(crate) next: Box<dyn Port<K, Change<R>>>,
}

impl<K, R> Port<K, Change<R>> for TableMerge<K, R>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, Change<R>>) -> Result<()> {
        ctx.enter_seen(self.node);
        let Record { key, value: Change { new, .. }, timestamp, headers } = record;
        // What the store held is what was put out before, also where a side has changed in between.
        match self.store.put(&key, new, timestamp)? {
            Some(value) => self.next.push(ctx, Record { key, value, timestamp, headers }),
            None => Ok(()),
        }
    }
}

impl<K, R> TaskNode for TableMerge<K, R>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
{
    fn flush(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.store.flush(ctx, &mut *self.next)
    }
}

/// The rows of a join that has no store: both sides are looked up.
pub(crate) struct JoinedRows<K: 'static, V: 'static, VO: 'static, R> {
    pub(crate) left: Lookup<K, V>,
    pub(crate) right: Lookup<K, VO>,
    pub(crate) joiner: Arc<TableJoiner<K, V, VO, R>>,
}

impl<K, V, VO, R> Computed<K, R> for JoinedRows<K, V, VO, R>
where
    K: 'static,
    V: Clone + Send + 'static,
    VO: Clone + Send + 'static,
{
    fn look(&mut self, ctx: &mut TaskContext, key: &K, see: &mut See<'_, R>) -> Result<()> {
        // A copy, since both sides may lie in one store, which is locked while it lends a row.
        let left = self.left.get(ctx, key)?;
        let joiner = &self.joiner;
        let joined = self.right.with(ctx, key, |right| {
            let value = joiner(key, left.as_ref().map(|row| &row.value), right.map(|row| &row.value))?;
            let timestamps = left.as_ref().map(|row| row.timestamp).max(right.map(|row| row.timestamp));
            Some(ValueAndTimestamp { value, timestamp: timestamps? })
        })?;
        see(joined.as_ref());
        Ok(())
    }
}
