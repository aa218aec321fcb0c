//! What table operators exchange.

/// An update of one key of a table (Kafka's `Change`, rule M-4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<V> {
    /// The value from now on; `None` deletes.
    pub new: Option<V>,
    /// The value until now; filled in only if something downstream asked for it.
    pub old: Option<V>,
}
