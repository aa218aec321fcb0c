//! The first contact with a cluster: what keeps a client out is said at once, with the setting to look at.
//!
//! librdkafka goes on trying when a broker refuses it, and tells of the reason beside the requests, which only time out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode as Code;

use super::Admin;
use crate::client;
use crate::ffi::{self, NativeError};

/// Longest wait for an answer before it is looked why there is none.
const LOOK: Duration = Duration::from_secs(1);

/// How long a broker may close connections before it is taken for a refusal.
const CLOSED: Duration = Duration::from_secs(3);

/// What is known of how the cluster can be reached.
#[derive(Default)]
pub(super) struct Contact {
    reached: AtomicBool,
    /// The error that was told last, and what the client said about it.
    trouble: Mutex<Option<(Code, String)>>,
}

impl Contact {
    fn trouble(&self) -> Option<(Code, String)> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Admin {
    /// Passes on what the client has to say, and keeps in mind what keeps it out.
    pub(crate) fn serve(&self) {
        ffi::drain(&self.handle, |error, reason| {
            client::report(error, reason);
            if let Some(code) = error.rdkafka_error_code()
                // It only sums up what was told of each broker.
                && code != Code::AllBrokersDown
            {
                let told = (code, reason.to_owned());
                *self.contact.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
            }
        });
    }

    /// Waits for the first answer of the cluster. Errs as soon as a broker refuses this client, and with `Timeout` if
    /// there is none for the time that a request may take.
    pub(super) fn reach(&self) -> Result<(), NativeError> {
        if self.contact.reached.load(Ordering::Relaxed) {
            return Ok(());
        }
        let started = Instant::now();
        let until = started + self.timeout;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let answer = self.client.inner().fetch_metadata(Some("__consumer_offsets"), left.min(LOOK));
            if answer.is_ok() {
                self.contact.reached.store(true, Ordering::Relaxed);
                return Ok(());
            }
            self.serve();
            match self.contact.trouble() {
                Some((code, reason)) if is_refusal(code, &reason, started.elapsed()) => {
                    let text = format!("{reason}; {}", hint(code, &reason));
                    let code = if code == Code::SSL { code } else { Code::Authentication };
                    return Err(NativeError::plain(code, &text));
                }
                trouble if left.is_zero() => {
                    let brokers = &self.brokers;
                    let text = match trouble {
                        Some((code, reason)) => {
                            format!("no answer from {brokers}: {reason}; {}", hint(code, &reason))
                        }
                        None => format!("no answer from {brokers}"),
                    };
                    return Err(NativeError::plain(Code::OperationTimedOut, &text));
                }
                _ => {}
            }
        }
    }
}

/// Whether trying on is of no use. A connection that is closed may be one to a broker that is just starting.
fn is_refusal(code: Code, reason: &str, tried: Duration) -> bool {
    let closed = code == Code::BrokerTransportFailure;
    matches!(code, Code::Authentication | Code::SSL)
        || closed && reason.contains("SSL alert")
        || closed && says_closed(reason) && tried > CLOSED
}

/// Whether the broker closed a connection that it had taken, as it does with clients that do not speak its protocol.
fn says_closed(reason: &str) -> bool {
    reason.contains("security.protocol") || reason.contains("in state UP")
}

/// The settings to look at.
fn hint(code: Code, reason: &str) -> &'static str {
    match code {
        Code::Authentication => "look at `sasl.username`, `sasl.password` and `sasl.mechanism` in `client`",
        Code::SSL if reason.contains("broker certificate") => {
            "`ssl.ca.location` in `client` has to name the certificate of whoever signed the broker's"
        }
        _ if code == Code::SSL || reason.contains("SSL alert") => {
            "look at `ssl.ca.location`, and at `ssl.keystore.location` if the broker wants to know its clients, in \
             `client`"
        }
        _ if says_closed(reason) => {
            "look at `security.protocol` in `client`: the broker may want TLS or SASL"
        }
        _ => "are `bootstrap-servers` and, in `client`, `security.protocol` right, and does the broker run?",
    }
}
