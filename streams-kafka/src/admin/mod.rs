//! Administration: topics and offsets, over one client.

mod configs;
mod offsets;
mod topics;

use std::fmt::Display;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::error::RDKafkaErrorCode as Code;
use streams_core::Result;

use crate::client::Quiet;
use crate::config::KafkaConfig;
use crate::error::{client_failed, failed};
use crate::ffi::{self, Handle, NativeError};

/// Pause before a request is made again.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) struct Admin {
    client: Arc<AdminClient<Quiet>>,
    handle: Handle,
    timeout: Duration,
    replication: i32,
}

impl Admin {
    pub(crate) fn new(config: &KafkaConfig) -> Result<Admin> {
        let client: AdminClient<Quiet> = config
            .for_admin()
            .create_with_context(Quiet)
            .map_err(|e| client_failed("making the client for administration", &e))?;
        let client = Arc::new(client);
        Ok(Admin {
            handle: client.clone(),
            client,
            timeout: config.request_timeout,
            replication: config.replication_factor.map_or(-1, i32::from),
        })
    }

    /// Passes on what the client has to say.
    pub(crate) fn serve(&self) {
        ffi::drain(&self.handle);
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new().request_timeout(Some(self.timeout)).operation_timeout(Some(self.timeout))
    }

    /// Makes a request again that a broker refused because leaders or coordinators are on the move, which librdkafka
    /// does not do for these. An answer names the refusal of a part by an error too.
    fn retried<T>(
        &self,
        what: impl Display,
        mut request: impl FnMut() -> Result<T, NativeError>,
        refusal: impl Fn(&T) -> Option<Code>,
    ) -> Result<T, NativeError> {
        let until = Instant::now() + self.timeout;
        loop {
            let answer = request();
            let code = match &answer {
                Ok(answer) => refusal(answer),
                Err(error) => Some(error.code),
            };
            match code {
                Some(code) if passes(code) && Instant::now() < until => {
                    tracing::debug!(%code, "{what}: again");
                    sleep(PAUSE);
                }
                _ => return answer,
            }
        }
    }
}

/// Whether the same request is answered a little later.
fn passes(code: Code) -> bool {
    matches!(
        code,
        Code::NotCoordinator
            | Code::CoordinatorNotAvailable
            | Code::CoordinatorLoadInProgress
            | Code::NotLeaderForPartition
            | Code::LeaderNotAvailable
            | Code::UnknownLeaderEpoch
            | Code::FencedLeaderEpoch
            | Code::OffsetNotAvailable
            | Code::UnstableOffsetCommit
            | Code::BrokerTransportFailure
    )
}

fn native(what: impl Display, error: &NativeError) -> streams_core::Error {
    failed(format!("{what} ({})", error.text), error.code)
}
