//! Looking up rows of a table: in its store, or computed from the rows of the tables it is made of.
//!
//! A row is lent, not copied. While it is, its store is locked: what looks at it must not use a store.

use std::sync::Arc;

use crate::error::Result;
use crate::operators::TaskContext;
use crate::operators::table::TableMapper;
use crate::state::{KeyValueStore, ValueAndTimestamp, WindowStore};
use crate::windows::Windowed;

/// Which rows a lookup sees where a store forwards its changes once per commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// Those there are now: a stream is joined with these.
    Current,
    /// Those of which downstream knows. Joins of tables see these: the change that is still to come is then joined in
    /// its turn, and the old value of a result is what was put out before.
    Forwarded,
}

/// Rows by key.
pub(crate) enum Lookup<K: 'static, V: 'static> {
    Store(KeyValueStore<K, V>),
    /// As they were forwarded last.
    Forwarded(KeyValueStore<K, V>),
    Computed(Box<dyn Computed<K, V>>),
}

/// Rows that are made on demand.
pub(crate) trait Computed<K, V>: Send {
    /// Shows the row of `key` to `see`, once, unless it errs.
    fn look(&mut self, ctx: &mut TaskContext, key: &K, see: &mut See<'_, V>) -> Result<()>;
}

/// What looks at a row.
pub(crate) type See<'a, V> = dyn FnMut(Option<&ValueAndTimestamp<V>>) + 'a;

impl<K: 'static, V: Clone + Send + 'static> Lookup<K, V> {
    /// Rows of a store, which may be `cached`: forwarded once per commit.
    pub(crate) fn in_store(store: KeyValueStore<K, V>, cached: bool, view: View) -> Self {
        if cached && view == View::Forwarded { Lookup::Forwarded(store) } else { Lookup::Store(store) }
    }

    /// Lets `read` look at the row of `key`.
    #[inline]
    pub(crate) fn with<R>(
        &mut self,
        ctx: &mut TaskContext,
        key: &K,
        read: impl FnOnce(Option<&ValueAndTimestamp<V>>) -> R,
    ) -> Result<R> {
        match self {
            Lookup::Store(store) => store.with(key, read),
            Lookup::Forwarded(store) => store.with_forwarded(key, read),
            Lookup::Computed(rows) => {
                let (mut read, mut result) = (Some(read), None);
                rows.look(ctx, key, &mut |row| result = read.take().map(|read| read(row)))?;
                Ok(result.expect("a row that was looked up without an error was shown"))
            }
        }
    }

    /// A copy of the row of `key`.
    pub(crate) fn get(&mut self, ctx: &mut TaskContext, key: &K) -> Result<Option<ValueAndTimestamp<V>>> {
        self.with(ctx, key, |row| Some(row?.clone()))
    }
}

/// The rows a predicate lets through.
pub(crate) struct FilteredRows<K: 'static, V: 'static> {
    pub(crate) rows: Lookup<K, V>,
    pub(crate) predicate: Arc<dyn Fn(&K, &V) -> bool + Send + Sync>,
    pub(crate) keep: bool,
}

impl<K: 'static, V: Clone + Send + 'static> Computed<K, V> for FilteredRows<K, V> {
    fn look(&mut self, ctx: &mut TaskContext, key: &K, see: &mut See<'_, V>) -> Result<()> {
        let (predicate, keep) = (&self.predicate, self.keep);
        self.rows.with(ctx, key, |row| see(row.filter(|row| predicate(key, &row.value) == keep)))
    }
}

/// Mapped rows.
pub(crate) struct MappedRows<K: 'static, V: 'static, V2> {
    pub(crate) rows: Lookup<K, V>,
    pub(crate) mapper: Arc<TableMapper<K, V, V2>>,
}

impl<K, V, V2> Computed<K, V2> for MappedRows<K, V, V2>
where
    K: 'static,
    V: Clone + Send + 'static,
{
    fn look(&mut self, ctx: &mut TaskContext, key: &K, see: &mut See<'_, V2>) -> Result<()> {
        // The copy is what the mapper takes.
        let row = self.rows.get(ctx, key)?;
        let mapped = row.and_then(|row| {
            (self.mapper)(key, row.value).map(|value| ValueAndTimestamp { value, timestamp: row.timestamp })
        });
        see(mapped.as_ref());
        Ok(())
    }
}

/// The rows of a windowed table: one per key and window.
pub(crate) struct WindowRows<K: 'static, V: 'static> {
    pub(crate) store: WindowStore<K, V>,
    pub(crate) forwarded: bool,
}

impl<K: 'static, V: Clone + Send + 'static> Computed<Windowed<K>, V> for WindowRows<K, V> {
    fn look(&mut self, _ctx: &mut TaskContext, key: &Windowed<K>, see: &mut See<'_, V>) -> Result<()> {
        self.store.with(&key.key, key.window.start, self.forwarded, see)
    }
}
