//! Who belongs to a group.

use std::ffi::CString;

use rdkafka::bindings as sys;
use rdkafka::error::RDKafkaErrorCode;
use streams_core::log::MemberInfo;
use sys::rd_kafka_admin_op_t as Op;

use std::time::Duration;

use super::admin::{COORDINATOR, Request};
use super::{Handle, NativeError, text};

/// What is known of a group.
pub(crate) struct GroupInfo {
    pub(crate) members: Vec<MemberInfo>,
    /// How its members share partitions; empty if there are none.
    pub(crate) assignor: String,
}

/// Describes a group of consumers; `None` if there is none of that name, or one of another type. The client should be one
/// for this: see `COORDINATOR`.
pub(crate) fn describe_group(
    client: &Handle,
    group: &str,
    timeout: Duration,
) -> Result<Option<GroupInfo>, NativeError> {
    let group = CString::new(group)
        .map_err(|_| NativeError::plain(RDKafkaErrorCode::InvalidGroupId, "a zero in the name"))?;
    let request = Request::new(client, Op::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, COORDINATOR);
    // SAFETY: name, options and queue are valid during the call, which copies what it keeps.
    unsafe {
        let mut names = [group.as_ptr()];
        sys::rd_kafka_DescribeConsumerGroups(
            client.native(),
            names.as_mut_ptr(),
            1,
            request.options,
            request.queue,
        );
    }
    // SAFETY: the event is of this request, so that it has this result; groups, members and their texts live as long
    // as the event. Members are counted from 0.
    request.answer_within(Some(timeout), |event| unsafe {
        let result = sys::rd_kafka_event_DescribeConsumerGroups_result(event);
        let mut count = 0;
        let groups = sys::rd_kafka_DescribeConsumerGroups_result_groups(result, &mut count);
        if groups.is_null() || count == 0 {
            return Ok(None);
        }
        let group = *groups;
        let error = sys::rd_kafka_ConsumerGroupDescription_error(group);
        if !error.is_null() {
            return match sys::rd_kafka_error_code(error).into() {
                RDKafkaErrorCode::NoError => Ok(info(group)),
                RDKafkaErrorCode::GroupIdNotFound => Ok(None),
                code => Err(NativeError::plain(code, &text(sys::rd_kafka_error_string(error)))),
            };
        }
        Ok(info(group))
    })
}

/// # Safety
/// `group` is a description that stays valid during the call.
unsafe fn info(group: *const sys::rd_kafka_ConsumerGroupDescription_t) -> Option<GroupInfo> {
    // SAFETY: by the contract of this function; the name is copied.
    unsafe {
        let dead = sys::rd_kafka_consumer_group_state_t::RD_KAFKA_CONSUMER_GROUP_STATE_DEAD;
        // So says an older version of the request of a group that does not exist.
        if sys::rd_kafka_ConsumerGroupDescription_state(group) == dead {
            return None;
        }
        let assignor = text(sys::rd_kafka_ConsumerGroupDescription_partition_assignor(group));
        Some(GroupInfo { members: members(group), assignor })
    }
}

/// # Safety
/// `group` is a description that stays valid during the call.
unsafe fn members(group: *const sys::rd_kafka_ConsumerGroupDescription_t) -> Vec<MemberInfo> {
    // SAFETY: by the contract of this function; a member is asked for by an index below their number.
    unsafe {
        let count = sys::rd_kafka_ConsumerGroupDescription_member_count(group);
        let member = |index| {
            let member = sys::rd_kafka_ConsumerGroupDescription_member(group, index);
            MemberInfo {
                id: text(sys::rd_kafka_MemberDescription_consumer_id(member)),
                name: text(sys::rd_kafka_MemberDescription_client_id(member)),
                host: Some(text(sys::rd_kafka_MemberDescription_host(member)))
                    .filter(|host| !host.is_empty()),
            }
        };
        (0..count).map(member).collect()
    }
}
