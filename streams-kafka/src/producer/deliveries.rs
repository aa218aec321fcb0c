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
use crate::ffi::Report;

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

    /// Takes the reports of a request.
    pub(super) fn take(&self, reports: &mut dyn Iterator<Item = Report>) {
        let mut state = self.state();
        let mut count = 0;
        for Report { opaque: slot, result } in reports {
            count += 1;
            match result {
                Ok(offset) => {
                    if state.ends.len() <= slot {
                        state.ends.resize(slot + 1, None);
                    }
                    state.ends[slot] = state.ends[slot].max(Some(offset + 1));
                }
                Err(code) => _ = state.failure.get_or_insert(Failure { slot, code }),
            }
        }
        self.count.fetch_add(count, Ordering::Relaxed);
        if state.waiting {
            self.news.notify_all();
        }
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

    /// Reports that come when the client is closed; all others are taken by [`Deliveries::take`].
    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        let result = match result {
            Ok(record) => Ok(record.offset()),
            Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)),
        };
        self.0.take(&mut std::iter::once(Report { opaque, result }));
    }
}
