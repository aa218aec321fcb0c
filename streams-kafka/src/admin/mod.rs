//! Administration: topics and offsets, over one client.

mod configs;
mod offsets;
mod reach;
pub(crate) mod remedies;
mod topics;

pub(crate) use topics::{LOOK, PROPAGATION};

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use streams_core::Result;

use self::reach::Contact;
use crate::client::Quiet;
use crate::config::KafkaConfig;
use crate::error::{client_failed, code_of, failed};
use crate::ffi::{Handle, NativeError};

/// Pause before a request is made again.
const PAUSE: Duration = Duration::from_millis(10);
/// How long one try may take: a broker that is gone is noticed then.
const TRY: Duration = Duration::from_secs(5);

pub(crate) struct Admin {
    client: Arc<AdminClient<Quiet>>,
    handle: Handle,
    settings: ClientConfig,
    brokers: String,
    contact: Contact,
    timeout: Duration,
    replication: i32,
    /// Topics that were seen here after they were created. A broker that has not heard of one is asked again.
    created: Mutex<BTreeSet<String>>,
}

impl Admin {
    pub(crate) fn new(config: &KafkaConfig) -> Result<Admin> {
        let settings = config.for_admin();
        let client = Arc::new(made(&settings)?);
        Ok(Admin {
            settings,
            brokers: config.bootstrap_servers.clone(),
            contact: Contact::default(),
            handle: client.clone(),
            client,
            timeout: config.request_timeout,
            replication: config.replication_factor.map_or(-1, i32::from),
            created: Mutex::default(),
        })
    }

    /// Another client, for what is not to go on when nobody waits for it any more.
    fn client_of_its_own(&self) -> Result<Handle> {
        Ok(Arc::new(made(&self.settings)?))
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new().request_timeout(Some(self.once())).operation_timeout(Some(self.once()))
    }

    fn created(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long one try may take.
    fn once(&self) -> Duration {
        self.timeout.min(TRY)
    }

    /// Makes a request of the crate, again where a broker is away or busy.
    fn asked<T>(
        &self,
        what: impl Display + Copy,
        mut request: impl FnMut() -> Result<T, KafkaError>,
        refusal: impl Fn(&T) -> Option<Code>,
    ) -> Result<T> {
        let request = || {
            request().map_err(|error| match code_of(&error) {
                Some(code) => NativeError::plain(code, &error.to_string()),
                None => NativeError::plain(Code::InvalidArgument, &error.to_string()),
            })
        };
        self.retried(what, request, refusal).map_err(|error| native(what, &error))
    }

    /// Makes a request again that a broker refused because leaders or coordinators are on the move, which librdkafka
    /// does not do for these. An answer names the refusal of a part by an error too.
    fn retried<T>(
        &self,
        what: impl Display,
        request: impl FnMut() -> Result<T, NativeError>,
        refusal: impl Fn(&T) -> Option<Code>,
    ) -> Result<T, NativeError> {
        self.retried_for(self.timeout, what, request, refusal)
    }

    /// As `retried`, for this long.
    fn retried_for<T>(
        &self,
        time: Duration,
        what: impl Display,
        mut request: impl FnMut() -> Result<T, NativeError>,
        refusal: impl Fn(&T) -> Option<Code>,
    ) -> Result<T, NativeError> {
        self.reach()?;
        let until = Instant::now() + time;
        loop {
            let answer = request();
            let code = match &answer {
                Ok(answer) => refusal(answer),
                Err(error) => Some(error.code),
            };
            match code {
                Some(code) if passes(code) && Instant::now() < until => {
                    tracing::debug!(%code, "{what}: again");
                    if matches!(code, Code::OperationTimedOut | Code::BrokerTransportFailure) {
                        // The client may wait for a controller that is gone; any answer names the new one.
                        let _ = self.client.inner().fetch_metadata(Some("__consumer_offsets"), self.once());
                    }
                    sleep(PAUSE);
                }
                _ => return answer,
            }
        }
    }
}

fn made(settings: &ClientConfig) -> Result<AdminClient<Quiet>> {
    let client = settings.create_with_context(Quiet);
    client.map_err(|e| client_failed("making a client for administration", &e))
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
            | Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::NotController
            | Code::StaleMemberEpoch
            | Code::WaitingForCoordinator
            // What librdkafka says where it knows no leader of a partition.
            | Code::NoEnt
    )
}

fn native(what: impl Display, error: &NativeError) -> streams_core::Error {
    failed(format!("{what} ({})", error.text), error.code)
}
