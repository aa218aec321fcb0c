//! Administration that the crate `rdkafka` does not offer: topic ids, offsets of partitions and of groups.

use std::ffi::CString;
use std::ptr;
use std::slice;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::bindings as sys;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::Offset as ListOffset;
use streams_core::ids::TopicPartition;
use streams_core::log::Committed;
use streams_core::time::Timestamp;
use sys::rd_kafka_admin_op_t as Op;

use super::list::{Position, position, positions};
use super::transaction::millis;
use super::{Handle, NativeError, offsets, taken, text};

/// Which offset of a partition is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OffsetSpec {
    /// Of the first record that is there.
    Start,
    /// Behind the last record whose transaction, if it has one, and all transactions before it have ended.
    CommittedEnd,
    /// Behind the last record.
    End,
    /// Of the first record of this time or later.
    At(Timestamp),
}

/// What the cluster knows of a topic.
#[derive(Debug)]
pub(crate) struct TopicDescription {
    pub(crate) id: u128,
    pub(crate) partitions: u32,
    /// Whether every partition has a leader.
    pub(crate) led: bool,
    /// How many replicas the partition with the fewest has.
    pub(crate) replicas: u32,
}

/// A request under way: its options and the queue that the answer comes to.
pub(super) struct Request {
    pub(super) options: *mut sys::rd_kafka_AdminOptions_t,
    pub(super) queue: *mut sys::rd_kafka_queue_t,
    client: Handle,
}

impl Request {
    pub(super) fn new(client: &Handle, operation: Op, timeout: Duration) -> Request {
        // SAFETY: the client is held; both are destroyed with the request. A time-out above 0 is always taken, so
        // that there is no text to look at.
        unsafe {
            let options = sys::rd_kafka_AdminOptions_new(client.native(), operation);
            let timeout = millis(timeout).max(1);
            sys::rd_kafka_AdminOptions_set_request_timeout(options, timeout, ptr::null_mut(), 0);
            let queue = sys::rd_kafka_queue_new(client.native());
            Request { options, queue, client: client.clone() }
        }
    }

    /// Waits for the answer and reads it.
    pub(super) fn answer<T>(
        &self,
        read: impl FnOnce(*mut sys::rd_kafka_event_t) -> Result<T, NativeError>,
    ) -> Result<T, NativeError> {
        self.answer_within(None, read)
    }

    /// As `answer`, but without `patience` any longer there is none; the request goes on until its client ends.
    pub(super) fn answer_within<T>(
        &self,
        patience: Option<Duration>,
        read: impl FnOnce(*mut sys::rd_kafka_event_t) -> Result<T, NativeError>,
    ) -> Result<T, NativeError> {
        // SAFETY: every request is answered, at the latest when its time is over, by one event, which is ours and is
        // destroyed after it was read. An answer that nobody waits for goes with the queue.
        unsafe {
            let event = sys::rd_kafka_queue_poll(self.queue, patience.map_or(-1, millis));
            if event.is_null() {
                return Err(NativeError::plain(RDKafkaErrorCode::OperationTimedOut, "no answer"));
            }
            let code = sys::rd_kafka_event_error(event);
            let result = if code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                read(event)
            } else {
                Err(NativeError::plain(code.into(), &text(sys::rd_kafka_event_error_string(event))))
            };
            sys::rd_kafka_event_destroy(event);
            result
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // SAFETY: made in `new`, destroyed once; the client is still held.
        unsafe {
            sys::rd_kafka_queue_destroy(self.queue);
            sys::rd_kafka_AdminOptions_destroy(self.options);
        }
    }
}

