//! Topics and their settings, in Kafka's words.

use std::fmt;
use std::time::Duration;

/// What happens to old records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CleanupPolicy {
    /// They go by age and size (`delete`).
    #[default]
    Delete,
    /// The last record of each key stays (`compact`).
    Compact,
    /// Both (`compact,delete`).
    CompactDelete,
}

impl fmt::Display for CleanupPolicy {
    /// Kafka's word for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CleanupPolicy::Delete => "delete",
            CleanupPolicy::Compact => "compact",
            CleanupPolicy::CompactDelete => "compact,delete",
        })
    }
}

/// Settings of a topic; each has the meaning of Kafka's setting named with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicConfig {
    /// `cleanup.policy`.
    pub cleanup_policy: CleanupPolicy,
    /// `retention.ms`; `None` is Kafka's −1: forever. Ages are by record timestamp.
    pub retention: Option<Duration>,
    /// `retention.bytes` per partition; `None` is Kafka's −1: no limit.
    pub retention_bytes: Option<u64>,
    /// `segment.bytes`.
    pub segment_bytes: u64,
    /// `min.compaction.lag.ms`.
    pub min_compaction_lag: Duration,
    /// `delete.retention.ms`: how long a tombstone is kept after compaction.
    pub delete_retention: Duration,
    /// `max.message.bytes`: a larger record is refused.
    pub max_message_bytes: usize,
}

impl Default for TopicConfig {
    /// Kafka's defaults, but for segments of 64 MiB and no retention limit: a log inside a process is small, and
    /// nobody expects records to vanish from it unasked.
    fn default() -> Self {
        TopicConfig {
            cleanup_policy: CleanupPolicy::Delete,
            retention: None,
            retention_bytes: None,
            segment_bytes: 64 << 20,
            min_compaction_lag: Duration::ZERO,
            delete_retention: Duration::from_secs(24 * 60 * 60),
            max_message_bytes: 1 << 20,
        }
    }
}

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// The name: 1 to 249 of `[a-zA-Z0-9._-]`, not `.` or `..`.
    pub name: String,
    /// Number of partitions, at least 1.
    pub partitions: u32,
    /// Its settings.
    pub config: TopicConfig,
}

impl NewTopic {
    /// A topic with default settings.
    pub fn new(name: impl Into<String>, partitions: u32) -> Self {
        NewTopic { name: name.into(), partitions, config: TopicConfig::default() }
    }

    /// The same topic with these settings.
    #[must_use]
    pub fn with_config(mut self, config: TopicConfig) -> Self {
        self.config = config;
        self
    }
}

/// A topic that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicInfo {
    /// The name.
    pub name: String,
    /// Never the same for two topics, also not for one that is deleted and created again.
    pub id: u128,
    /// Number of partitions.
    pub partitions: u32,
    /// Its settings.
    pub config: TopicConfig,
    /// How it is copied, on a cluster.
    pub replication: Option<Replication>,
}

/// How many brokers have a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replication {
    /// How many copies the partition with the fewest has.
    pub replicas: u32,
    /// `min.insync.replicas`: how many copies must have a record before it counts as written.
    pub min_insync: u32,
}
