//! Applications of both kinds over the same topics.

use std::sync::Arc;
use std::time::Duration;

use streams_core::Result;
use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, AppHandle, Config, Forwarding, Guarantee};
use streams_core::testing::{PATIENCE, wait_until};
use streams_kafka::testing::Cluster;
use streams_kafka::{GroupProtocol, KafkaLog};

use crate::input::Input;
use crate::jvm::Jvm;
use crate::programs::{Program, output};
use crate::records::{self, pending};

/// An application id with its topics, whichever side runs it.
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) program: Program,
    pub(crate) guarantee: Guarantee,
    pub(crate) cached: bool,
    pub(crate) aligned: bool,
    pub(crate) num_threads: usize,
    /// How often records are deleted from repartition topics.
    pub(crate) purge: Duration,
    pub(crate) protocol: GroupProtocol,
    /// That of the other side.
    pub(crate) java_protocol: &'static str,
    pub(crate) log: Arc<dyn Log>,
    input: String,
    inputs: Vec<String>,
    state: tempfile::TempDir,
}

/// When a run commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commit {
    /// As soon as it can.
    Often,
    /// Only at its end: what goes through a repartition topic is still inside then.
    AtTheEnd,
}

impl Commit {
    fn interval(self) -> Duration {
        match self {
            Commit::Often => Duration::from_millis(100),
            Commit::AtTheEnd => Duration::from_secs(100),
        }
    }
}

impl Job {
    /// Creates the output topics.
    pub(crate) fn new(id: String, program: Program, input: &Input) -> Job {
        let log = log();
        let outputs: Vec<_> = (1..=program.outputs()).map(|n| NewTopic::new(output(&id, n), 2)).collect();
        log.create_topics(&outputs).unwrap();
        Job {
            id,
            program,
            guarantee: Guarantee::ExactlyOnce,
            cached: false,
            aligned: false,
            num_threads: 1,
            purge: Duration::from_secs(600),
            protocol: GroupProtocol::Classic,
            java_protocol: "classic",
            log,
            input: input.name.clone(),
            inputs: input.topics(),
            state: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn outputs(&self) -> Vec<String> {
        (1..=self.program.outputs()).map(|number| output(&self.id, number).to_owned()).collect()
    }

    pub(crate) fn changelogs(&self) -> Vec<String> {
        self.program.changelogs().iter().map(|name| format!("{}-{name}", self.id)).collect()
    }

    pub(crate) fn repartitions(&self) -> Vec<String> {
        self.program.repartitions().iter().map(|name| format!("{}-{name}", self.id)).collect()
    }

    /// Everything that its tasks read.
    pub(crate) fn sources(&self) -> Vec<String> {
        [self.inputs.clone(), self.repartitions()].concat()
    }

    /// Runs on this side until everything is done that there is, or (if it commits at the end) is read.
    pub(crate) fn run_rust(&self, commit: Commit) {
        let expected = self.expected();
        let app = self.start_rust(commit);
        self.wait(commit, || {
            let metrics = app.metrics();
            assert!(!metrics.state.is_final(), "{}: {}", self.id, metrics.state);
            // Markers of event time wait too, and are not counted; what is committed tells then.
            commit == Commit::Often || metrics.consumed >= expected
        });
        app.shutdown(PATIENCE).unwrap();
        self.wait_left();
    }

    /// Runs on the other side likewise, with or without the local state that it had.
    pub(crate) fn run_java(&self, commit: Commit, wipe: bool) {
        let expected = self.expected();
        self.start_java(commit, wipe);
        let jvm = Jvm::shared();
        jvm.wait_for(&self.id, "running");
        self.wait(commit, || {
            jvm.say(&format!("processed {}", self.id));
            let processed: u64 = jvm.wait_for(&self.id, "processed").parse().unwrap();
            processed >= expected
        });
        self.stop_java();
        self.wait_left();
    }

    pub(crate) fn start_rust(&self, commit: Commit) -> AppHandle {
        self.try_start_rust(commit).unwrap()
    }

    pub(crate) fn try_start_rust(&self, commit: Commit) -> Result<AppHandle> {
        let mut config = Cluster::shared().config();
        config.transaction_timeout = PATIENCE;
        config.group_protocol = self.protocol;
        let log = Arc::new(KafkaLog::connect(config).unwrap());
        App::new(self.program.topology(&self.input, &self.id), self.config(commit), log).start()
    }

    /// Forgets the local state of this side.
    pub(crate) fn wipe_rust(&self) {
        for entry in std::fs::read_dir(self.state.path()).unwrap() {
            std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
    }

    fn config(&self, commit: Commit) -> Config {
        let mut config = Config::new(&self.id);
        config.guarantee = self.guarantee;
        config.forwarding = if self.cached { Forwarding::PerCommit } else { Forwarding::PerUpdate };
        config.aligned_event_time = self.aligned;
        config.num_threads = self.num_threads;
        config.repartition_purge_interval = self.purge;
        config.commit_interval = Some(commit.interval());
        config.state_dir = Some(self.state.path().to_owned());
        config
    }

    pub(crate) fn start_java(&self, commit: Commit, wipe: bool) {
        let jvm = Jvm::shared();
        jvm.forget(&self.id);
        let (program, input, id) = (self.program.name(), &self.input, &self.id);
        let exactly_once = self.guarantee == Guarantee::ExactlyOnce;
        let cache = if self.cached { 10 << 20 } else { 0 };
        let optimize = if self.program.is_optimized() { "all" } else { "none" };
        jvm.say(&format!(
            "start {id} program={program} in={input} out={id} exactly-once={exactly_once} wipe={wipe} state={id} \
             bootstrap.servers={} commit.interval.ms={} statestore.cache.max.bytes={cache} \
             topology.optimization={optimize} num.stream.threads={} group.protocol={} \
             repartition.purge.interval.ms={}",
            Cluster::shared().bootstrap(),
            commit.interval().as_millis(),
            self.num_threads,
            self.java_protocol,
            self.purge.as_millis(),
        ));
    }

    pub(crate) fn stop_java(&self) {
        Jvm::shared().say(&format!("stop {}", self.id));
        Jvm::shared().wait_for(&self.id, "stopped");
    }

    /// How many records wait for it, which is not running.
    fn expected(&self) -> u64 {
        pending(&*self.log, &self.id, &self.sources()) as u64
    }

    /// Waits until the group has no members: one that did not come to leave counts until its session is over, and the
    /// other side would be refused.
    fn wait_left(&self) {
        let members = || self.log.group_members(&self.id);
        wait_until(format_args!("{} to leave", self.id), || members().is_ok_and(|all| all.is_empty()));
    }

    fn wait(&self, commit: Commit, enough: impl FnMut() -> bool) {
        wait_until(format_args!("{} to come to the end", self.id), enough);
        if commit == Commit::Often {
            records::wait_drained(&*self.log, &self.id, &self.inputs, &self.repartitions());
        }
    }
}

/// The shared cluster, with transactions that may be as long as a test needs.
pub(crate) fn log() -> Arc<dyn Log> {
    let mut config = Cluster::shared().config();
    config.transaction_timeout = PATIENCE;
    Arc::new(KafkaLog::connect(config).unwrap())
}
