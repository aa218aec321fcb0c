//! The settings of an application: a typed struct, filled in code, from the environment or from TOML.

mod keys;
mod nearest;
mod text;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::operators::policies::ErrorPolicies;
use crate::state::EngineKind;
use crate::topology::ADDITIONAL_RETENTION;

/// What a crash may do to results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guarantee {
    /// Outputs, state and input positions are one transaction: every record counts once.
    #[default]
    ExactlyOnce,
    /// No record is lost; after a crash some are processed again.
    AtLeastOnce,
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Guarantee::ExactlyOnce => "exactly-once",
            Guarantee::AtLeastOnce => "at-least-once",
        })
    }
}

/// When results of cached stores are forwarded (Kafka's record cache).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Forwarding {
    /// Once per key and commit.
    #[default]
    PerCommit,
    /// On every update.
    PerUpdate,
}

/// What a task does while one of its inputs has no record at hand (Kafka's `max.task.idle.ms`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskIdle {
    /// It goes on with the others at once (Kafka's −1).
    Never,
    /// It waits until the input is known to be at its end, and then this long for more.
    UpTo(Duration),
}

/// Where to start on a partition without a committed position, or with one that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OffsetReset {
    /// At the first record that is there. If records behind the committed position were deleted, they are counted as
    /// [`DropReason::Deleted`](crate::DropReason::Deleted).
    #[default]
    Earliest,
    /// Behind the last record.
    Latest,
    /// Nowhere: the application fails.
    Fail,
}

/// The settings of an application. [`Config::new`] has the defaults; every field may be changed.
///
/// ```
/// use std::time::Duration;
/// use streams_core::runtime::{Config, Guarantee};
///
/// let mut config = Config::new("word-count");
/// config.num_threads = 2;
/// assert_eq!(config.commit_interval(), Duration::from_millis(100));
///
/// let text = "
///     application-id = 'word-count'
///     guarantee = 'at-least-once'
///     memory-budget = '64 MiB'
///     [errors]
///     deserialization = 'skip'
/// ";
/// let config = Config::from_toml(text)?;
/// assert_eq!(config.guarantee, Guarantee::AtLeastOnce);
/// assert_eq!(config.commit_interval(), Duration::from_secs(30));
/// # Ok::<(), streams_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The consumer group, and the prefix of internal topics. Instances that share the work share it.
    pub application_id: String,
    /// Exactly-once by default.
    pub guarantee: Guarantee,
    /// How often to commit; by default every 100 ms exactly-once, every 30 s at-least-once.
    pub commit_interval: Option<Duration>,
    /// Number of worker threads, 1 by default. Tasks are spread over them.
    pub num_threads: usize,
    /// What a task does while one of its inputs has no record at hand. By default it waits until it knows that there
    /// is none.
    pub max_task_idle: TaskIdle,
    /// When results of cached stores are forwarded; per commit by default.
    pub forwarding: Forwarding,
    /// Whether event time behind a repartition is the minimum of what the tasks before it have come to, so that a
    /// replay drops as late only what a live run drops; on by default. Without, it is the highest time that came out
    /// of the repartition topic, as in Kafka Streams; so it is where records come back to the tasks that wrote them,
    /// which would wait for themselves.
    ///
    /// The tasks before a repartition write what they have come to into its topic, as records without key and value.
    /// Kafka Streams takes them for records of the application: before it takes over, run with this off until nothing
    /// is left to do, which takes them out.
    pub aligned_event_time: bool,
    /// With aligned event time, a task that has had nothing to read for this long is not waited for; 1 s by default.
    pub idle_after: Duration,
    /// Where state is kept, in a folder of the application's name. Without one it is in memory and restored from the
    /// changelogs at every start.
    pub state_dir: Option<PathBuf>,
    /// Engine of the stores, if there is a `state_dir`; sled by default. [`EngineKind`] says which one to take when.
    pub engine: EngineKind,
    /// Bytes of memory for the entries of all stores and the engine's cache; 256 MiB by default.
    pub memory_budget: usize,
    /// How often committed state is written to the engine; 30 s by default. More often when memory is short.
    pub flush_interval: Duration,
    /// A process that does not show up for this long loses its tasks to others; 45 s by default.
    pub session_timeout: Duration,
    /// How often consumed records of repartition topics are deleted; 30 s by default.
    pub repartition_purge_interval: Duration,
    /// Bytes read from repartition topics after which they are deleted earlier; 64 MiB by default.
    pub repartition_purge_bytes: usize,
    /// How often topics are looked up that a pattern of the topology may match; 30 s by default.
    pub topic_check_interval: Duration,
    /// Bytes fetched from a partition at once; 256 KiB by default.
    pub fetch_bytes: usize,
    /// A partition is fetched from while fewer records than this wait to be processed; 1000 by default.
    pub buffered_records: usize,
    /// A transaction is committed early when this much is in it; 16 MiB by default.
    pub max_transaction_bytes: usize,
    /// Where to start on a partition without a committed position; at the first record by default.
    pub offset_reset: OffsetReset,
    /// How much longer than their stores the changelogs of windowed stores are kept; 1 day by default.
    pub changelog_additional_retention: Duration,
    /// How long dropping the handle waits for the application to stop; 30 s by default.
    pub close_timeout: Duration,
    /// A thread that has not come round its loop for this long, or is at the same record, is stuck: the application is
    /// not live any more; 60 s by default. Longer than the slowest record may take.
    pub stuck_after: Duration,
    /// Names this process among those of the application. By default it is chosen at the first start, and kept in
    /// `state_dir` if there is one. Two processes with one name fence each other.
    pub process_id: Option<String>,
    /// What to do with records that cannot be read, processed or written; fail by default.
    pub errors: ErrorPolicies,
}

