//! What a consumer knows of its membership.

use rdkafka::bindings as sys;
use streams_core::log::GroupMetadata;

use super::{Handle, text};

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
