//! Changes of topics that somebody else has to make, for messages that say how.

use std::fmt;

use crate::log::NewTopic;

/// A change of topics that an application asks for and does not make itself. Shown, it is the code that makes it on an
/// embedded log; [`Log::remedy`](crate::log::Log::remedy) says how it is made on any log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopicFix {
    /// Create this topic with just these settings.
    Create(NewTopic),
    /// Create a topic of the user, with the log's own defaults but for compaction.
    CreateInput {
        /// Its name.
        topic: String,
        /// Number of partitions.
        partitions: u32,
        /// Whether the last record of each key has to stay.
        compacted: bool,
    },
    /// Delete a topic.
    Delete {
        /// Its name.
        topic: String,
    },
    /// Give a topic more partitions.
    AddPartitions {
        /// Its name.
        topic: String,
        /// How many it is to have in the end.
        partitions: u32,
    },
    /// Change settings of a topic.
    Configure {
        /// Its name.
        topic: String,
        /// Settings and values in Kafka's words.
        settings: Vec<(&'static str, String)>,
    },
}

impl fmt::Display for TopicFix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TopicFix::Create(new) => {
                let NewTopic { name, partitions, config } = new;
                write!(
                    f,
                    "log.create_topics(&[NewTopic::new({name:?}, {partitions}).with_config(TopicConfig {{ "
                )?;
                write!(f, "{}, ", rust("cleanup.policy", &config.cleanup_policy.to_string()))?;
                if let Some(retention) = config.retention {
                    write!(f, "{}, ", rust("retention.ms", &retention.as_millis().to_string()))?;
                }
                write!(f, "segment_bytes: {}, ..TopicConfig::default() }})])?", config.segment_bytes)
            }
            TopicFix::CreateInput { topic, partitions, compacted: false } => {
                write!(f, "log.create_topics(&[NewTopic::new({topic:?}, {partitions})])?")
            }
            TopicFix::CreateInput { topic, partitions, compacted: true } => write!(
                f,
                "log.create_topics(&[NewTopic::new({topic:?}, {partitions}).with_config(TopicConfig {{ {}, \
                 ..TopicConfig::default() }})])?",
                rust("cleanup.policy", "compact")
            ),
            TopicFix::Delete { topic } => write!(f, "log.delete_topics(&[{topic:?}])?"),
            TopicFix::AddPartitions { topic, partitions } => write!(
                f,
                "log.delete_topics(&[{topic:?}])?; log.create_topics(&[NewTopic::new({topic:?}, {partitions})])?; \
                 // this deletes its records"
            ),
            TopicFix::Configure { topic, settings } => {
                write!(f, "log.configure_topic({topic:?}, |config| {{ ")?;
                for (key, value) in settings {
                    write!(f, "config.{}; ", rust(key, value).replacen(": ", " = ", 1))?;
                }
                f.write_str("})?")
            }
        }
    }
}

/// A setting as a field of [`TopicConfig`](crate::log::TopicConfig).
fn rust(key: &str, value: &str) -> String {
    match (key, value) {
        ("cleanup.policy", "delete") => "cleanup_policy: CleanupPolicy::Delete".to_owned(),
        ("cleanup.policy", "compact") => "cleanup_policy: CleanupPolicy::Compact".to_owned(),
        ("cleanup.policy", _) => "cleanup_policy: CleanupPolicy::CompactDelete".to_owned(),
        ("retention.ms", "-1") => "retention: None".to_owned(),
        ("retention.ms", ms) => format!("retention: Some(Duration::from_millis({ms}))"),
        ("retention.bytes", "-1") => "retention_bytes: None".to_owned(),
        (key, value) => format!("{}: {value}", key.replace('.', "_")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{CleanupPolicy, TopicConfig};

    #[test]
    fn fixes_are_shown_as_calls_of_the_embedded_log() {
        let config = TopicConfig { cleanup_policy: CleanupPolicy::Compact, ..TopicConfig::default() };
        assert_eq!(
            TopicFix::Create(NewTopic::new("a", 2).with_config(config)).to_string(),
            "log.create_topics(&[NewTopic::new(\"a\", 2).with_config(TopicConfig { cleanup_policy: \
             CleanupPolicy::Compact, segment_bytes: 67108864, ..TopicConfig::default() })])?"
        );
        let settings = vec![("cleanup.policy", "delete".to_owned()), ("retention.ms", "-1".to_owned())];
        assert_eq!(
            TopicFix::Configure { topic: "a".into(), settings }.to_string(),
            "log.configure_topic(\"a\", |config| { config.cleanup_policy = CleanupPolicy::Delete; config.retention \
             = None; })?"
        );
    }
}
