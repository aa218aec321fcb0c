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
pub(crate) use join::{JoinedRows, TableJoin, TableJoiner, TableMerge};
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
    pub(crate) cached: bool,
}

impl<K: Clone + Send + 'static, V: Clone + Send + 'static> Materialization<K, V> {
    /// Stores `new` (`None` deletes); the value until now.
    pub(crate) fn put(&self, key: &K, new: Option<&V>, timestamp: Timestamp) -> Result<Option<V>> {
        self.store.update(key, timestamp, |slot| {
            let new = new.cloned().map(|value| ValueAndTimestamp { value, timestamp });
            std::mem::replace(slot, new).map(|old| old.value)
        })
    }

    /// Forwards what was held back until the commit.
    pub(crate) fn flush(
        &self,
        ctx: &mut TaskContext,
        send_old: bool,
        next: &mut dyn Port<K, Change<V>>,
    ) -> Result<()> {
        if !self.cached {
            return Ok(());
        }
        for update in self.store.take_unforwarded(send_old)? {
            let value = Change { new: update.new, old: update.old };
            next.push(
                ctx,
                Record { key: update.key, value, timestamp: update.timestamp, headers: Headers::new() },
            )?;
        }
        Ok(())
    }
}
