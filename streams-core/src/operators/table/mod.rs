//! Operators of tables: they exchange [`Change`](crate::operators::Change)s.

mod filter;
mod group;
mod join;
mod lookup;
mod map_values;
mod rows;
mod source;
mod stream_join;
mod to_stream;
mod transform;

pub use transform::{TransformContext, ValueTransformer};

pub(crate) use filter::TableFilter;
pub(crate) use group::GroupChanges;
pub(crate) use join::{Alone, JoinedRows, TableJoin, TableJoiner, TableMerge};
pub(crate) use lookup::{FilteredRows, Lookup, MappedRows, View, WindowRows};
pub(crate) use map_values::{TableMapValues, TableMapper};
pub(crate) use rows::TableRows;
pub(crate) use source::TableSource;
pub(crate) use stream_join::{StreamTableJoin, StreamTableJoiner};
pub(crate) use to_stream::ToStream;
pub(crate) use transform::{TableTransform, TransformedRows, Transforming};

use crate::error::Result;
use crate::operators::{Change, Port, TaskContext};
use crate::record::{Headers, Record};
use crate::state::{KeyValueStore, ValueAndTimestamp};
use crate::time::Timestamp;

/// The store of a materialized table, and when its changes are forwarded.
pub(crate) struct Materialization<K: 'static, V: 'static> {
    pub(crate) store: KeyValueStore<K, V>,
    /// Whether changes are not forwarded as they come: they wait for the commit, or nobody listens.
    pub(crate) held_back: bool,
    /// Whether the old value goes with them.
    pub(crate) send_old: bool,
}

impl<K: Clone + Send + 'static, V: Clone + Send + 'static> Materialization<K, V> {
    /// Stores `new` (`None` deletes); the change, if it is to be forwarded now.
    pub(crate) fn put(&self, key: &K, new: Option<V>, timestamp: Timestamp) -> Result<Option<Change<V>>> {
        let forward = !self.held_back;
        self.store.update(key, timestamp, |slot| {
            let copy = if forward { new.clone() } else { None };
            let new = new.map(|value| ValueAndTimestamp { value, timestamp });
            let old = std::mem::replace(slot, new).filter(|_| self.send_old);
            forward.then(|| Change { new: copy, old: old.map(|old| old.value) })
        })
    }

    /// Forwards what was held back until the commit.
    pub(crate) fn flush(&self, ctx: &mut TaskContext, next: &mut dyn Port<K, Change<V>>) -> Result<()> {
        if !self.held_back {
            return Ok(());
        }
        let (mut updates, mut more) = (Vec::new(), true);
        while more {
            more = self.store.next_unforwarded(self.send_old, &mut updates)?;
            for update in updates.drain(..) {
                let value = Change { new: update.new, old: update.old };
                let record =
                    Record { key: update.key, value, timestamp: update.timestamp, headers: Headers::new() };
                next.push(ctx, record)?;
            }
        }
        Ok(())
    }
}
