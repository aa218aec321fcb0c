//! A record as bytes, borrowed.

use crate::ids::Offset;
use crate::record::EncodedHeaders;
use crate::time::Timestamp;

/// A record as bytes, borrowed from the batch or buffer it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecordView<'a> {
    /// Position in its partition; meaningless in a record that is yet to be produced.
    pub offset: Offset,
    /// Event time in milliseconds since the epoch.
    pub timestamp: Timestamp,
    /// Key bytes, `None` for null.
    pub key: Option<&'a [u8]>,
    /// Value bytes, `None` for null.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: EncodedHeaders<'a>,
}
