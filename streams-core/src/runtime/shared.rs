//! What the threads of one application share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::{Error, ErrorKind, Result};
use crate::log::{GroupMetadata, Log};
use crate::runtime::config::Config;
use crate::runtime::coordinator::Event;
use crate::runtime::flusher::States;
use crate::runtime::gauges::Gauges;
use crate::runtime::heartbeat::Heartbeat;
use crate::runtime::mailbox::Mailbox;
use crate::runtime::metrics::Identity;
use crate::runtime::monitor::Vitals;
use crate::runtime::pulse::Pulses;
use crate::state::MemoryBudget;
use crate::state::engine::Backend;
use crate::time::{Timestamp, millis};
use crate::topology::Topology;

pub(super) struct Shared {
    pub(super) topology: Topology,
    pub(super) config: Config,
    pub(super) application_id: Arc<str>,
    /// Names this process among those of the application, also after a restart if state is on disk.
    pub(super) process_id: String,
    pub(super) log: Arc<dyn Log>,
    pub(super) backend: Arc<dyn Backend>,
    pub(super) budget: Arc<MemoryBudget>,
    /// Membership as the coordinator saw it last.
    pub(super) membership: Mutex<Option<GroupMetadata>>,
    pub(super) gauges: Arc<Gauges>,
    /// What log lines of all its threads are in.
    pub(super) span: tracing::Span,
    /// What others see of the application.
    pub(super) vitals: Arc<Vitals>,
    pub(super) states: States,
    pub(super) heartbeat: Heartbeat,
    /// Messages to the coordinator.
    pub(super) events: Mailbox<Event>,
}

impl Shared {
    pub(super) fn new(
        topology: Topology,
        config: Config,
        process_id: String,
        log: Arc<dyn Log>,
        backend: Arc<dyn Backend>,
        span: tracing::Span,
    ) -> Self {
        let budget = Arc::new(MemoryBudget::new(config.store_memory()));
        let gauges = Arc::new(Gauges::default());
        let vitals = Arc::new(Vitals {
            identity: identity(&topology, &config, &process_id),
            topology: topology.clone(),
            gauges: Arc::clone(&gauges),
            pulses: Pulses::new(config.num_threads),
            budget: Arc::clone(&budget),
            stuck_after: config.stuck_after,
            started: Instant::now(),
        });
        Shared {
            application_id: config.application_id.as_str().into(),
            budget,
            topology,
            config,
            process_id,
            log,
            backend,
            membership: Mutex::new(None),
            gauges,
            span,
            vitals,
            states: States::default(),
            heartbeat: Heartbeat::new(),
            events: Mailbox::new(),
        }
    }

    /// Time since the start, for rates.
    pub(super) fn elapsed(&self) -> Duration {
        self.vitals.started.elapsed()
    }

    pub(super) fn membership(&self) -> Result<GroupMetadata> {
        let known = self.membership.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.ok_or_else(|| Error::new(ErrorKind::Fenced, "the application is not a member of its group at the moment: its positions are committed when it has rejoined"))
    }

    /// Errs with `Fenced` if this process stands still, or stood still since there were so many `breaks`.
    pub(super) fn check_heartbeat(&self, breaks: u64) -> Result<()> {
        self.heartbeat.check(self.config.session_timeout, breaks)
    }

    /// Nothing is committed until there is a membership again.
    pub(super) fn forget_membership(&self) {
        *self.membership.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn set_membership(&self, membership: GroupMetadata) {
        *self.membership.lock().unwrap_or_else(PoisonError::into_inner) = Some(membership);
    }
}

fn identity(topology: &Topology, config: &Config, process_id: &str) -> Identity {
    Identity {
        application_id: config.application_id.clone(),
        process_id: process_id.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        topology: format!("{:08x}", crc32fast::hash(topology.describe().as_bytes())),
        guarantee: config.guarantee,
    }
}

/// The wall clock in milliseconds since the epoch.
pub(super) fn wall_clock() -> Timestamp {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Partitions of a topic that has to exist.
pub(super) fn partitions_of(log: &dyn Log, topic: &str) -> Result<u32> {
    match log.describe_topic(topic)? {
        Some(info) => Ok(info.partitions),
        None => Err(Error::new(
            ErrorKind::NotFound,
            format!("topic {topic} does not exist; create it before the application starts"),
        )),
    }
}
