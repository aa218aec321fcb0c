//! An application: a topology with its settings and its log.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::error::{Error, ErrorKind, Result};
use crate::log::{Log, NewTopic, Wakeup};
use crate::runtime::config::Config;
use crate::runtime::coordinator::Coordinator;
use crate::runtime::handle::AppHandle;
use crate::runtime::metrics::Metrics;
use crate::runtime::reset::{self, ResetPlan, ResetTo};
use crate::runtime::shared::Shared;
use crate::runtime::state::AppState;
use crate::runtime::topics;
use crate::state::{Backend, EngineKind};
use crate::topology::Topology;

/// How long to wait for the lock on the state directory.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// An application: a topology with its settings, on a log. Any number of them run in one process.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use streams_core::log::embedded::EmbeddedLog;
/// use streams_core::log::{Log, NewTopic};
/// use streams_core::runtime::{App, Config, Start, Subscription, TopicProducer};
/// use streams_core::{StreamsBuilder, Topic};
///
/// const WORDS: Topic<String, String> = Topic::new("words");
/// const LENGTHS: Topic<String, i64> = Topic::new("lengths");
///
/// # fn main() -> streams_core::Result<()> {
/// let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
/// log.create_topics(&[NewTopic::new("words", 1), NewTopic::new("lengths", 1)])?;
///
/// let builder = StreamsBuilder::new();
/// builder.stream(&WORDS).map_values(|word| word.len() as i64).to(&LENGTHS);
/// let app = App::new(builder.build()?, Config::new("lengths"), Arc::clone(&log)).start()?;
///
/// let mut words = TopicProducer::open(&*log, &WORDS)?;
/// words.send(&"a".to_owned(), &"hello".to_owned(), 0)?;
/// words.flush()?;
///
/// let mut lengths = Subscription::open(&log, &LENGTHS, Start::Earliest)?;
/// assert_eq!(lengths.next_within(Duration::from_secs(10))?.unwrap().value, 5);
/// app.shutdown(Duration::from_secs(10))
/// # }
/// ```
pub struct App {
    topology: Topology,
    config: Config,
    log: Arc<dyn Log>,
}

impl App {
    /// `topology` with these settings on `log`.
    pub fn new(topology: Topology, config: Config, log: Arc<dyn Log>) -> Self {
        App { topology, config, log }
    }

    /// Starts it: creates the internal topics, opens the state, joins the group, and runs on threads of its own
    /// until it is stopped. Needs no async runtime.
    ///
    /// Errs if a setting is wrong, the state directory is in use, or the topics are not as they must be, with all that
    /// is wrong with them; see [`check_topics`](Self::check_topics).
    pub fn start(self) -> Result<AppHandle> {
        self.launch(false)
    }

    /// Starts it as [`start`](Self::start) does, but it stops by itself at the end of its input; see
    /// [`run_to_end`](Self::run_to_end).
    pub fn start_to_end(self) -> Result<AppHandle> {
        self.launch(true)
    }

    /// Runs to the end of the input that there is now: processes it, and what comes of it behind repartitions; then
    /// closes all windows from upstream to downstream; commits and stops. The counters at the end.
    ///
    /// Where the topology writes to a topic that it also reads, it goes on until nothing new comes of what it has
    /// written, and errs if records go round for ever; what others write to such a topic meanwhile is read too. Records
    /// that come back are processed after those that were there before them, whatever their times.
    ///
    /// It may be killed at any point and run again: it goes on from what is committed. When everything is done, a
    /// further run without new input adds nothing.
    pub fn run_to_end(self) -> Result<Metrics> {
        let handle = self.launch(true)?;
        handle.wait()?;
        Ok(handle.metrics())
    }

