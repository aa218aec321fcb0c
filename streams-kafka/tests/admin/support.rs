//! What these tests share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, AppHandle, Config, Start, Subscription, TopicProducer};
pub(crate) use streams_core::testing::{PATIENCE, wait_for, wait_until};
use streams_core::{Materialized, StreamsBuilder, Topic, Topology};
use streams_kafka::testing::Cluster;
use streams_kafka::{KafkaConfig, KafkaLog};

/// A name that nothing else on the cluster has.
pub(crate) fn unique(name: &str) -> &'static str {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{name}-{now}-{number}").leak()
}

/// A client of the cluster that the tests share.
pub(crate) fn log() -> Arc<dyn Log> {
    log_with(|_| {})
}

pub(crate) fn log_with(settle: impl FnOnce(&mut KafkaConfig)) -> Arc<dyn Log> {
    let mut config = Cluster::shared().config();
    settle(&mut config);
    Arc::new(KafkaLog::connect(config).unwrap())
}

/// A count of words behind a repartition, with topics of its own.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    pub(crate) id: &'static str,
    pub(crate) lines: Topic<Option<String>, String>,
    pub(crate) counts: Topic<String, i64>,
}

impl Words {
    /// Creates the topics.
    pub(crate) fn create(log: &dyn Log, name: &str, partitions: u32) -> Words {
        let id = unique(name);
        let lines = Topic::new(format!("{id}.lines").leak());
        let counts = Topic::new(format!("{id}.counts").leak());
        let topics = [NewTopic::new(lines.name(), partitions), NewTopic::new(counts.name(), 2)];
        log.create_topics(&topics).unwrap();
        Words { id, lines, counts }
    }

    pub(crate) fn topology(&self) -> Topology {
        let builder = StreamsBuilder::new();
        let words = builder.stream(&self.lines).group_by(|_, word| word.clone());
        words.count_with(Materialized::named("totals")).to_stream().to(&self.counts);
        builder.build().unwrap()
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new(self.id);
        config.session_timeout = Duration::from_secs(6);
        config
    }

    pub(crate) fn app(&self, log: &Arc<dyn Log>, config: Config) -> App {
        App::new(self.topology(), config, Arc::clone(log))
    }

    pub(crate) fn start(&self, log: &Arc<dyn Log>, config: Config) -> AppHandle {
        self.app(log, config).start().unwrap()
    }

    /// Sends the words `w0` to `w9`, `rounds` times.
    pub(crate) fn send(&self, log: &dyn Log, rounds: i64) {
        let mut lines = TopicProducer::open(log, &self.lines).unwrap();
        for n in 0..rounds * 10 {
            lines.send(&None, &format!("w{}", n % 10), 1_700_000_000_000 + n).unwrap();
        }
        lines.flush().unwrap();
    }

    /// Waits until every word has this count; all results from `skip` on, by key.
    pub(crate) fn wait_for(&self, log: &Arc<dyn Log>, count: i64, skip: usize) -> BTreeMap<String, Vec<i64>> {
        let mut reader = Subscription::open(log, &self.counts, Start::Earliest).unwrap();
        let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let deadline = Instant::now() + PATIENCE;
        let mut seen = 0;
        while found.len() < 10 || found.values().any(|counts| counts.last() != Some(&count)) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(received) = reader.next_within(left).unwrap() else {
                panic!("found {found:?} instead of {count} of each");
            };
            seen += 1;
            if seen > skip {
                found.entry(received.record.key.clone()).or_default().push(received.record.value);
            }
        }
        found
    }
}
