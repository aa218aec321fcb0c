//! What tests of applications share.

pub(crate) mod intercepted;

use std::sync::Arc;

use streams_core::log::embedded::EmbeddedLog;
use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, AppHandle, AppState, Config, Metrics, TopicProducer};
use streams_core::testing::wait_for;
use streams_core::{Topic, Topology};

pub(crate) const WORDS: Topic<Option<String>, String> = Topic::new("words");
pub(crate) const COUNTS: Topic<String, i64> = Topic::new("counts");

/// A log in memory with these topics.
pub(crate) fn log_with(topics: &[(&str, u32)]) -> Arc<dyn Log> {
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
    create(&log, topics);
    log
}

pub(crate) fn create(log: &Arc<dyn Log>, topics: &[(&str, u32)]) {
    let new: Vec<NewTopic> = topics.iter().map(|(name, count)| NewTopic::new(*name, *count)).collect();
    log.create_topics(&new).unwrap();
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

/// Waits until a state is reached, or another final one.
pub(crate) fn wait_for_state(app: &AppHandle, wanted: impl Fn(&AppState) -> bool) -> AppState {
    let state = app.state();
    let reached = || Some(state.borrow().clone()).filter(|state| wanted(state) || state.is_final());
    wait_for("a state", reached)
}

/// Waits until the counters say so.
pub(crate) fn wait_for_metrics(app: &AppHandle, wanted: impl Fn(&Metrics) -> bool) -> Metrics {
    wait_for("metrics", || Some(app.metrics()).filter(|metrics| wanted(metrics)))
}
