//! The only module with `unsafe`: what the crate `rdkafka` does not offer, behind functions that are safe to call.
//!
//! Rules that every block relies on: librdkafka's handles may be used from any thread; what belongs to a client (a
//! topic, a queue, a message) holds the client, and is destroyed before it; strings and lists that librdkafka lends
//! are copied before the thing they belong to goes.
#![allow(unsafe_code)]

mod admin;
mod describe_group;
mod events;
mod feed;
mod list;
mod member;
mod produce;
mod transaction;

pub(crate) use admin::list_offsets;
pub(crate) use admin::{OffsetSpec, TopicDescription, alter_offsets, delete_offsets, describe_topic};
pub(crate) use describe_group::{GroupInfo, describe_group};
pub(crate) use events::{Report, drain, serve};
pub(crate) use feed::{Feed, FetchClient, Message};
pub(crate) use list::{Position, offsets};
pub(crate) use member::{committed, group_metadata, has_given_up};
pub(crate) use produce::{Outgoing, TopicRef, produce};
pub(crate) use transaction::{abort, begin, commit, flush, init_transactions, purge, send_offsets};

use std::ffi::CStr;
use std::os::raw::c_char;
use std::sync::Arc;

use rdkafka::admin::AdminClient;
use rdkafka::bindings as sys;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, Producer, ProducerContext};
use rdkafka::types::RDKafka;

/// A client of librdkafka, whatever it is for.
pub(crate) trait Native: Send + Sync {
    /// The client; valid as long as `self`.
    fn native(&self) -> *mut RDKafka;
}

/// A client that is held by what belongs to it.
pub(crate) type Handle = Arc<dyn Native>;

impl<C: ConsumerContext> Native for BaseConsumer<C> {
    fn native(&self) -> *mut RDKafka {
        self.client().native_ptr()
    }
}

impl<C: ProducerContext> Native for BaseProducer<C> {
    fn native(&self) -> *mut RDKafka {
        self.client().native_ptr()
    }
}

impl<C: ClientContext> Native for AdminClient<C> {
    fn native(&self) -> *mut RDKafka {
        self.inner().native_ptr()
    }
}

/// An error that librdkafka gave out, with its class.
#[derive(Debug)]
pub(crate) struct NativeError {
    pub(crate) code: RDKafkaErrorCode,
    pub(crate) text: String,
    /// The client is of no use any more.
    pub(crate) fatal: bool,
    /// The same call may succeed later.
    pub(crate) retriable: bool,
    /// The transaction has to be aborted.
    pub(crate) abortable: bool,
}

impl NativeError {
    /// An error without a class.
    pub(crate) fn plain(code: RDKafkaErrorCode, text: &str) -> Self {
        NativeError { code, text: text.to_owned(), fatal: false, retriable: false, abortable: false }
    }
}

/// Takes over an error object; null is success.
///
/// # Safety
/// `error` is null, or an error that the caller owns and does not use again.
unsafe fn taken(error: *mut sys::rd_kafka_error_t) -> Result<(), NativeError> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: by the contract of this function the error is valid, and it is not used after its destruction.
    unsafe {
        let found = NativeError {
            code: sys::rd_kafka_error_code(error).into(),
            text: text(sys::rd_kafka_error_string(error)),
            fatal: sys::rd_kafka_error_is_fatal(error) != 0,
            retriable: sys::rd_kafka_error_is_retriable(error) != 0,
            abortable: sys::rd_kafka_error_txn_requires_abort(error) != 0,
        };
        sys::rd_kafka_error_destroy(error);
        Err(found)
    }
}

/// A copy of a string that librdkafka lends; empty for null.
///
/// # Safety
/// `lent` is null or a string with a zero at its end that stays valid during the call.
unsafe fn text(lent: *const c_char) -> String {
    if lent.is_null() {
        return String::new();
    }
    // SAFETY: not null, and valid by the contract of this function.
    unsafe { CStr::from_ptr(lent) }.to_string_lossy().into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that unwraps fails with the line that was wrong")]
mod tests;
