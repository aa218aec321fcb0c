//! Aggregations: a stream folded into a table, per key or per key and window.

mod fold;
mod plain;
mod windowed;

pub(crate) use fold::{AggregateFold, Count, Fold, Reduce};
pub(crate) use plain::PlainAggregate;
pub(crate) use windowed::{Emit, WindowedAggregate};
