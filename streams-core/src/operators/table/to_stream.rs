//! A table's changes as a stream: the new values, tombstones included.

use crate::error::Result;
use crate::operators::stage::Stage;
use crate::operators::{Change, Port, TaskContext};
use crate::record::Record;

pub(crate) struct ToStream;

impl<K, V> Stage<K, Change<V>, K, Option<V>> for ToStream {
    fn apply(
        &self,
        ctx: &mut TaskContext,
        record: Record<K, Change<V>>,
        next: &mut dyn Port<K, Option<V>>,
    ) -> Result<()> {
        let Record { key, value, timestamp, headers } = record;
        next.push(ctx, Record { key, value: value.new, timestamp, headers })
    }
}
