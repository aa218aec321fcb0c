//! Transactions: the calls that wait for no poll interval, and group metadata made of its parts.

use std::ffi::CString;
use std::ptr;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::bindings as sys;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafkaRespErr;
use streams_core::log::GroupMetadata;

use super::{Handle, NativeError, taken};

pub(super) fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

/// Takes over the transactional id: fences its older producers.
pub(crate) fn init_transactions(client: &Handle, timeout: Duration) -> Result<(), NativeError> {
    // SAFETY: the client is held; the error is ours.
    unsafe { taken(sys::rd_kafka_init_transactions(client.native(), millis(timeout))) }
}

pub(crate) fn begin(client: &Handle) -> Result<(), NativeError> {
    // SAFETY: as above.
    unsafe { taken(sys::rd_kafka_begin_transaction(client.native())) }
}

/// Commits; a call that was not answered in time may be made again. Without a limit (−1) librdkafka 2.12 may wait for
/// ever where the transaction's coordinator goes meanwhile.
pub(crate) fn commit(client: &Handle, timeout: Duration) -> Result<(), NativeError> {
    // SAFETY: as above.
    unsafe { taken(sys::rd_kafka_commit_transaction(client.native(), millis(timeout))) }
}

/// Aborts; as `commit` otherwise.
pub(crate) fn abort(client: &Handle, timeout: Duration) -> Result<(), NativeError> {
    // SAFETY: as above.
    unsafe { taken(sys::rd_kafka_abort_transaction(client.native(), millis(timeout))) }
}

/// Adds consumed positions to the transaction, in the name of this member.
pub(crate) fn send_offsets(
    client: &Handle,
    offsets: &TopicPartitionList,
    member: &GroupMetadata,
    timeout: Duration,
) -> Result<(), NativeError> {
    // Names with a zero inside exist in no cluster: the member is unknown to it.
    let name = |text: &str| CString::new(text).unwrap_or_default();
    let (group, id) = (name(&member.group), name(&member.member));
    // SAFETY: strings and list are valid during the calls; the metadata is ours and destroyed once.
    unsafe {
        let metadata = sys::rd_kafka_consumer_group_metadata_new_with_genid(
            group.as_ptr(),
            member.generation,
            id.as_ptr(),
            ptr::null(),
        );
        let timeout = millis(timeout);
        let error =
            sys::rd_kafka_send_offsets_to_transaction(client.native(), offsets.ptr(), metadata, timeout);
        sys::rd_kafka_consumer_group_metadata_destroy(metadata);
        taken(error)
    }
}

/// Waits until nothing is on its way any more, while another thread serves the client's events.
pub(crate) fn flush(client: &Handle, timeout: Duration) -> Result<(), RDKafkaErrorCode> {
    // SAFETY: the client is held.
    match unsafe { sys::rd_kafka_flush(client.native(), millis(timeout)) } {
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        error => Err(error.into()),
    }
}

/// Throws away all records that are not in the log yet, as far as that is known; they are reported as failed.
pub(crate) fn purge(client: &Handle) {
    let what =
        sys::RD_KAFKA_PURGE_F_QUEUE | sys::RD_KAFKA_PURGE_F_INFLIGHT | sys::RD_KAFKA_PURGE_F_NON_BLOCKING;
    // SAFETY: the client is held. It fails for clients that are not producers only.
    unsafe { sys::rd_kafka_purge(client.native(), what) };
}
