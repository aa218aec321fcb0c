//! Where it all runs: the broker, its topics, a folder for state, and the Java program.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use streams_core::log::{Log, NewTopic};
use streams_kafka::testing::{Cluster, ClusterOptions};
use streams_kafka::{KafkaConfig, KafkaLog};

use crate::workloads::Run;
use crate::{Outcome, data, proc};

pub(crate) struct Place {
    pub(crate) log: Arc<dyn Log>,
    /// How to start the Java program.
    pub(crate) java: Option<Vec<String>>,
    /// For state of the programs.
    pub(crate) dir: tempfile::TempDir,
    next: AtomicU32,
    cluster: Cluster,
}

impl Place {
    /// Starts the broker and fills the topics that the runs read.
    pub(crate) fn prepare(runs: &[Run], java: Option<Vec<String>>) -> Outcome<Place> {
        let mut options = ClusterOptions { heap: "1g".into(), ..ClusterOptions::default() };
        options.jvm = ["-Xms1g", "-XX:+UseG1GC"].map(str::to_owned).to_vec();
        let settings = [
            // Event times lie in the past.
            ("log.retention.ms", "-1"),
            ("queued.max.requests", "500"),
            ("num.network.threads", "3"),
            ("num.io.threads", "8"),
            ("log.cleaner.dedupe.buffer.size", "134217728"),
        ];
        options.settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        let cluster = Cluster::start(&options)?;
        let mut config = KafkaConfig::new(cluster.bootstrap());
        // Batches as the Java producer would make them if it waited; no peer compresses.
        for (key, value) in [("compression.type", "none"), ("batch.size", "65536"), ("linger.ms", "50")] {
            config.producer.insert(key.into(), value.into());
        }
        let log: Arc<dyn Log> = Arc::new(KafkaLog::connect(config)?);
        let mut inputs: Vec<_> = runs.iter().flat_map(|run| run.inputs.clone()).collect();
        inputs.sort_by_key(|(data, count)| (data.topic(), std::cmp::Reverse(*count)));
        inputs.dedup_by_key(|(data, _)| *data);
        for (data, count) in inputs {
            eprintln!("{count} records for {} ..", data.topic());
            data::fill(&*log, data, count)?;
        }
        Ok(Place { log, java, dir: tempfile::tempdir()?, next: AtomicU32::new(0), cluster })
    }

    pub(crate) fn bootstrap(&self) -> &str {
        self.cluster.bootstrap()
    }

    /// The broker's process.
    pub(crate) fn broker(&self) -> u32 {
        self.cluster.pid(0).unwrap_or(0)
    }

    /// Lets the broker run on its own core, or on all of them.
    pub(crate) fn pin_broker(&self, pinned: bool) -> Outcome<()> {
        let all = format!("0-{}", std::thread::available_parallelism()?.get() - 1);
        proc::pin(self.broker(), if pinned { "0" } else { &all })
    }

    /// A name that no run had yet.
    pub(crate) fn fresh(&self) -> String {
        format!("run-{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// A new topic with one partition.
    pub(crate) fn create(&self, topic: &str) -> Outcome<()> {
        Ok(self.log.create_topics(&[NewTopic::new(topic, 1)])?)
    }

    /// Removes what a run has left, but for the changelog that is restored.
    pub(crate) fn clear(&self, name: &str) -> Outcome<()> {
        let topics = self.log.list_topics()?;
        let left: Vec<&str> =
            topics.iter().map(String::as_str).filter(|topic| topic.starts_with(name)).collect();
        if !left.is_empty() {
            self.log.delete_topics(&left)?;
        }
        match std::fs::remove_dir_all(self.state(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The folder for the state of a run.
    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}
