//! Transactions of a producer.

use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode as Code;
use streams_core::{Error, ErrorKind, Result};

use super::KafkaProducer;
use crate::error::{failed, kind};
use crate::ffi::{self, NativeError};
use crate::points;

/// How long an abort is waited for; where nobody answers, the next producer of the id aborts.
const ABORT: Duration = Duration::from_secs(5);
/// Pause before a call that failed at once is made again.
const AGAIN: Duration = Duration::from_millis(10);

impl KafkaProducer {
    /// Takes over the transactional id, if there is one.
    pub(super) fn init(&self) -> Result<()> {
        if self.transactional_id.is_none() {
            return Ok(());
        }
        self.retried("taking over the transactional id", || {
            ffi::init_transactions(&self.client, self.shared.config.request_timeout)
        })
    }

    pub(super) fn require_transaction(&self) -> Result<()> {
        match &self.transactional_id {
            None => Err(self.misuse("has no transactions; open it with a transactional id")),
            Some(_) if !self.open => Err(self.misuse("has no open transaction; call begin first")),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn begin_transaction(&mut self) -> Result<()> {
        match &self.transactional_id {
            None => return Err(self.misuse("has no transactions; open it with a transactional id")),
            Some(_) if self.open => return Err(self.misuse("has an open transaction; commit or abort it")),
            Some(_) => {}
        }
        self.retried("beginning a transaction", || ffi::begin(&self.client))?;
        self.open = true;
        Ok(())
    }

    /// Waits for the records, then adds the positions, then ends the transaction: each step is quick when the one
    /// before is done.
    pub(super) fn commit_transaction(&mut self) -> Result<()> {
        self.require_transaction()?;
        self.drain("committing")?;
        points::pass("adding-positions");
        // The broker aborts a transaction that takes longer: there is nothing to wait for then.
        let patience = self.shared.config.request_timeout.min(self.shared.config.transaction_timeout);
        for (member, offsets) in std::mem::take(&mut self.offsets) {
            tracing::debug!(producer = self.name(), ?offsets, "adding positions");
            let member = self.shared.members.confirm(&member, &offsets)?;
            let list = ffi::offsets(&offsets);
            self.retried_for(patience, "adding positions to the transaction", || {
                ffi::send_offsets(&self.client, &list, &member, patience)
            })?;
        }
        points::pass("committing");
        self.undecided = true;
        self.retried("committing", || ffi::commit(&self.client, self.shared.config.request_timeout))?;
        self.undecided = false;
        points::pass("committed");
        tracing::debug!(producer = self.name(), "committed");
        self.open = false;
        self.settle();
        Ok(())
    }

    pub(super) fn abort_transaction(&mut self) -> Result<()> {
        if self.transactional_id.is_none() {
            return Err(self.misuse("has no transactions; open it with a transactional id"));
        }
        self.offsets.clear();
        // One whose commit was not answered is decided by the broker, or by the next producer of the id.
        let aborted = if std::mem::take(&mut self.open) && !self.undecided {
            let timeout = self.shared.config.request_timeout.min(ABORT);
            self.retried_for(timeout, "aborting", || ffi::abort(&self.client, timeout))
        } else {
            Ok(())
        };
        // Reports of what was thrown away.
        let _ = self.deliveries.take_failure();
        let slots = self.written.len();
        let _ = self.deliveries.take_ends(slots);
        self.pending = 0;
        aborted
    }

    /// An error of a record that was not taken. In a transaction that has failed, the reason for that.
    #[cold]
    pub(super) fn classified(&self, what: String, code: Code) -> Error {
        let given_up = matches!(code, Code::State | Code::Fatal | Code::PurgeQueue | Code::PurgeInflight);
        let answers = self.transactional_id.is_some() || self.bound.is_some();
        // librdkafka refuses and throws away records as soon as it knows that the transaction cannot be committed; and
        // they are thrown away where partitions were lost.
        if answers && given_up {
            Error::new(ErrorKind::Fenced, format!("{what}: {code}"))
        } else {
            failed(what, code)
        }
    }

    /// Calls until it succeeds, or fails for good, or time is over.
    fn retried(&self, what: &str, call: impl FnMut() -> Result<(), NativeError>) -> Result<()> {
        self.retried_for(self.shared.config.request_timeout, what, call)
    }

    fn retried_for(
        &self,
        timeout: Duration,
        what: &str,
        mut call: impl FnMut() -> Result<(), NativeError>,
    ) -> Result<()> {
        let until = Instant::now() + timeout;
        loop {
            match call() {
                Ok(()) => return Ok(()),
                Err(error) if error.retriable && Instant::now() < until => {
                    tracing::debug!(producer = self.name(), error = %error.code, "{what}: again");
                    std::thread::sleep(AGAIN);
                }
                Err(error) => return Err(self.failed_transaction(what, &error)),
            }
        }
    }

    /// What can be done again with a new transaction is `Timeout`; what needs a new producer is `Fenced`.
    #[cold]
    fn failed_transaction(&self, what: &str, error: &NativeError) -> Error {
        let kind = match kind(error.code) {
            ErrorKind::Io | ErrorKind::Misuse | ErrorKind::Closed if error.abortable => ErrorKind::Timeout,
            ErrorKind::Io | ErrorKind::Misuse | ErrorKind::Closed if error.fatal => ErrorKind::Fenced,
            other => other,
        };
        Error::new(kind, format!("{}: {what}: {} ({})", self.name(), error.code, error.text))
    }
}
