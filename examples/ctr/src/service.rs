//! A data directory and the application that works on it: what both modes have in common.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use streams_core::log::Log;
use streams_core::log::embedded::{EmbeddedLog, EmbeddedLogOptions};
use streams_core::runtime::{App, Config};
use streams_core::{ErrorPolicies, ErrorPolicy, Result};

use crate::input::{Position, PositionTopic, Settings};
use crate::topics::{self, DEAD_LETTERS};
use crate::topology::topology;

/// An open data directory.
pub struct Service {
    /// The log in it.
    pub log: Arc<dyn Log>,
    /// How far the input was read when it was opened.
    pub position: Position,
    config: Config,
    grace: Duration,
}

impl Service {
    /// Opens the data directory `dir`, which is made if it does not exist.
    ///
    /// Settings of the library may be given in the environment: `STREAMS_COMMIT_INTERVAL=1s` and so on.
    ///
    /// Errs with `Locked` if another process has it open, and with `Config` if it belongs to a run with other
    /// settings.
    pub fn open(dir: &Path, settings: Settings, threads: u16) -> Result<Self> {
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(dir.join("log"), EmbeddedLogOptions::default())?);
        let grace = Duration::from_millis(settings.grace_ms);
        let known = match log.describe_topic(topics::POSITION)? {
            Some(_) => PositionTopic::read(&*log)?,
            None => None,
        };
        if let Some(known) = &known {
            known.settings.check(&settings).map_err(|e| e.context(dir.display()))?;
        }
        topics::create(&*log, settings.partitions, settings.inputs.is_empty())?;
        let mut config = Config::new("ctr");
        config.num_threads = usize::from(threads);
        config.state_dir = Some(dir.join("state"));
        config.apply_env(std::env::vars())?;
        // Everything that is not counted goes to one topic, in the transaction that passes it by.
        config.errors = ErrorPolicies {
            deserialization: ErrorPolicy::DeadLetter,
            dead_letter_topic: Some(DEAD_LETTERS.to_owned()),
            dead_letter_drops: true,
            ..ErrorPolicies::default()
        };
        Ok(Service { log, position: known.unwrap_or_else(|| Position::start(settings)), config, grace })
    }

    /// The application on this directory, to be started.
    pub fn app(&self) -> Result<App> {
        Ok(App::new(topology(self.grace)?, self.config.clone(), Arc::clone(&self.log)))
    }
}