    /// The topics that this application makes for itself when it starts, with names, settings and the partition counts
    /// that follow from the topics it reads, whether they exist or not. Errs if one that it reads is missing.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use streams_core::log::embedded::EmbeddedLog;
    /// # use streams_core::log::{Log, NewTopic};
    /// # use streams_core::runtime::{App, Config};
    /// # use streams_core::{Materialized, StreamsBuilder, Topic};
    /// # const VISITS: Topic<String, String> = Topic::new("visits");
    /// let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
    /// log.create_topics(&[NewTopic::new("visits", 3)])?;
    /// let builder = StreamsBuilder::new();
    /// let _ = builder.stream(&VISITS).group_by_key().count_with(Materialized::named("counts"));
    ///
    /// let app = App::new(builder.build()?, Config::new("shop"), log);
    /// let topics = app.internal_topics()?;
    /// assert_eq!((topics[0].name.as_str(), topics[0].partitions), ("shop-counts-changelog", 3));
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn internal_topics(&self) -> Result<Vec<NewTopic>> {
        let assignments = topics::plan(&self.topology, &self.config, &*self.log)?;
        Ok(topics::internal(&self.topology, &self.config, &assignments))
    }

    /// Looks at all topics as [`start`](Self::start) does first, and changes nothing; what is not right and does not
    /// keep the application from starting, which `start` logs as warnings.
    ///
    /// Errs with everything that keeps it from starting, each with the command or the line of code that would change
    /// it: topics of the topology that are missing, topics that are joined and have different numbers of partitions,
    /// internal topics of another number of partitions than the inputs ask for, and settings of internal topics by which
    /// records or rows would be lost. Internal topics that are missing are no mistake: they are created.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use streams_core::log::embedded::EmbeddedLog;
    /// # use streams_core::runtime::{App, Config};
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const VISITS: Topic<String, String> = Topic::new("visits");
    /// # const PAGES: Topic<String, String> = Topic::new("pages");
    /// let builder = StreamsBuilder::new();
    /// builder.stream(&VISITS).to(&PAGES);
    /// let app = App::new(builder.build()?, Config::new("shop"), Arc::new(EmbeddedLog::in_memory()));
    /// let text = app.check_topics().unwrap_err().to_string();
    /// assert!(text.contains(r#"log.create_topics(&[NewTopic::new("visits", 1)])?"#), "{text}");
    /// assert!(text.contains(r#"log.create_topics(&[NewTopic::new("pages", 1)])?"#), "{text}");
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn check_topics(&self) -> Result<Vec<String>> {
        self.config.check()?;
        topics::check(&self.topology, &self.config, &*self.log)
    }

    /// Creates the internal topics that are missing, as [`start`](Self::start) does first, after the same checks: for
    /// clusters where somebody else has to do that than the application itself.
    pub fn create_topics(&self) -> Result<()> {
        self.config.check()?;
        topics::prepare(&self.topology, &self.config, &*self.log).map(|_| ())
    }

    /// What starting over would do: the positions of every partition that the application reads go to `to`, its
    /// internal topics are deleted, its local state is removed. Nothing is changed before
    /// [`ResetPlan::execute`]. Outputs of earlier runs stay, as does what belongs to other applications.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use streams_core::log::embedded::EmbeddedLog;
    /// # use streams_core::log::{Log, NewTopic};
    /// # use streams_core::{Materialized, StreamsBuilder, Topic};
    /// use streams_core::runtime::{App, Config, ResetTo};
    /// # const VISITS: Topic<String, String> = Topic::new("visits");
    /// # let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
    /// # log.create_topics(&[NewTopic::new("visits", 1)])?;
    /// # let builder = StreamsBuilder::new();
    /// # let _ = builder.stream(&VISITS).group_by_key().count_with(Materialized::named("counts"));
    /// # let topology = builder.build()?;
    /// # App::new(topology.clone(), Config::new("shop"), log.clone()).run_to_end()?;
    ///
    /// let app = App::new(topology, Config::new("shop"), log);
    /// let plan = app.plan_reset(&ResetTo::Earliest)?;
    /// assert_eq!(
    ///     plan.to_string(),
    ///     "reset of application `shop`\n\
    ///      \x20 position of visits-0: none -> 0\n\
    ///      \x20 delete topic shop-counts-changelog (1 partitions)\n\
    ///      \x20 no local state here\n"
    /// );
    /// plan.execute()?;
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn plan_reset(&self, to: &ResetTo) -> Result<ResetPlan> {
        reset::plan(&self.topology, &self.config, &self.log, to)
    }

