//! Records that do not reach the next operator, counted by node and reason.

use std::collections::BTreeMap;
use std::fmt;

use crate::ids::NodeId;

/// Why a record did not reach the next operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DropReason {
    /// The key is null where one is required.
    NullKey,
    /// The key is null at a repartition, where there is no partition for it. Kafka Streams does not count these.
    NullKeyAtRepartition,
    /// The value is null where one is required.
    NullValue,
    /// The window was closed already; counted once per window.
    Late,
    /// The store no longer keeps entries of this time.
    Expired,
    /// The timestamp is negative.
    InvalidTimestamp,
    /// The bytes could not be read, and the policy is to go on.
    Undecodable,
    /// User code failed, and the policy is to go on.
    ProcessingFailed,
    /// The result could not be written, and the policy is to go on.
    ProductionFailed,
    /// The partitioner chose no partition.
    NoPartition,
    /// The input was deleted before it was processed, by retention or by hand; as many as there were offsets.
    Deleted,
}

impl DropReason {
    /// All reasons.
    pub const ALL: [DropReason; 11] = [
        DropReason::NullKey,
        DropReason::NullKeyAtRepartition,
        DropReason::NullValue,
        DropReason::Late,
        DropReason::Expired,
        DropReason::InvalidTimestamp,
        DropReason::Undecodable,
        DropReason::ProcessingFailed,
        DropReason::ProductionFailed,
        DropReason::NoPartition,
        DropReason::Deleted,
    ];

    /// The code used in metrics, events and dead letters.
    pub const fn code(self) -> &'static str {
        match self {
            DropReason::NullKey => "null-key",
            DropReason::NullKeyAtRepartition => "null-key-at-repartition",
            DropReason::NullValue => "null-value",
            DropReason::Late => "late",
            DropReason::Expired => "expired",
            DropReason::InvalidTimestamp => "invalid-timestamp",
            DropReason::Undecodable => "undecodable",
            DropReason::ProcessingFailed => "processing-failed",
            DropReason::ProductionFailed => "production-failed",
            DropReason::NoPartition => "no-partition",
            DropReason::Deleted => "deleted",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How many records were dropped, by node and reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DropCounts(BTreeMap<(NodeId, DropReason), u64>);

impl DropCounts {
    #[cold]
    pub(crate) fn add(&mut self, node: NodeId, reason: DropReason, count: u64) {
        *self.0.entry((node, reason)).or_default() += count;
    }

    /// Adds all counts of `other`.
    pub(crate) fn merge(&mut self, other: &DropCounts) {
        for (&(node, reason), &count) in &other.0 {
            self.add(node, reason, count);
        }
    }

    /// Dropped for this reason, over all nodes.
    pub fn of(&self, reason: DropReason) -> u64 {
        self.0.iter().filter(|((_, r), _)| *r == reason).map(|(_, count)| count).sum()
    }

    /// Dropped in all.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Every count with its node and reason.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, DropReason, u64)> {
        self.0.iter().map(|(&(node, reason), &count)| (node, reason, count))
    }
}
