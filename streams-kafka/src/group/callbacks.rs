//! What the client tells about the assignment, kept until the member is polled.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use streams_core::ids::TopicPartition;

use crate::client;
use crate::config::GroupProtocol;

/// A change as the client tells it.
#[derive(Debug)]
pub(super) enum Change {
    Assign(Vec<TopicPartition>),
    /// To be given up; `lost` if others have them already.
    Revoke {
        partitions: Vec<TopicPartition>,
        lost: bool,
    },
}

pub(super) struct Callbacks {
    protocol: GroupProtocol,
    changes: Mutex<VecDeque<Change>>,
    /// The member leaves: everything is given up at once.
    closing: AtomicBool,
}

impl Callbacks {
    pub(super) fn new(protocol: GroupProtocol) -> Self {
        Callbacks { protocol, changes: Mutex::default(), closing: AtomicBool::new(false) }
    }

    pub(super) fn take(&self) -> Option<Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }
}

impl ClientContext for Callbacks {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, "{reason}");
    }
}

impl ConsumerContext for Callbacks {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let assign = what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.closing.load(Ordering::Acquire) {
            let result = match self.protocol {
                GroupProtocol::Classic => consumer.unassign(),
                // librdkafka waits for this before it takes them back, and closes then.
                GroupProtocol::Consumer if assign => consumer.incremental_assign(list),
                GroupProtocol::Consumer => consumer.incremental_unassign(list),
            };
            if let Err(error) = result {
                tracing::debug!(%error, "while leaving a group");
            }
            return;
        }
        let partitions = list
            .elements()
            .iter()
            .map(|element| TopicPartition::new(element.topic(), element.partition() as u32))
            .collect();
        let change = if assign {
            Change::Assign(partitions)
        } else {
            Change::Revoke { partitions, lost: consumer.assignment_lost() }
        };
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push_back(change);
    }
}
