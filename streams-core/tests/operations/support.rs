//! What the tests share.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use streams_core::log::embedded::EmbeddedLog;
use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, AppHandle, AppState, Config, Metrics, TopicProducer};
use streams_core::{Materialized, StreamsBuilder, Topic, Topology};

pub(crate) const WORDS: Topic<Option<String>, String> = Topic::new("words");
pub(crate) const COUNTS: Topic<String, i64> = Topic::new("counts");
/// Longer than anything takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A log in memory with these topics.
pub(crate) fn log_with(topics: &[(&str, u32)]) -> Arc<dyn Log> {
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
    let new: Vec<NewTopic> = topics.iter().map(|(name, count)| NewTopic::new(*name, *count)).collect();
    log.create_topics(&new).unwrap();
    log
}

/// Counts words by value in the store `counted`, behind a repartition.
pub(crate) fn word_count() -> Topology {
    let builder = StreamsBuilder::new();
    let words = builder.stream(&WORDS).group_by(|_, word| word.clone());
    words.count_with(Materialized::named("counted")).to_stream().to(&COUNTS);
    builder.build().unwrap()
}

pub(crate) fn start(topology: Topology, config: Config, log: &Arc<dyn Log>) -> AppHandle {
    App::new(topology, config, Arc::clone(log)).start().unwrap()
}

/// Sends words without keys, one millisecond apart from `from` on.
pub(crate) fn send_words<'a>(log: &Arc<dyn Log>, words: impl IntoIterator<Item = &'a str>, from: i64) {
    let mut producer = TopicProducer::open(&**log, &WORDS).unwrap();
    for (time, word) in (from..).zip(words) {
        producer.send(&None, &word.to_owned(), time).unwrap();
    }
    producer.flush().unwrap();
}

/// Looks until something is found.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "never came to be: {what}");
        std::thread::yield_now();
    }
}

pub(crate) fn wait_for_state(app: &AppHandle, wanted: &AppState) {
    let state = app.state();
    wait_for(&format!("{wanted}"), || (*state.borrow() == *wanted).then_some(()));
}

/// Waits until the counters say so.
pub(crate) fn wait_for_metrics(app: &AppHandle, wanted: impl Fn(&Metrics) -> bool) -> Metrics {
    wait_for("metrics", || Some(app.metrics()).filter(|metrics| wanted(metrics)))
}

/// Holds whoever enters until it is opened.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<(bool, bool)>, Condvar)>);

impl Gate {
    /// Waits until it is opened.
    pub(crate) fn enter(&self) {
        let mut state = self.0.0.lock().unwrap();
        state.0 = true;
        self.0.1.notify_all();
        drop(self.0.1.wait_while(state, |(_, open)| !*open).unwrap());
    }

    /// Waits until somebody is held.
    pub(crate) fn wait_for_somebody(&self) {
        let state = self.0.0.lock().unwrap();
        let (_state, waited) =
            self.0.1.wait_timeout_while(state, PATIENCE, |(entered, _)| !*entered).unwrap();
        assert!(!waited.timed_out(), "nobody came");
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.0.lock().unwrap().1
    }

    pub(crate) fn open(&self) {
        self.0.0.lock().unwrap().1 = true;
        self.0.1.notify_all();
    }
}
