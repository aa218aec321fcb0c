//! A cluster of one or three brokers.

use std::hash::{BuildHasher, RandomState};
use std::io::{Error, Result};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::broker::Broker;
use super::lane::Lane;
use super::security::Security;
use super::settings::Node;
use crate::{KafkaConfig, KafkaLog};
use streams_core::log::Log;

/// How long a broker may take to start.
const START: Duration = Duration::from_secs(120);

/// How to start a cluster.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Number of brokers: 1 or 3.
    pub brokers: usize,
    /// Largest heap of each, as Java's `-Xmx` takes it.
    pub heap: String,
    /// Options of each broker's JVM beside the heap. By default those that start fast and take little memory.
    pub jvm: Vec<String>,
    /// Number of lanes: ways to the brokers that can be cut, one for each client process.
    pub lanes: usize,
    /// Settings of the brokers over those that tests need.
    pub settings: Vec<(String, String)>,
    /// What clients have to show; on lanes nothing.
    pub security: Security,
}

impl Default for ClusterOptions {
    /// One broker with a heap of 400 MB.
    fn default() -> Self {
        let jvm = ["-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
        ClusterOptions {
            brokers: 1,
            heap: "400m".into(),
            jvm: jvm.map(str::to_owned).to_vec(),
            lanes: 0,
            settings: Vec::new(),
            security: Security::None,
        }
    }
}

/// A running cluster. Dropping it kills the brokers and removes their data.
pub struct Cluster {
    bootstrap: String,
    /// Settings of clients.
    client: Vec<(String, String)>,
    // Dropped in this order: brokers end before their folder is removed.
    brokers: Mutex<Vec<Broker>>,
    lanes: Vec<Lane>,
    _dir: Option<Dir>,
}

impl Cluster {
    /// The cluster that all tests of this process share: the one that the variable `KAFKA_BOOTSTRAP` names, or one
    /// broker that is started now. It ends with the process.
    ///
    /// # Panics
    /// If it cannot be started, with what is missing.
    pub fn shared() -> &'static Cluster {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("KAFKA_BOOTSTRAP") {
            Ok(bootstrap) => Cluster {
                bootstrap,
                client: Vec::new(),
                brokers: Mutex::default(),
                lanes: Vec::new(),
                _dir: None,
            },
            #[allow(clippy::panic, reason = "tests cannot go on without a broker")]
            Err(_) => Cluster::start(&ClusterOptions::default()).unwrap_or_else(|error| panic!("{error}")),
        })
    }

    /// Starts a cluster and waits until it answers.
    pub fn start(options: &ClusterOptions) -> Result<Cluster> {
        let lib = jars()?;
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("streams-kafka-{}-{number}", std::process::id());
        let folder = Dir(std::env::temp_dir().join(name));
        let dir = &folder.0;
        let ports = free_ports(options.brokers * (3 + options.lanes))?;
        let (clients, ports) = ports.split_at(options.brokers);
        let (controllers, ports) = ports.split_at(options.brokers);
        let (internal, ports) = ports.split_at(options.brokers);
        let (security, certificates) = (options.security, dir.join("certificates"));
        security.prepare(&certificates)?;
        let lanes = ports.chunks(options.brokers).map(Lane::start).collect::<Result<Vec<Lane>>>()?;
        let format = |index: usize| {
            let home = dir.join(format!("broker-{}", index + 1));
            let data = home.join("data");
            let own = ports.chunks(options.brokers).map(|ports| ports[index]);
            let its_lanes: Vec<_> = own.zip(lanes.iter().map(|lane| lane.ports()[index])).collect();
            let node = Node {
                id: index + 1,
                port: clients[index],
                controllers,
                internal: internal[index],
                data: &data,
                security,
                certificates: &certificates,
                lanes: &its_lanes,
            };
            Broker::format(&home, &lib, options, &node.properties(&options.settings))
        };
        let brokers = std::thread::scope(|scope| {
            let format = &format;
            let threads: Vec<_> =
                (0..options.brokers).map(|index| scope.spawn(move || format(index))).collect();
            let joined = threads.into_iter().map(|thread| {
                thread.join().unwrap_or_else(|_| Err(Error::other("formatting the storage panicked")))
            });
            joined.collect::<Result<Vec<Broker>>>()
        })?;
        let bootstrap: Vec<String> = clients.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let (bootstrap, client) = (bootstrap.join(","), security.of_client(&certificates));
        let cluster = Cluster { bootstrap, client, brokers: Mutex::new(brokers), lanes, _dir: Some(folder) };
        for index in 0..options.brokers {
            cluster.with(|brokers| brokers[index].start())?;
        }
        for index in 0..options.brokers {
            cluster.wait_ready(index)?;
        }
        Ok(cluster)
    }

    /// `host:port` of all brokers, with commas.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Settings to reach it, with patience for brokers on a machine that is busy.
    pub fn config(&self) -> KafkaConfig {
        let mut config = KafkaConfig::new(self.bootstrap());
        config.request_timeout = Duration::from_secs(60);
        config.client.extend(self.client.iter().cloned());
        config
    }

    /// The process of broker `index`, from 0, while it runs.
    pub fn pid(&self, index: usize) -> Option<u32> {
        self.with(|brokers| brokers.get(index).and_then(Broker::pid))
    }

    /// Lane `index`, from 0.
    pub fn lane(&self, index: usize) -> &Lane {
        &self.lanes[index]
    }

    /// `kill -9` of broker `index`, from 0. Its data stay.
    pub fn kill(&self, index: usize) {
        self.with(|brokers| brokers[index].kill());
    }

    /// Stops broker `index` in its tracks (SIGSTOP).
    pub fn pause(&self, index: usize) -> Result<()> {
        self.with(|brokers| brokers[index].signal("STOP"))
    }

    /// Lets broker `index` go on (SIGCONT).
    pub fn resume(&self, index: usize) -> Result<()> {
        self.with(|brokers| brokers[index].signal("CONT"))
    }

    /// Kills broker `index` if it runs, starts it with the data and port that it had, and waits until it answers.
    pub fn restart(&self, index: usize) -> Result<()> {
        self.with(|brokers| {
            brokers[index].kill();
            brokers[index].start()
        })?;
        self.wait_ready(index)
    }

    fn wait_ready(&self, index: usize) -> Result<()> {
        let until = Instant::now() + START;
        let bootstrap = self.bootstrap.split(',').nth(index).unwrap_or_default();
        let mut config = self.config();
        config.bootstrap_servers = bootstrap.to_owned();
        config.request_timeout = Duration::from_secs(2);
        // Until then librdkafka would report every refused connection.
        while std::net::TcpStream::connect(bootstrap).is_err() {
            self.check(index, until)?;
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = KafkaLog::connect(config).map_err(Error::other)?;
        while log.list_topics().is_err() {
            self.check(index, until)?;
        }
        Ok(())
    }

    fn check(&self, index: usize, until: Instant) -> Result<()> {
        let ended = self.with(|brokers| brokers[index].has_ended());
        if ended || Instant::now() > until {
            let log = self.with(|brokers| brokers[index].log());
            let what = if ended { "ended" } else { "does not answer" };
            return Err(Error::other(format!("broker {} {what}; it wrote:\n{log}", index + 1)));
        }
        Ok(())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Broker>) -> T) -> T {
        act(&mut self.brokers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Everything that a cluster writes; removed when this is dropped.
struct Dir(PathBuf);

impl Drop for Dir {
    fn drop(&mut self) {
        // What stays is in the system's folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("bootstrap", &self.bootstrap).finish_non_exhaustive()
    }
}

/// The folder with Kafka's jars, fetched if it is not there.
pub(super) fn jars() -> Result<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/kafka/fetch.sh");
    let output = Command::new(&script).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(Error::other(format!("{} failed:\n{text}", script.display())))
}

/// Ports that nobody listens on now, all different. They lie below those that the system gives to outgoing
/// connections, one of which would keep a broker from coming back to its port.
fn free_ports(count: usize) -> Result<Vec<u16>> {
    let random = RandomState::new();
    let mut listeners = Vec::with_capacity(count);
    for attempt in 0..10_000u32 {
        if listeners.len() == count {
            break;
        }
        let port = 12_000 + (random.hash_one(attempt) % 20_000) as u16;
        listeners.extend(TcpListener::bind(("127.0.0.1", port)));
    }
    if listeners.len() < count {
        return Err(Error::other("there are not enough free ports between 12000 and 32000"));
    }
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}
