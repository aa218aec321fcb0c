//! Topics and their records.

use std::thread::sleep;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use rdkafka::TopicPartitionList;
use rdkafka::admin::{ResourceSpecifier, TopicReplication};
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::topic_partition_list::Offset as ListOffset;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{NewTopic, TopicInfo};
use streams_core::{Error, ErrorKind, Result};

use super::{Admin, configs};
use crate::error::{client_failed, failed};
use crate::ffi;

/// Topics that Kafka keeps for itself.
const INTERNAL: [&str; 3] = ["__consumer_offsets", "__transaction_state", "__share_group_state"];
/// How often is looked whether a new topic is known to the brokers.
const LOOK: Duration = Duration::from_millis(10);

impl Admin {
    /// Checks all topics first, so that one that exists already keeps the others from being created.
    pub(crate) fn create_topics(&self, topics: &[NewTopic]) -> Result<()> {
        if topics.is_empty() {
            return Ok(());
        }
        let settings: Vec<_> = topics.iter().map(|topic| configs::of_new_topic(&topic.config)).collect();
        for validate_only in [true, false] {
            let new = topics.iter().zip(&settings).map(|(topic, settings)| {
                let replication = TopicReplication::Fixed(self.replication);
                let partitions = topic.partitions as i32;
                let new = rdkafka::admin::NewTopic::new(&topic.name, partitions, replication);
                settings.iter().fold(new, |new, (key, value)| new.set(key, value))
            });
            let new: Vec<_> = new.collect();
            let options = self.options().validate_only(validate_only);
            let results = block_on(self.client.create_topics(&new, &options))
                .map_err(|e| client_failed(format!("creating {}", names(topics)), &e))?;
            for result in results {
                if let Err((name, code)) = result {
                    if code == Code::TopicAlreadyExists {
                        // Another process may be creating it at this moment.
                        self.wait_for(&name)?;
                    }
                    return Err(failed(format!("creating topic {name:?}"), code));
                }
            }
        }
        topics.iter().try_for_each(|topic| self.wait_for(&topic.name))
    }

    /// Waits until a topic that exists is known to the brokers and has leaders.
    fn wait_for(&self, name: &str) -> Result<()> {
        let until = Instant::now() + self.timeout;
        while !self.describe(name)?.is_some_and(|found| found.led) {
            if Instant::now() > until {
                let message = format!("topic {name} was created but has no leaders yet");
                return Err(Error::new(ErrorKind::Timeout, message));
            }
            sleep(LOOK);
        }
        Ok(())
    }

    pub(crate) fn describe_topic(&self, name: &str) -> Result<Option<TopicInfo>> {
        let Some(found) = self.describe(name)? else { return Ok(None) };
        let what = || format!("reading the settings of topic {name}");
        let asked = [ResourceSpecifier::Topic(name)];
        let answer = block_on(self.client.describe_configs(&asked, &self.options()))
            .map_err(|e| client_failed(what(), &e))?;
        match answer.into_iter().next() {
            Some(Ok(resource)) => Ok(Some(TopicInfo {
                name: name.to_owned(),
                id: found.id,
                partitions: found.partitions,
                config: configs::of_topic(&resource),
            })),
            // Deleted meanwhile.
            Some(Err(Code::UnknownTopicOrPartition)) | None => Ok(None),
            Some(Err(code)) => Err(failed(what(), code)),
        }
    }

    /// Id and partitions of a topic; `None` if it does not exist.
    pub(crate) fn describe(&self, name: &str) -> Result<Option<ffi::TopicDescription>> {
        ffi::describe_topic(&self.handle, name, self.timeout)
            .map_err(|e| failed(format!("describing topic {name} ({})", e.text), e.code))
    }

    pub(crate) fn list_topics(&self) -> Result<Vec<String>> {
        let metadata = self
            .client
            .inner()
            .fetch_metadata(None, self.timeout)
            .map_err(|e| client_failed("listing the topics", &e))?;
        let mut names: Vec<String> = metadata
            .topics()
            .iter()
            .map(|topic| topic.name().to_owned())
            .filter(|name| !INTERNAL.contains(&name.as_str()))
            .collect();
        names.sort();
        Ok(names)
    }

    pub(crate) fn delete_topics(&self, topics: &[&str]) -> Result<()> {
        for name in topics {
            if self.describe(name)?.is_none() {
                let message = format!("topic {name} does not exist; nothing was deleted");
                return Err(Error::new(ErrorKind::NotFound, message));
            }
        }
        let results = block_on(self.client.delete_topics(topics, &self.options()))
            .map_err(|e| client_failed(format!("deleting topics {topics:?}"), &e))?;
        for result in results {
            result.map_err(|(name, code)| failed(format!("deleting topic {name}"), code))?;
        }
        Ok(())
    }

    pub(crate) fn delete_records(&self, before: &[(TopicPartition, Offset)]) -> Result<()> {
        let mut list = TopicPartitionList::with_capacity(before.len());
        for (partition, offset) in before {
            let number = partition.partition as i32;
            list.add_partition_offset(&partition.topic, number, ListOffset::Offset(*offset)).map_err(
                |_| {
                    let message = format!("cannot delete records of {partition} before {offset}");
                    Error::new(ErrorKind::OffsetOutOfRange, message)
                },
            )?;
        }
        let what = || match before {
            [(partition, offset)] => format!("deleting records of {partition} before {offset}"),
            _ => format!("deleting records of {} partitions", before.len()),
        };
        let answer = block_on(self.client.delete_records(&list, &self.options()))
            .map_err(|e| client_failed(what(), &e))?;
        for element in answer.elements() {
            element.error().map_err(|e| {
                client_failed(
                    format!("deleting records of partition {}-{}", element.topic(), element.partition()),
                    &e,
                )
            })?;
        }
        Ok(())
    }
}

fn names(topics: &[NewTopic]) -> String {
    let names: Vec<String> = topics.iter().map(|topic| format!("{:?}", topic.name)).collect();
    format!("topic {}", names.join(", "))
}
