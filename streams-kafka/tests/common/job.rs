//! The application under test: words are counted for ever and by windows, behind a repartition.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, AppHandle, Config, Forwarding, Guarantee, TopicProducer};
use streams_core::windows::TimeWindows;
use streams_core::{Grouped, Result, StreamsBuilder, Topic, Topology};
use streams_kafka::{GroupProtocol, KafkaConfig, KafkaLog};

const WORDS: [&str; 7] = ["to", "be", "or", "not", "that", "is", "question"];
/// The sessions of jobs, if nothing else is said. The test brokers have the same for the consumer protocol.
pub(crate) const SESSION: Duration = Duration::from_secs(3);
/// A transaction that is open for longer is aborted.
pub(crate) const TRANSACTION: Duration = Duration::from_secs(4);
/// Event time between two lines, and the size of windows.
const STEP: i64 = 1_000;
const WINDOW: i64 = 60_000;

/// Results by key: how often each was counted.
pub(crate) type Counts = BTreeMap<String, i64>;

/// One application with topics of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) protocol: GroupProtocol,
    pub(crate) guarantee: Guarantee,
    pub(crate) threads: usize,
    /// A process that is silent for this long loses its tasks; with the consumer protocol the brokers have their own.
    pub(crate) session: Duration,
    /// How often committed state is written to the engine.
    pub(crate) flush: Duration,
}

/// What was written, and what has to come of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    pub(crate) lines: usize,
    pub(crate) counts: Counts,
    pub(crate) windows: Counts,
}

impl Job {
    pub(crate) fn new(name: &str) -> Job {
        Job {
            id: format!("{name}-{}", now()),
            protocol: GroupProtocol::Classic,
            guarantee: Guarantee::ExactlyOnce,
            threads: 2,
            session: SESSION,
            flush: Duration::from_millis(300),
        }
    }

    pub(crate) fn log(&self, bootstrap: &str) -> Arc<dyn Log> {
        let mut config = KafkaConfig::new(bootstrap);
        config.group_protocol = self.protocol;
        config.transaction_timeout = TRANSACTION;
        config.request_timeout = Duration::from_secs(10);
        Arc::new(KafkaLog::connect(config).unwrap())
    }

    pub(crate) fn lines(&self) -> &'static str {
        format!("{}-lines", self.id).leak()
    }

    pub(crate) fn counts(&self) -> &'static str {
        format!("{}-counts", self.id).leak()
    }

    pub(crate) fn windows(&self) -> &'static str {
        format!("{}-windows", self.id).leak()
    }

    fn topology(&self) -> Topology {
        let lines: Topic<Option<String>, String> = Topic::new(self.lines());
        let counts: Topic<String, i64> = Topic::new(self.counts());
        let windows: Topic<String, i64> = Topic::new(self.windows());
        let builder = StreamsBuilder::new();
        let words = builder
            .stream(&lines)
            .flat_map_values(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
            .group_by_with(|_key, word| word.clone(), Grouped::new().named("words"));
        words.clone().count().to_stream().to(&counts);
        words
            .windowed_by(
                TimeWindows::tumbling(Duration::from_millis(WINDOW as u64))
                    .grace(Duration::from_secs(864_000)),
            )
            .count()
            .to_stream()
            .select_key(|windowed, _count| format!("{} {}", windowed.key, windowed.window.start))
            .to(&windows);
        builder.build().unwrap()
    }

    /// Starts an instance that forwards every update: the results of each key are 1, 2, 3 and so on.
    pub(crate) fn start(&self, bootstrap: &str, state: &Path) -> Result<AppHandle> {
        let mut config = Config::new(&self.id);
        config.forwarding = Forwarding::PerUpdate;
        config.guarantee = self.guarantee;
        config.session_timeout = self.session;
        config.num_threads = self.threads;
        config.state_dir = Some(state.to_owned());
        config.flush_interval = self.flush;
        config.repartition_purge_interval = Duration::from_secs(2);
        if self.guarantee == Guarantee::AtLeastOnce {
            config.commit_interval = Some(Duration::from_millis(300));
        }
        App::new(self.topology(), config, self.log(bootstrap)).start()
    }

    /// Settings as text, for a child process.
    pub(crate) fn to_text(&self) -> String {
        let consumer = self.protocol == GroupProtocol::Consumer;
        let at_least_once = self.guarantee == Guarantee::AtLeastOnce;
        let (session, flush) = (self.session.as_millis(), self.flush.as_millis());
        format!("{}\n{consumer}\n{at_least_once}\n{}\n{session}\n{flush}", self.id, self.threads)
    }

    pub(crate) fn of_text<'a>(words: &mut impl Iterator<Item = &'a str>) -> Job {
        let mut next = || words.next().unwrap();
        Job {
            id: next().to_owned(),
            protocol: if next() == "true" { GroupProtocol::Consumer } else { GroupProtocol::Classic },
            guarantee: if next() == "true" { Guarantee::AtLeastOnce } else { Guarantee::ExactlyOnce },
            threads: next().parse().unwrap(),
            session: Duration::from_millis(next().parse().unwrap()),
            flush: Duration::from_millis(next().parse().unwrap()),
        }
    }
}

/// Writes lines of a job.
pub(crate) struct Writer {
    lines: TopicProducer<Option<String>, String>,
    pub(crate) written: Written,
    /// Event time of the first line: not so old that the changelog of the windows would be deleted.
    begin: i64,
}

impl Writer {
    /// Creates the topics.
    pub(crate) fn create(job: &Job, bootstrap: &str) -> Writer {
        let mut config = KafkaConfig::new(bootstrap);
        // A broker may be away for long, and lines must not be written twice.
        config.request_timeout = Duration::from_secs(120);
        let log = KafkaLog::connect(config).unwrap();
        let topics = [(job.lines(), 4), (job.counts(), 2), (job.windows(), 2)];
        log.create_topics(&topics.map(|(name, partitions)| NewTopic::new(name, partitions))).unwrap();
        let topic: Topic<Option<String>, String> = Topic::new(job.lines());
        let begin = now() - now().rem_euclid(WINDOW);
        Writer { lines: TopicProducer::open(&log, &topic).unwrap(), written: Written::default(), begin }
    }

    /// Writes so many more lines. They are in the log when this returns.
    pub(crate) fn write(&mut self, count: usize) {
        for n in self.written.lines..self.written.lines + count {
            let words = [WORDS[n % 7], WORDS[(n * 5 + 1) % 7], WORDS[n / 7 % 7]];
            let time = self.begin + n as i64 * STEP;
            self.lines.send(&None, &words.join(" "), time).unwrap();
            let window = time - time.rem_euclid(WINDOW);
            for word in words {
                *self.written.counts.entry(word.to_owned()).or_default() += 1;
                *self.written.windows.entry(format!("{word} {window}")).or_default() += 1;
            }
        }
        self.written.lines += count;
        self.lines.flush().unwrap();
    }
}

fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64
}