/// Id and partitions of a topic; `None` if it does not exist.
pub(crate) fn describe_topic(
    client: &Handle,
    name: &str,
    timeout: Duration,
) -> Result<Option<TopicDescription>, NativeError> {
    let Ok(name) = CString::new(name) else { return Ok(None) };
    let request = Request::new(client, Op::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout);
    // SAFETY: name, collection, options and queue are valid during the call, which copies what it keeps.
    unsafe {
        let mut names = [name.as_ptr()];
        let topics = sys::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), 1);
        sys::rd_kafka_DescribeTopics(request.client.native(), topics, request.options, request.queue);
        sys::rd_kafka_TopicCollection_destroy(topics);
    }
    // SAFETY: the event is of this request, so that it has this result; all of it lives as long as the event. Arrays
    // have as many elements as was said beside them.
    request.answer(|event| unsafe {
        let result = sys::rd_kafka_event_DescribeTopics_result(event);
        let mut count = 0;
        let found = sys::rd_kafka_DescribeTopics_result_topics(result, &mut count);
        let Some(&topic) = elements(found, count).first() else { return Ok(None) };
        let error = sys::rd_kafka_TopicDescription_error(topic);
        let code: RDKafkaErrorCode = sys::rd_kafka_error_code(error).into();
        match code {
            RDKafkaErrorCode::NoError => {}
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::InvalidTopic => return Ok(None),
            code => return Err(NativeError::plain(code, &text(sys::rd_kafka_error_string(error)))),
        }
        let id = sys::rd_kafka_TopicDescription_topic_id(topic);
        let high = sys::rd_kafka_Uuid_most_significant_bits(id) as u64;
        let low = sys::rd_kafka_Uuid_least_significant_bits(id) as u64;
        let mut count = 0;
        let partitions = sys::rd_kafka_TopicDescription_partitions(topic, &mut count);
        let led = |partition: &*const sys::rd_kafka_TopicPartitionInfo_t| {
            !sys::rd_kafka_TopicPartitionInfo_leader(*partition).is_null()
        };
        let replicas = |partition: &*const sys::rd_kafka_TopicPartitionInfo_t| {
            let mut count = 0;
            sys::rd_kafka_TopicPartitionInfo_replicas(*partition, &mut count);
            count as u32
        };
        Ok(Some(TopicDescription {
            replicas: elements(partitions, count).iter().map(replicas).min().unwrap_or(0),
            id: u128::from(high) << 64 | u128::from(low),
            partitions: count as u32,
            led: elements(partitions, count).iter().all(led),
        }))
    })
}

/// Offsets of partitions; an element has an error if its partition does not exist.
pub(crate) fn list_offsets(
    client: &Handle,
    partitions: &[(TopicPartition, OffsetSpec)],
    timeout: Duration,
) -> Result<Vec<Position>, NativeError> {
    let request = Request::new(client, Op::RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout);
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    let mut committed = false;
    for (partition, spec) in partitions {
        let mut element = list.add_partition(&partition.topic, partition.partition as i32);
        committed |= *spec == OffsetSpec::CommittedEnd;
        // −2 and −1 are what librdkafka's specs EARLIEST and LATEST stand for.
        let _ = element.set_offset(match spec {
            OffsetSpec::Start => ListOffset::Beginning,
            OffsetSpec::CommittedEnd | OffsetSpec::End => ListOffset::End,
            // A timestamp stands where offsets stand elsewhere.
            OffsetSpec::At(timestamp) => ListOffset::Offset((*timestamp).max(0)),
        });
    }
    use sys::rd_kafka_IsolationLevel_t::*;
    let level = if committed {
        RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED
    } else {
        RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED
    };
    // SAFETY: options, list and queue are valid during the calls, which copy what they keep.
    unsafe {
        taken(sys::rd_kafka_AdminOptions_set_isolation_level(request.options, level))?;
        sys::rd_kafka_ListOffsets(request.client.native(), list.ptr(), request.options, request.queue);
    }
    // SAFETY: as in `describe_topic`.
    request.answer(|event| unsafe {
        let result = sys::rd_kafka_event_ListOffsets_result(event);
        let mut count = 0;
        let infos = sys::rd_kafka_ListOffsets_result_infos(result, &mut count);
        let info = |info: &*const sys::rd_kafka_ListOffsetsResultInfo_t| {
            position(&*sys::rd_kafka_ListOffsetsResultInfo_topic_partition(*info))
        };
        let mut found: Vec<Position> = elements(infos, count).iter().map(info).collect();
        // No record of that time or later.
        let none = |p: &Position| {
            partitions.iter().any(|(at, spec)| *at == p.partition && matches!(spec, OffsetSpec::At(_)))
        };
        for position in found.iter_mut().filter(|p| p.offset < 0 && p.error.is_none() && !none(p)) {
            // Its broker did not answer.
            position.error = Some(RDKafkaErrorCode::LeaderNotAvailable);
        }
        Ok(found)
    })
}