    /// A reset from the command line, for a program's `main`: `--dry-run` says what would be done, `--to` where to
    /// begin (as [`ResetTo`] is parsed). What is done is written to `out`.
    pub fn reset_command(&self, args: impl IntoIterator<Item = String>, out: &mut dyn Write) -> Result<()> {
        reset::run_command(self, args, out)
    }

    fn launch(self, bounded: bool) -> Result<AppHandle> {
        let App { topology, config, log } = self;
        config.check()?;
        let span = tracing::info_span!("streams", application = config.application_id);
        let _in_span = span.clone().entered();
        let assignments = topics::prepare(&topology, &config, &*log)?;
        let engine = if config.state_dir.is_some() { config.engine } else { EngineKind::Memory };
        let dir = config.state_dir.as_ref().map(|dir| dir.join(&config.application_id)).unwrap_or_default();
        let cache = (config.memory_budget - config.store_memory()) as u64;
        let backend = open_state(engine, &dir, cache)?;
        let process_id = match &config.process_id {
            Some(id) => id.clone(),
            // Only an engine on disk makes sure that nobody else uses the directory.
            None if engine != EngineKind::Memory => kept_process_id(&dir)?,
            None => random_id(),
        };
        let shared = Arc::new(Shared::new(topology, config, process_id, log, backend, span));
        announce(&shared, engine);
        let (state, watched) = watch::channel(AppState::Created);
        let coordinator = Coordinator::start(Arc::clone(&shared), assignments, bounded, state.clone())?;
        AppHandle::run(shared, coordinator, state, watched)
    }
}

/// Says what is started, so that a log begins with what it is about.
fn announce(shared: &Shared, engine: EngineKind) {
    let (identity, config) = (&shared.vitals.identity, &shared.config);
    let state_dir =
        config.state_dir.as_ref().map(|dir| dir.join(&config.application_id).display().to_string());
    tracing::info!(
        version = identity.version,
        process = identity.process_id,
        topology = identity.topology,
        guarantee = %config.guarantee,
        threads = config.num_threads,
        %engine,
        state_dir,
        log = shared.log.place(),
        "starting"
    );
}

/// Opens the state. One that was closed a moment ago, here or in another process, may still be locked.
pub(super) fn open_state(engine: EngineKind, dir: &Path, cache: u64) -> Result<Arc<dyn Backend>> {
    let (until, pause) = (Instant::now() + LOCK_PATIENCE, Wakeup::new());
    loop {
        match engine.open(dir, cache) {
            Err(error) if error.kind() == ErrorKind::Locked && Instant::now() < until => {
                pause.wait(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

/// The process id kept in the state directory, made at the first start.
fn kept_process_id(dir: &Path) -> Result<String> {
    let path = dir.join("process-id");
    let failed = |what: &str, error| Error::from(error).context(format!("cannot {what} {}", path.display()));
    match fs::read_to_string(&path) {
        Ok(id) if !id.trim().is_empty() => Ok(id.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("read", error)),
        _ => {
            let id = random_id();
            fs::write(&path, &id).map_err(|error| failed("write", error))?;
            Ok(id)
        }
    }
}

fn random_id() -> String {
    // The standard library seeds its hashers from the system's randomness.
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The error that a final state stands for.
pub(super) fn outcome(state: &AppState) -> Result<()> {
    match state {
        AppState::Failed { kind, message } => Err(Error::new(*kind, message.clone())),
        AppState::Stopped => Ok(()),
        other => Err(Error::new(ErrorKind::Closed, format!("the application is {other}"))),
    }
}
