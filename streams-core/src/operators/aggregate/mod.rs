//! Aggregations: a stream folded into a table, per key or per key and window.

mod fold;
mod plain;
mod table;
mod windowed;

pub(crate) use fold::{AggregateFold, Count, Fold, Reduce};
pub(crate) use plain::PlainAggregate;
pub(crate) use table::{Subtract, TableAggregate};
pub(crate) use windowed::{Emit, WindowedAggregate};

use crate::topology::OldValues;

/// What goes out as the old value of a change of `aggregate`.
#[inline]
fn old_value<A: Clone>(
    old: OldValues,
    aggregate: Option<&A>,
    initial: impl FnOnce() -> Option<A>,
) -> Option<A> {
    match old {
        OldValues::None => None,
        OldValues::FromInitial => aggregate.cloned().or_else(initial),
        OldValues::Exact => aggregate.cloned(),
    }
}