impl Config {
    /// The defaults, for the application of this id.
    pub fn new(application_id: impl Into<String>) -> Self {
        Config {
            application_id: application_id.into(),
            guarantee: Guarantee::default(),
            commit_interval: None,
            num_threads: 1,
            max_task_idle: TaskIdle::UpTo(Duration::ZERO),
            forwarding: Forwarding::default(),
            aligned_event_time: true,
            idle_after: Duration::from_secs(1),
            state_dir: None,
            engine: EngineKind::default(),
            memory_budget: 256 << 20,
            flush_interval: Duration::from_secs(30),
            session_timeout: Duration::from_secs(45),
            repartition_purge_interval: Duration::from_secs(30),
            repartition_purge_bytes: 64 << 20,
            topic_check_interval: Duration::from_secs(30),
            fetch_bytes: 256 << 10,
            buffered_records: 1000,
            max_transaction_bytes: 16 << 20,
            offset_reset: OffsetReset::default(),
            changelog_additional_retention: ADDITIONAL_RETENTION,
            close_timeout: Duration::from_secs(30),
            stuck_after: Duration::from_secs(60),
            process_id: None,
            errors: ErrorPolicies::default(),
        }
    }

    /// The settings in a TOML text, over the defaults. Errs on an unknown key, naming the nearest known one, on a
    /// value that does not parse, and without an `application-id`.
    pub fn from_toml(text: &str) -> Result<Self> {
        let mut config = Config::new("");
        config.apply_toml(text)?;
        config.check()?;
        Ok(config)
    }

    /// The settings in the environment, over the defaults: `STREAMS_COMMIT_INTERVAL=1s` sets `commit-interval`.
    /// Errs as [`from_toml`](Self::from_toml) does.
    pub fn from_env() -> Result<Self> {
        let mut config = Config::new("");
        config.apply_env(std::env::vars())?;
        config.check()?;
        Ok(config)
    }

    /// Takes over the settings in a TOML text. Keys may be written with `-` or `_`; the error policies are in a
    /// table `errors`.
    pub fn apply_toml(&mut self, text: &str) -> Result<()> {
        let table: toml::Table = toml::from_str(text)
            .map_err(|e| Error::new(ErrorKind::Config, "the configuration is not TOML").caused_by(e))?;
        self.apply_table("", &table)
    }

    /// Takes over those of these variables that begin with `STREAMS_`.
    pub fn apply_env(&mut self, variables: impl IntoIterator<Item = (String, String)>) -> Result<()> {
        for (name, value) in variables {
            if let Some(key) = name.strip_prefix("STREAMS_") {
                self.set(key, &value).map_err(|e| e.context(format!("the environment variable {name}")))?;
            }
        }
        Ok(())
    }

    /// How often to commit: the setting, or the default of the guarantee.
    pub fn commit_interval(&self) -> Duration {
        self.commit_interval.unwrap_or(match self.guarantee {
            Guarantee::ExactlyOnce => Duration::from_millis(100),
            Guarantee::AtLeastOnce => Duration::from_secs(30),
        })
    }

    /// Memory for typed entries; the engine's own cache has the rest.
    pub(super) fn store_memory(&self) -> usize {
        self.memory_budget / 4 * 3
    }

    /// Errs on settings that cannot work.
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: &str| Err(Error::new(ErrorKind::Config, what.to_owned()));
        if self.application_id.is_empty() {
            return refuse("`application-id` is missing: it names the group and the internal topics");
        }
        if matches!(self.application_id.as_str(), "." | "..") {
            return refuse("`application-id` must not be `.` or `..`: it names a folder");
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !self.application_id.chars().all(legal) {
            return refuse(
                "`application-id` may have a-z, A-Z, 0-9, `.`, `_` and `-` only: topics begin with it",
            );
        }
        if self.num_threads == 0 {
            return refuse("`num-threads` is 0: at least one is needed");
        }
        if self.fetch_bytes == 0 || self.buffered_records == 0 {
            return refuse("`fetch-bytes` and `buffered-records` must not be 0: nothing would be read");
        }
        self.errors.check()
    }
}