/// How long librdkafka itself may look for a group's coordinator. librdkafka 2.12 aborts the process when it finds it
/// after the time of the request is over: so that never happens while the client lives.
pub(super) const COORDINATOR: Duration = Duration::from_secs(60 * 60);

/// Sets what a group without members has committed. What was not answered in time may still be done while the client
/// lives, which should be one for this.
pub(crate) fn alter_offsets(
    client: &Handle,
    group: &str,
    committed: &[(TopicPartition, Committed)],
    timeout: Duration,
) -> Result<Vec<Position>, NativeError> {
    let group = CString::new(group)
        .map_err(|_| NativeError::plain(RDKafkaErrorCode::InvalidGroupId, "a zero in the name"))?;
    let request = Request::new(client, Op::RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, COORDINATOR);
    let list = offsets(committed);
    // SAFETY: name, list, options and queue are valid during the calls, which copy what they keep; what is made here
    // is destroyed once.
    unsafe {
        let mut asked = [sys::rd_kafka_AlterConsumerGroupOffsets_new(group.as_ptr(), list.ptr())];
        let client = request.client.native();
        sys::rd_kafka_AlterConsumerGroupOffsets(
            client,
            asked.as_mut_ptr(),
            1,
            request.options,
            request.queue,
        );
        sys::rd_kafka_AlterConsumerGroupOffsets_destroy(asked[0]);
    }
    // SAFETY: as in `describe_topic`.
    request.answer_within(Some(timeout), |event| unsafe {
        let result = sys::rd_kafka_event_AlterConsumerGroupOffsets_result(event);
        let mut count = 0;
        group_positions(sys::rd_kafka_AlterConsumerGroupOffsets_result_groups(result, &mut count), count)
    })
}

/// Removes what a group without members has committed for these partitions. As `alter_offsets` otherwise.
pub(crate) fn delete_offsets(
    client: &Handle,
    group: &str,
    partitions: &[TopicPartition],
    timeout: Duration,
) -> Result<Vec<Position>, NativeError> {
    let group = CString::new(group)
        .map_err(|_| NativeError::plain(RDKafkaErrorCode::InvalidGroupId, "a zero in the name"))?;
    let request = Request::new(client, Op::RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS, COORDINATOR);
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(&partition.topic, partition.partition as i32);
    }
    // SAFETY: name, list, options and queue are valid during the calls, which copy what they keep; what is made here
    // is destroyed once.
    unsafe {
        let mut asked = [sys::rd_kafka_DeleteConsumerGroupOffsets_new(group.as_ptr(), list.ptr())];
        let client = request.client.native();
        sys::rd_kafka_DeleteConsumerGroupOffsets(
            client,
            asked.as_mut_ptr(),
            1,
            request.options,
            request.queue,
        );
        sys::rd_kafka_DeleteConsumerGroupOffsets_destroy(asked[0]);
    }
    // SAFETY: as in `describe_topic`.
    request.answer_within(Some(timeout), |event| unsafe {
        let result = sys::rd_kafka_event_DeleteConsumerGroupOffsets_result(event);
        let mut count = 0;
        group_positions(sys::rd_kafka_DeleteConsumerGroupOffsets_result_groups(result, &mut count), count)
    })
}

/// What the answer says of the one group that was asked for.
///
/// # Safety
/// `groups` is null or has `count` results that are valid during the call.
unsafe fn group_positions(
    groups: *mut *const sys::rd_kafka_group_result_t,
    count: usize,
) -> Result<Vec<Position>, NativeError> {
    // SAFETY: by the contract of this function; error and list belong to the result.
    unsafe {
        let Some(&group) = elements(groups, count).first() else { return Ok(Vec::new()) };
        let error = sys::rd_kafka_group_result_error(group);
        if !error.is_null() {
            let code = sys::rd_kafka_error_code(error).into();
            return Err(NativeError::plain(code, &text(sys::rd_kafka_error_string(error))));
        }
        Ok(positions(sys::rd_kafka_group_result_partitions(group)))
    }
}

/// # Safety
/// `array` is null or has `count` elements that stay valid for `'a`.
unsafe fn elements<'a, T>(array: *mut *const T, count: usize) -> &'a [*const T] {
    if array.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: not null, and of this length by the contract of this function.
    unsafe { slice::from_raw_parts(array, count) }
}
