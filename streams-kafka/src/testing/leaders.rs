//! Which broker leads: partitions, groups and transactions.

use std::io::{Error, Result};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::{MetadataPartition, MetadataTopic};

use super::Cluster;

/// How long the cluster may take to say who leads.
const PATIENCE: Duration = Duration::from_secs(10);

impl Cluster {
    /// Index of the broker that leads a partition; `None` if there is none now.
    pub fn leader(&self, topic: &str, partition: u32) -> Result<Option<usize>> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.bootstrap());
        let client: BaseConsumer = config.create().map_err(Error::other)?;
        let metadata = client.fetch_metadata(Some(topic), PATIENCE).map_err(Error::other)?;
        let partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions);
        let leader = partitions
            .into_iter()
            .find(|found| found.id() == partition as i32)
            .map(MetadataPartition::leader);
        Ok(leader.and_then(|id| usize::try_from(id - 1).ok()))
    }

    /// Index of the broker that coordinates a group.
    pub fn group_coordinator(&self, group: &str) -> Result<Option<usize>> {
        self.leader("__consumer_offsets", slot(group))
    }

    /// Index of the broker that coordinates the transactions of a producer.
    pub fn transaction_coordinator(&self, transactional_id: &str) -> Result<Option<usize>> {
        self.leader("__transaction_state", slot(transactional_id))
    }
}

/// Where Kafka keeps what belongs to this name: Java's hash of it over the partitions that test brokers have.
fn slot(name: &str) -> u32 {
    let hash = name.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()));
    (hash & i32::MAX) as u32 % super::settings::INTERNAL_PARTITIONS
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_hashed_as_java_does() {
        // "polygenelubricants".hashCode() is Integer.MIN_VALUE, "group".hashCode() is 98629247.
        assert_eq!(super::slot("polygenelubricants"), 0);
        assert_eq!(super::slot("group"), 98_629_247 % 4);
    }
}
