//! A value with its time, and how the two lie in an engine (rule F-1): 8 bytes of time, then the value.

use crate::error::{Error, ErrorKind, Result};
use crate::serde::Serde;
use crate::time::Timestamp;

/// A value and the event time it was put with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueAndTimestamp<V> {
    /// The value.
    pub value: V,
    /// Event time in milliseconds since the epoch.
    pub timestamp: Timestamp,
}

impl<V> ValueAndTimestamp<V> {
    /// `value` at `timestamp`.
    pub const fn new(value: V, timestamp: Timestamp) -> Self {
        ValueAndTimestamp { value, timestamp }
    }
}

/// Replaces what is in `out` by the stored form.
pub(crate) fn encode<V: 'static>(
    serde: &dyn Serde<V>,
    value: &ValueAndTimestamp<V>,
    out: &mut Vec<u8>,
) -> Result<()> {
    out.clear();
    out.extend_from_slice(&value.timestamp.to_be_bytes());
    serde.serialize(&value.value, out)
}

/// The value of its stored form.
pub(crate) fn decode<V: 'static>(serde: &dyn Serde<V>, bytes: &[u8]) -> Result<ValueAndTimestamp<V>> {
    let Some((timestamp, value)) = bytes.split_first_chunk::<8>() else {
        return Err(Error::new(
            ErrorKind::Corrupt,
            format!("a stored value begins with 8 bytes of time, this one has {} bytes", bytes.len()),
        ));
    };
    Ok(ValueAndTimestamp {
        value: serde.deserialize(value)?,
        timestamp: Timestamp::from_be_bytes(*timestamp),
    })
}

/// The stored form of a changelog value.
pub(crate) fn stored(value: Option<&[u8]>, timestamp: Timestamp) -> Option<Box<[u8]>> {
    value.map(|value| [&timestamp.to_be_bytes(), value].concat().into())
}
