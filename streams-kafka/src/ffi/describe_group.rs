//! Who belongs to a group.

use std::ffi::CString;

use rdkafka::bindings as sys;
use rdkafka::error::RDKafkaErrorCode;
use streams_core::log::MemberInfo;
use sys::rd_kafka_admin_op_t as Op;

use std::time::Duration;

use super::admin::Request;
use super::{Handle, NativeError, text};

/// The members of a group; none if there is no such group.
pub(crate) fn group_members(
    client: &Handle,
    group: &str,
    timeout: Duration,
) -> Result<Vec<MemberInfo>, NativeError> {
    let group = CString::new(group)
        .map_err(|_| NativeError::plain(RDKafkaErrorCode::InvalidGroupId, "a zero in the name"))?;
    let request = Request::new(client, Op::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout);
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
    request.answer(|event| unsafe {
        let result = sys::rd_kafka_event_DescribeConsumerGroups_result(event);
        let mut count = 0;
        let groups = sys::rd_kafka_DescribeConsumerGroups_result_groups(result, &mut count);
        if groups.is_null() || count == 0 {
            return Ok(Vec::new());
        }
        let group = *groups;
        let error = sys::rd_kafka_ConsumerGroupDescription_error(group);
        if !error.is_null() {
            return match sys::rd_kafka_error_code(error).into() {
                RDKafkaErrorCode::NoError => Ok(members(group)),
                RDKafkaErrorCode::GroupIdNotFound => Ok(Vec::new()),
                code => Err(NativeError::plain(code, &text(sys::rd_kafka_error_string(error)))),
            };
        }
        Ok(members(group))
    })
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
