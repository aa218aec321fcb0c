//! The topics that there are, each looked up once.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::TopicPartition;
use crate::log::{Log, NewTopic, TopicInfo};

pub(super) struct Found<'a> {
    pub(super) log: &'a dyn Log,
    topics: RefCell<BTreeMap<String, Option<TopicInfo>>>,
}

impl<'a> Found<'a> {
    /// Nothing is looked up yet.
    pub(super) fn on(log: &'a dyn Log) -> Self {
        Found { log, topics: RefCell::default() }
    }

    pub(super) fn topic(&self, name: &str) -> Result<Option<TopicInfo>> {
        if let Some(known) = self.topics.borrow().get(name) {
            return Ok(known.clone());
        }
        let found = self.log.describe_topic(name)?;
        self.topics.borrow_mut().insert(name.to_owned(), found.clone());
        Ok(found)
    }

    /// Partitions of a topic that has to exist.
    pub(super) fn partitions(&self, name: &str) -> Result<u32> {
        let found = self.topic(name)?.ok_or_else(|| {
            let message = format!("topic {name} does not exist; create it before the application starts");
            Error::new(ErrorKind::NotFound, message)
        })?;
        Ok(found.partitions)
    }

    /// Whether a topic has no records.
    pub(super) fn is_empty(&self, topic: &TopicInfo) -> Result<bool> {
        for number in 0..topic.partitions {
            let partition = TopicPartition::new(topic.name.clone(), number);
            if self.log.start_offset(&partition)? < self.log.written_offset(&partition)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// These have changed.
    pub(super) fn forget(&self, topics: &[NewTopic]) {
        self.topics.borrow_mut().retain(|name, _| topics.iter().all(|topic| topic.name != *name));
    }
}
