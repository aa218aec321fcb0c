//! Events of clients that nobody else serves: logs and errors, passed on and forgotten.

use rdkafka::bindings as sys;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;

use super::{Handle, text};
use crate::client;

/// Takes all events that wait in the client's main queue; `failed` is told of errors and what is said about them.
pub(crate) fn drain(handle: &Handle, mut failed: impl FnMut(&KafkaError, &str)) {
    // SAFETY: the client is held; the queue is a reference of ours that is given back; every event is ours, is read
    // by what its type allows, and is destroyed once.
    unsafe {
        let queue = sys::rd_kafka_queue_get_main(handle.native());
        loop {
            let event = sys::rd_kafka_queue_poll(queue, 0);
            if event.is_null() {
                break;
            }
            match sys::rd_kafka_event_type(event) {
                sys::RD_KAFKA_EVENT_LOG => {
                    let (mut facility, mut message, mut level) = (std::ptr::null(), std::ptr::null(), 0);
                    if sys::rd_kafka_event_log(event, &mut facility, &mut message, &mut level) == 0 {
                        client::log(level_of(level), &text(facility), &text(message));
                    }
                }
                sys::RD_KAFKA_EVENT_ERROR => {
                    let error = KafkaError::Global(sys::rd_kafka_event_error(event).into());
                    failed(&error, &text(sys::rd_kafka_event_error_string(event)));
                }
                _ => {}
            }
            sys::rd_kafka_event_destroy(event);
        }
        sys::rd_kafka_queue_destroy(queue);
    }
}

/// The levels of syslog.
fn level_of(level: i32) -> RDKafkaLogLevel {
    match level {
        ..=3 => RDKafkaLogLevel::Error,
        4 => RDKafkaLogLevel::Warning,
        5 | 6 => RDKafkaLogLevel::Info,
        _ => RDKafkaLogLevel::Debug,
    }
}
