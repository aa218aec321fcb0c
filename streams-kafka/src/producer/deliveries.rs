//! What the brokers report about records that were sent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::Message;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use streams_core::ids::Offset;

use crate::client;

/// Counts and ends, shared by the thread that sends and the one that hears the reports.
#[derive(Default)]
pub(super) struct Deliveries {
    /// Reports so far. Changed under the lock; read without it for each record that is sent.
    count: AtomicU64,
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    /// Offset behind the last record, by the number of the partition.
    ends: Vec<Option<Offset>>,
    failure: Option<Failure>,
    waiting: bool,
}

/// A record that did not get into the log: the first one.
pub(super) struct Failure {
    /// Number of the partition.
    pub(super) slot: usize,
    pub(super) code: RDKafkaErrorCode,
}

impl Deliveries {
    /// Number of reports so far.
    #[inline]
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits for a report behind the first `seen`, at most `timeout`.
    #[cold]
    pub(super) fn wait_beyond(&self, seen: u64, timeout: Duration) {
        let mut state = self.state();
        state.waiting = true;
        let waited = self.news.wait_timeout_while(state, timeout, |_| self.count() == seen);
        waited.unwrap_or_else(PoisonError::into_inner).0.waiting = false;
    }

    pub(super) fn take_failure(&self) -> Option<Failure> {
        self.state().failure.take()
    }

    /// Where the partitions ended, `slots` of them, and forgets it.
    pub(super) fn take_ends(&self, slots: usize) -> Vec<Option<Offset>> {
        let mut ends = std::mem::take(&mut self.state().ends);
        ends.resize(slots, None);
        ends
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the reports of one client.
pub(super) struct Context(pub(super) Arc<Deliveries>);

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        client::report(&error, reason);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, slot: usize) {
        let mut state = self.0.state();
        self.0.count.fetch_add(1, Ordering::Relaxed);
        match result {
            Ok(record) => {
                if state.ends.len() <= slot {
                    state.ends.resize(slot + 1, None);
                }
                let end = record.offset() + 1;
                state.ends[slot] = Some(state.ends[slot].map_or(end, |known| known.max(end)));
            }
            Err((error, _)) => {
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                state.failure.get_or_insert(Failure { slot, code });
            }
        }
        if state.waiting {
            self.0.news.notify_all();
        }
    }
}
