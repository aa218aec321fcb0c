//! The Kafka cluster that the topics are in, where they are not in the data directory.
//!
//! It can be reached if the program was built with the feature `kafka`, which brings a C library.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use streams_core::log::Log;
use streams_core::{Error, ErrorKind, Result};

/// A cluster.
#[derive(Clone)]
pub struct Cluster {
    log: Arc<dyn Log>,
    brokers: String,
}

impl Cluster {
    /// The cluster of these brokers, with the settings of a TOML file, over which go those of the environment
    /// (`KAFKA_CLIENT_SECURITY_PROTOCOL=SSL` and so on), over which goes `bootstrap`. `None` if neither brokers nor a
    /// file were given.
    ///
    /// Errs with [`ErrorKind::Config`] if settings are wrong, or the program was built without Kafka.
    pub fn of(bootstrap: Option<&str>, settings: Option<&Path>) -> Result<Option<Cluster>> {
        if bootstrap.is_none() && settings.is_none() {
            return Ok(None);
        }
        connect(bootstrap, settings).map(Some)
    }

    /// The log in it.
    pub fn log(&self) -> Arc<dyn Log> {
        Arc::clone(&self.log)
    }

    /// The brokers that were given.
    pub fn brokers(&self) -> &str {
        &self.brokers
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cluster").field(&self.brokers).finish()
    }
}

/// Where the topics are, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the data directory.
    Folder(PathBuf),
    /// In the cluster of these brokers.
    Cluster(String),
}

impl Place {
    /// What to do to start anew.
    pub fn elsewhere(&self) -> &'static str {
        match self {
            Place::Folder(_) => "take another --data-dir, or delete this one",
            Place::Cluster(_) => "take another cluster, or delete its topics `ctr*` and `ad_events_raw`",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Folder(dir) => write!(f, "the data directory {}", dir.display()),
            Place::Cluster(brokers) => write!(f, "the service in the cluster {brokers}"),
        }
    }
}

#[cfg(feature = "kafka")]
fn connect(bootstrap: Option<&str>, settings: Option<&Path>) -> Result<Cluster> {
    use streams_kafka::{KafkaConfig, KafkaLog};

    let mut config = KafkaConfig::new("");
    if let Some(path) = settings {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| {
            Error::new(ErrorKind::Config, format!("the settings {name} cannot be read")).caused_by(e)
        })?;
        config.apply_toml(&text).map_err(|e| e.context(format!("the settings {name}")))?;
    }
    config.apply_env(std::env::vars())?;
    if let Some(brokers) = bootstrap {
        config.bootstrap_servers = brokers.to_owned();
    }
    let brokers = config.bootstrap_servers.clone();
    Ok(Cluster { log: Arc::new(KafkaLog::connect(config)?), brokers })
}

#[cfg(not(feature = "kafka"))]
fn connect(_: Option<&str>, _: Option<&Path>) -> Result<Cluster> {
    let message = "this program was built without Kafka: build it with `--features kafka`";
    Err(Error::new(ErrorKind::Config, message))
}
