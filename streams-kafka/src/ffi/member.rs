//! What a consumer knows of its group.

use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::bindings as sys;
use rdkafka::types::RDKafkaRespErr;
use streams_core::ids::TopicPartition;
use streams_core::log::GroupMetadata;

use super::list::{Position, positions};
use super::transaction::millis;
use super::{Handle, NativeError, text};

/// What the consumer's group has committed for these partitions. Transactions that are being committed are waited
/// for.
pub(crate) fn committed(
    consumer: &Handle,
    partitions: &[TopicPartition],
    timeout: Duration,
) -> Result<Vec<Position>, NativeError> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(&partition.topic, partition.partition as i32);
    }
    // SAFETY: client and list are held during the calls; the list is read when it has been filled.
    unsafe {
        match sys::rd_kafka_committed(consumer.native(), list.ptr(), millis(timeout)) {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(positions(list.ptr())),
            error => Err(NativeError::plain(error.into(), "asking the group's coordinator")),
        }
    }
}

/// Membership as of now; `None` if the client is in no group.
pub(crate) fn group_metadata(consumer: &Handle) -> Option<GroupMetadata> {
    // SAFETY: the client is held; the metadata is ours, its strings are copied before it is destroyed once.
    unsafe {
        let metadata = sys::rd_kafka_consumer_group_metadata(consumer.native());
        if metadata.is_null() {
            return None;
        }
        let found = GroupMetadata {
            group: text(sys::rd_kafka_consumer_group_metadata_group_id(metadata)),
            member: text(sys::rd_kafka_consumer_group_metadata_member_id(metadata)),
            generation: sys::rd_kafka_consumer_group_metadata_generation_id(metadata),
        };
        sys::rd_kafka_consumer_group_metadata_destroy(metadata);
        Some(found)
    }
}

/// Whether the client has met an error that it does not get over.
pub(crate) fn has_given_up(client: &Handle) -> bool {
    // SAFETY: the client is held; without a buffer no text is written.
    let error = unsafe { sys::rd_kafka_fatal_error(client.native(), std::ptr::null_mut(), 0) };
    error != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR
}
