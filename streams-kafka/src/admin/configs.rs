//! Settings of topics in Kafka's words.

use std::time::Duration;

use rdkafka::admin::ConfigResource;
use streams_core::log::{CleanupPolicy, TopicConfig};

/// What to give when a topic is created: what it is made of, and what differs from [`TopicConfig::default`]. The rest
/// is the broker's default.
pub(super) fn of_new_topic(config: &TopicConfig) -> Vec<(&'static str, String)> {
    let usual = TopicConfig::default();
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).to_string();
    let mut settings = vec![
        ("cleanup.policy", config.cleanup_policy.to_string()),
        ("message.timestamp.type", "CreateTime".to_owned()),
    ];
    let bytes = config.retention_bytes.map_or("-1".to_owned(), |bytes| bytes.to_string());
    if config.cleanup_policy != CleanupPolicy::Compact {
        settings.push(("retention.ms", config.retention.map_or("-1".to_owned(), millis)));
        // A broker may have a limit for topics that say nothing.
        settings.push(("retention.bytes", bytes));
    }
    let mut add = |differs: bool, key, value: String| {
        if differs {
            settings.push((key, value));
        }
    };
    add(config.segment_bytes != usual.segment_bytes, "segment.bytes", config.segment_bytes.to_string());
    let lag = millis(config.min_compaction_lag);
    add(config.min_compaction_lag != usual.min_compaction_lag, "min.compaction.lag.ms", lag);
    let kept = millis(config.delete_retention);
    add(config.delete_retention != usual.delete_retention, "delete.retention.ms", kept);
    let largest = config.max_message_bytes.to_string();
    add(config.max_message_bytes != usual.max_message_bytes, "max.message.bytes", largest);
    settings
}

/// `min.insync.replicas` of a topic.
pub(super) fn min_insync(resource: &ConfigResource) -> u32 {
    let value = resource.get("min.insync.replicas").and_then(|entry| entry.value.as_deref());
    value.and_then(|value| value.parse().ok()).unwrap_or(1)
}

/// Whether nobody has said what becomes of the topic's old records.
pub(super) fn has_default_policy(resource: &ConfigResource) -> bool {
    resource.get("cleanup.policy").is_none_or(|entry| entry.is_default)
}

/// The settings that a topic has.
pub(super) fn of_topic(resource: &ConfigResource) -> TopicConfig {
    let text = |key: &str| resource.get(key).and_then(|entry| entry.value.as_deref());
    let number = |key: &str| text(key).and_then(|value| value.parse::<i64>().ok());
    let positive = |key: &str| number(key).and_then(|value| u64::try_from(value).ok());
    let usual = TopicConfig::default();
    let has = |policy: &str| text("cleanup.policy").is_some_and(|value| value.contains(policy));
    TopicConfig {
        cleanup_policy: match (has("compact"), has("delete")) {
            (true, true) => CleanupPolicy::CompactDelete,
            (true, false) => CleanupPolicy::Compact,
            _ => CleanupPolicy::Delete,
        },
        retention: positive("retention.ms").map(Duration::from_millis),
        retention_bytes: positive("retention.bytes"),
        segment_bytes: positive("segment.bytes").unwrap_or(usual.segment_bytes),
        min_compaction_lag: positive("min.compaction.lag.ms")
            .map_or(usual.min_compaction_lag, Duration::from_millis),
        delete_retention: positive("delete.retention.ms")
            .map_or(usual.delete_retention, Duration::from_millis),
        max_message_bytes: positive("max.message.bytes")
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(usual.max_message_bytes),
    }
}
