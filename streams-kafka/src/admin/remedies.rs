//! Changes of topics as commands of Kafka's own tools.

use streams_core::log::TopicFix;

use super::configs;
use crate::config::KafkaConfig;

/// The command that makes this change.
pub(crate) fn command(fix: &TopicFix, config: &KafkaConfig) -> String {
    let topics = tool("kafka-topics.sh", config);
    let replication = match config.replication_factor {
        Some(factor) => format!(" --replication-factor {factor}"),
        None => String::new(),
    };
    match fix {
        TopicFix::Create(new) => {
            let settings = configs::of_new_topic(&new.config);
            let settings: String =
                settings.iter().map(|(key, value)| format!(" --config {key}={value}")).collect();
            let (name, partitions) = (&new.name, new.partitions);
            format!("{topics} --create --topic {name} --partitions {partitions}{replication}{settings}")
        }
        TopicFix::CreateInput { topic, partitions, compacted } => {
            let settings = if *compacted { " --config cleanup.policy=compact" } else { "" };
            format!("{topics} --create --topic {topic} --partitions {partitions}{replication}{settings}")
        }
        TopicFix::Delete { topic } => format!("{topics} --delete --topic {topic}"),
        TopicFix::AddPartitions { topic, partitions } => {
            format!("{topics} --alter --topic {topic} --partitions {partitions}")
        }
        TopicFix::Configure { topic, settings } => {
            // Commas stand between settings, unless brackets are around them.
            let value =
                |value: &str| if value.contains(',') { format!("[{value}]") } else { value.to_owned() };
            let settings: Vec<String> =
                settings.iter().map(|(key, v)| format!("{key}={}", value(v))).collect();
            let (configs, settings) = (tool("kafka-configs.sh", config), settings.join(","));
            format!("{configs} --alter --entity-type topics --entity-name {topic} --add-config '{settings}'")
        }
        // What is added later has a text of its own.
        other => other.to_string(),
    }
}

/// A tool with what it needs to reach the cluster.
fn tool(name: &str, config: &KafkaConfig) -> String {
    let secured = ["security.", "sasl.", "ssl."];
    let secured = config.client.keys().any(|key| secured.iter().any(|prefix| key.starts_with(prefix)));
    let file = if secured { " --command-config client.properties" } else { "" };
    format!("{name} --bootstrap-server {}{file}", config.bootstrap_servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_commas_are_kept_together_and_secured_clusters_get_a_file() {
        let settings =
            vec![("cleanup.policy", "compact,delete".to_owned()), ("retention.ms", "5".to_owned())];
        let fix = TopicFix::Configure { topic: "t".into(), settings };
        let mut config = KafkaConfig::new("h:1");
        config.client.insert("sasl.mechanism".into(), "PLAIN".into());
        assert_eq!(
            command(&fix, &config),
            "kafka-configs.sh --bootstrap-server h:1 --command-config client.properties --alter --entity-type topics \
             --entity-name t --add-config 'cleanup.policy=[compact,delete],retention.ms=5'"
        );
    }
}
