//! A word count with a repartition, and what has to come of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, AppHandle, Config, Forwarding, Start, Subscription, TopicProducer};
use streams_core::testing::PATIENCE;
use streams_core::{StreamsBuilder, Topic, Topology};
use streams_kafka::testing::Cluster;
use streams_kafka::{GroupProtocol, KafkaLog};

const WORDS: [&str; 7] = ["to", "be", "or", "not", "that", "is", "question"];
/// A process that is silent for this long loses its tasks. The test brokers have the same for the consumer protocol.
pub(crate) const SESSION: Duration = Duration::from_secs(3);

/// One application with topics of its own.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) bootstrap: String,
    pub(crate) protocol: GroupProtocol,
}

impl Job {
    /// Creates the topics.
    pub(crate) fn create(name: &str, cluster: &Cluster, protocol: GroupProtocol) -> Job {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let job = Job { id: format!("{name}-{now}"), bootstrap: cluster.bootstrap().to_owned(), protocol };
        job.log().create_topics(&[NewTopic::new(job.lines(), 4), NewTopic::new(job.counts(), 2)]).unwrap();
        job
    }

    pub(crate) fn log(&self) -> Arc<dyn Log> {
        let mut config = streams_kafka::KafkaConfig::new(&self.bootstrap);
        config.group_protocol = self.protocol;
        Arc::new(KafkaLog::connect(config).unwrap())
    }

    fn lines(&self) -> &'static str {
        format!("{}-lines", self.id).leak()
    }

    fn counts(&self) -> &'static str {
        format!("{}-counts", self.id).leak()
    }

    fn topology(&self) -> Topology {
        let lines: Topic<Option<String>, String> = Topic::new(self.lines());
        let counts: Topic<String, i64> = Topic::new(self.counts());
        let builder = StreamsBuilder::new();
        builder
            .stream(&lines)
            .flat_map_values(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
            .group_by(|_key, word| word.clone())
            .count()
            .to_stream()
            .to(&counts);
        builder.build().unwrap()
    }

    /// Starts an instance that forwards every update: the results of each word are 1, 2, 3 and so on.
    pub(crate) fn start(&self, state: &Path, settle: impl FnOnce(&mut Config)) -> AppHandle {
        let mut config = Config::new(&self.id);
        config.forwarding = Forwarding::PerUpdate;
        config.session_timeout = SESSION;
        config.state_dir = Some(state.to_owned());
        config.flush_interval = Duration::from_millis(500);
        settle(&mut config);
        App::new(self.topology(), config, self.log()).start().unwrap()
    }

    /// Writes lines `from` to before `to`; the words in them.
    pub(crate) fn write(&self, from: usize, to: usize) -> BTreeMap<String, i64> {
        let log = self.log();
        let topic: Topic<Option<String>, String> = Topic::new(self.lines());
        let mut lines = TopicProducer::open(&*log, &topic).unwrap();
        let mut expected = BTreeMap::new();
        for n in from..to {
            let words = [WORDS[n % 7], WORDS[(n * 5 + 1) % 7], WORDS[n / 7 % 7]];
            lines.send(&None, &words.join(" "), 1_700_000_000_000 + n as i64).unwrap();
            for word in words {
                *expected.entry(word.to_owned()).or_default() += 1;
            }
        }
        lines.flush().unwrap();
        expected
    }

    /// Reads results until they are those of the words, and asserts that each came once and in order.
    pub(crate) fn assert_counts(&self, expected: &BTreeMap<String, i64>) {
        let log = self.log();
        let topic: Topic<String, i64> = Topic::new(self.counts());
        let mut counts = Subscription::open(&log, &topic, Start::Earliest).unwrap();
        let mut found: BTreeMap<String, i64> = BTreeMap::new();
        let until = Instant::now() + PATIENCE;
        while found != *expected {
            let left = until.saturating_duration_since(Instant::now());
            let Some(count) = counts.next_within(left).unwrap() else {
                panic!("found {found:?} instead of {expected:?}");
            };
            let last = found.entry(count.record.key.clone()).or_default();
            assert_eq!(count.record.value, *last + 1, "{} at offset {}", count.record.key, count.offset);
            *last += 1;
        }
        assert_eq!(counts.next_within(Duration::from_millis(500)).unwrap(), None, "more than was counted");
    }
}

/// Adds up two lots of words.
pub(crate) fn sum(one: &BTreeMap<String, i64>, two: &BTreeMap<String, i64>) -> BTreeMap<String, i64> {
    let mut sum = one.clone();
    two.iter().for_each(|(word, count)| *sum.entry(word.clone()).or_default() += count);
    sum
}
