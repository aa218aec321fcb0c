//! Joins.

mod key;
pub(crate) mod stream_stream;

pub use key::JoinKey;
