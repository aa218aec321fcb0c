//! The log, the state of this process, and the application that works on both: what all modes have in common.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use streams_core::log::Log;
use streams_core::log::embedded::{EmbeddedLog, EmbeddedLogOptions};
use streams_core::runtime::{App, Config};
use streams_core::{ErrorPolicies, ErrorPolicy, Result};

use crate::cluster::{Cluster, Place};
use crate::input::{Position, PositionTopic, Settings};
use crate::topics::{self, DEAD_LETTERS};
use crate::topology::topology;

/// The tasks of a process that died go to others after this time, if the environment says nothing else.
const SESSION: Duration = Duration::from_secs(10);

/// An open data directory, or topics in a cluster and the state of this process.
pub struct Service {
    /// Where the topics are.
    pub log: Arc<dyn Log>,
    /// The same for messages.
    pub place: Place,
    /// How far the input was read when it was opened.
    pub position: Position,
    config: Config,
    grace: Duration,
}

impl Service {
    /// Opens the log in `cluster`, or else in the data directory `dir`, which is made if it does not exist and keeps
    /// the state of this process.
    ///
    /// Settings of the library may be given in the environment: `STREAMS_COMMIT_INTERVAL=1s` and so on.
    ///
    /// Errs with `Locked` if another process has it open, and with `Config` if it belongs to a run with other
    /// settings.
    pub fn open(cluster: Option<&Cluster>, dir: &Path, settings: Settings, threads: u16) -> Result<Self> {
        let (log, place): (Arc<dyn Log>, _) = match cluster {
            Some(cluster) => (cluster.log(), Place::Cluster(cluster.brokers().to_owned())),
            None => {
                let log = EmbeddedLog::open(dir.join("log"), EmbeddedLogOptions::default())?;
                (Arc::new(log), Place::Folder(dir.to_owned()))
            }
        };
        let grace = Duration::from_millis(settings.grace_ms);
        let known = match log.describe_topic(topics::POSITION)? {
            Some(_) => PositionTopic::read(&*log)?,
            None => None,
        };
        if let Some(known) = &known {
            known.settings.check(&settings, &place)?;
        }
        topics::create(&*log, settings.partitions, settings.inputs.is_empty(), &place)?;
        let mut config = Config::new("ctr");
        config.num_threads = usize::from(threads);
        config.state_dir = Some(dir.join("state"));
        config.session_timeout = SESSION;
        config.apply_env(std::env::vars())?;
        // Everything that is not counted goes to one topic, in the transaction that passes it by.
        config.errors = ErrorPolicies {
            deserialization: ErrorPolicy::DeadLetter,
            dead_letter_topic: Some(DEAD_LETTERS.to_owned()),
            dead_letter_drops: true,
            ..ErrorPolicies::default()
        };
        let position = known.unwrap_or_else(|| Position::start(settings));
        Ok(Service { log, place, position, config, grace })
    }

    /// The application on this directory, to be started.
    pub fn app(&self) -> Result<App> {
        Ok(App::new(topology(self.grace)?, self.config.clone(), Arc::clone(&self.log)))
    }
}
