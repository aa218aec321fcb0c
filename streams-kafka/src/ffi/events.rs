//! Events of clients: logs and errors, which are passed on and forgotten, and reports of what producers have delivered.

use rdkafka::bindings as sys;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use streams_core::ids::Offset;

use super::{Handle, text};
use crate::client;

/// What became of a record that was sent.
pub(crate) struct Report {
    /// What was given along with the record.
    pub(crate) opaque: usize,
    /// Where it is in the log, or why it is not.
    pub(crate) result: Result<Offset, RDKafkaErrorCode>,
}

/// Takes all events that wait in the client's main queue; `failed` is told of errors and what is said about them.
pub(crate) fn drain(handle: &Handle, failed: impl FnMut(&KafkaError, &str)) {
    serve(handle, 0, failed, |_| {});
}

/// Waits for events in the main queue, at most `millis`, and takes all that are there. `delivered` gets the reports of
/// a request at once: many records for each lock that it takes.
pub(crate) fn serve(
    handle: &Handle,
    millis: i32,
    mut failed: impl FnMut(&KafkaError, &str),
    mut delivered: impl FnMut(&mut dyn Iterator<Item = Report>),
) {
    let mut wait = millis;
    // SAFETY: the client is held; the queue is a reference of ours that is given back; every event is ours, is read
    // by what its type allows, and is destroyed once.
    unsafe {
        let queue = sys::rd_kafka_queue_get_main(handle.native());
        loop {
            let event = sys::rd_kafka_queue_poll(queue, wait);
            if event.is_null() {
                break;
            }
            wait = 0;
            match sys::rd_kafka_event_type(event) {
                sys::RD_KAFKA_EVENT_DR => {
                    delivered(&mut std::iter::from_fn(|| {
                        // SAFETY: the event is alive while `delivered` runs; its messages are read before it goes.
                        let message = sys::rd_kafka_event_message_next(event).as_ref()?;
                        let result = match message.err {
                            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(message.offset),
                            error => Err(error.into()),
                        };
                        Some(Report { opaque: message._private as usize, result })
                    }));
                }
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
