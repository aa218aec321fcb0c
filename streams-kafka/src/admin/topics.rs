//! Topics and their records.

use std::thread::sleep;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use rdkafka::TopicPartitionList;
use rdkafka::admin::{ResourceSpecifier, TopicReplication};
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::topic_partition_list::Offset as ListOffset;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{NewTopic, Replication, TopicInfo};
use streams_core::{Error, ErrorKind, Result};

use super::{Admin, configs, native};
use crate::error::{client_failed, failed};
use crate::ffi;

/// Topics that Kafka keeps for itself.
const INTERNAL: [&str; 3] = ["__consumer_offsets", "__transaction_state", "__share_group_state"];
/// How long some brokers may not have heard of a topic that others know.
pub(crate) const PROPAGATION: Duration = Duration::from_secs(5);
/// How long the settings of a topic that is known may be unknown.
const SETTINGS: Duration = Duration::from_secs(2);
/// How often is looked whether a new topic is known to the brokers.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

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
            let what = format!("creating {}", names(topics));
            let request = || block_on(self.client.create_topics(&new, &options));
            let results = self.asked(&*what, request, |results| {
                results.iter().find_map(|result| result.as_ref().err().map(|(_, code)| *code))
            })?;
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

    /// Waits until a topic that exists is known to the broker that is asked and has leaders.
    fn wait_for(&self, name: &str) -> Result<()> {
        let until = Instant::now() + self.timeout;
        while !self.describe_once(name)?.is_some_and(|found| found.led) {
            if Instant::now() > until {
                let message = format!(
                    "topic {name} was created, but not all of its partitions have a leader after {:?}; see that enough \
                     brokers run for its replicas",
                    self.timeout
                );
                return Err(Error::new(ErrorKind::Timeout, message));
            }
            sleep(LOOK);
        }
        self.created().insert(name.to_owned());
        Ok(())
    }

    pub(crate) fn describe_topic(&self, name: &str) -> Result<Option<TopicInfo>> {
        self.described(name, Instant::now() + PROPAGATION)
    }

    fn described(&self, name: &str, until: Instant) -> Result<Option<TopicInfo>> {
        let Some(found) = self.describe(name)? else { return Ok(None) };
        let what = format!("reading the settings of topic {name}");
        let request = || {
            let asked = [ResourceSpecifier::Topic(name)];
            block_on(self.client.describe_configs(&asked, &self.options()))
        };
        let answer = self
            .asked(&*what, request, |answer| answer.iter().find_map(|part| part.as_ref().err().copied()))?;
        match answer.into_iter().next() {
            // A changelog is never left to the broker's default: the broker that was asked does not know all yet.
            Some(Ok(resource))
                if name.ends_with("-changelog")
                    && configs::has_default_policy(&resource)
                    && Instant::now() + (PROPAGATION - SETTINGS) < until =>
            {
                sleep(LOOK);
                self.described(name, until)
            }
            Some(Ok(resource)) => Ok(Some(TopicInfo {
                name: name.to_owned(),
                id: found.id,
                partitions: found.partitions,
                config: configs::of_topic(&resource),
                replication: Some(Replication {
                    replicas: found.replicas,
                    min_insync: configs::min_insync(&resource),
                }),
            })),
            // Deleted meanwhile, or the broker that was asked has not heard of it yet.
            Some(Err(Code::UnknownTopicOrPartition)) | None if Instant::now() > until => Ok(None),
            Some(Err(Code::UnknownTopicOrPartition)) | None => {
                sleep(LOOK);
                self.described(name, until)
            }
            Some(Err(code)) => Err(failed(what, code)),
        }
    }

    /// Id and partitions of a topic; `None` if it does not exist.
    pub(crate) fn describe(&self, name: &str) -> Result<Option<ffi::TopicDescription>> {
        let until = Instant::now() + PROPAGATION;
        loop {
            let found = self.describe_once(name)?;
            if found.is_some() || !self.created().contains(name) {
                return Ok(found);
            }
            if Instant::now() > until {
                self.created().remove(name);
            }
            sleep(LOOK);
        }
    }

    fn describe_once(&self, name: &str) -> Result<Option<ffi::TopicDescription>> {
        let what = format!("describing topic {name}");
        let request = || ffi::describe_topic(&self.handle, name, self.once());
        self.retried(&what, request, |_| None).map_err(|e| native(what, &e))
    }

    pub(crate) fn list_topics(&self) -> Result<Vec<String>> {
        let request = || self.client.inner().fetch_metadata(None, self.once());
        let metadata = self.asked("listing the topics", request, |_| None)?;
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
        self.created().retain(|name| !topics.contains(&name.as_str()));
        let what = format!("deleting topics {topics:?}");
        let request = || block_on(self.client.delete_topics(topics, &self.options()));
        let results = self.asked(&*what, request, |_| None)?;
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
                    let message =
                        format!("cannot delete records of {partition} before {offset}: it is no offset");
                    Error::new(ErrorKind::OffsetOutOfRange, message)
                },
            )?;
        }
        let what = || match before {
            [(partition, offset)] => format!("deleting records of {partition} before {offset}"),
            _ => format!("deleting records of {} partitions", before.len()),
        };
        let (what, request) = (what(), || block_on(self.client.delete_records(&list, &self.options())));
        let answer = self.asked(&*what, request, |answer| {
            answer.elements().iter().find_map(|part| part.error().err()?.rdkafka_error_code())
        })?;
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
