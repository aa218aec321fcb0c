//! Lists of partitions with offsets and metadata.

use std::slice;

use rdkafka::TopicPartitionList;
use rdkafka::bindings as sys;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::Offset as ListOffset;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::Committed;

use super::text;

/// What a list says of one partition.
#[derive(Debug, Clone)]
pub(crate) struct Position {
    pub(crate) partition: TopicPartition,
    /// Negative if there is none.
    pub(crate) offset: Offset,
    pub(crate) metadata: String,
    pub(crate) error: Option<RDKafkaErrorCode>,
}

/// A list of partitions with what is to be committed for them.
pub(crate) fn offsets(committed: &[(TopicPartition, Committed)]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(committed.len());
    for (partition, committed) in committed {
        let mut element = list.add_partition(&partition.topic, partition.partition as i32);
        // Fails for offsets below 0 only; librdkafka refuses an element without one.
        let _ = element.set_offset(ListOffset::Offset(committed.offset));
        element.set_metadata(&committed.metadata);
    }
    list
}

/// A copy of a list that librdkafka lends.
///
/// # Safety
/// `list` is null or a list that stays valid during the call.
pub(super) unsafe fn positions(list: *const sys::rd_kafka_topic_partition_list_t) -> Vec<Position> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: valid by the contract of this function; a list has `cnt` elements at `elems`, which may be null only
    // without elements.
    let elements = unsafe {
        match (*list).cnt {
            0 => &[][..],
            count => slice::from_raw_parts((*list).elems, count as usize),
        }
    };
    // SAFETY: the elements' strings and metadata belong to the list.
    elements.iter().map(|element| unsafe { position(element) }).collect()
}

/// A copy of one element.
///
/// # Safety
/// The topic's name and the metadata that `element` points to are valid during the call.
pub(super) unsafe fn position(element: &sys::rd_kafka_topic_partition_t) -> Position {
    let metadata = if element.metadata.is_null() || element.metadata_size == 0 {
        &[][..]
    } else {
        // SAFETY: not null, and of the size that stands beside it.
        unsafe { slice::from_raw_parts(element.metadata.cast::<u8>(), element.metadata_size) }
    };
    let failed = element.err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
    Position {
        // SAFETY: valid by the contract of this function.
        partition: TopicPartition::new(unsafe { text(element.topic) }, element.partition as u32),
        offset: element.offset,
        metadata: String::from_utf8_lossy(metadata).into_owned(),
        error: failed.then(|| element.err.into()),
    }
}
