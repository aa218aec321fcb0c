//! What the tests share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::log::embedded::EmbeddedLog;
use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, AppHandle, AppState, Config, Metrics, Start, Subscription, TopicProducer};
use streams_core::serde::DefaultSerde;
use streams_core::{Result, StreamsBuilder, Topic, Topology};

pub(crate) const WORDS: Topic<Option<String>, String> = Topic::new("words");
pub(crate) const COUNTS: Topic<String, i64> = Topic::new("counts");
/// Longer than anything takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

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

/// Counts words by value, behind a repartition.
pub(crate) fn word_count() -> Topology {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).group_by(|_, word| word.clone()).count().to_stream().to(&COUNTS);
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

/// The last value of each key in a topic, as of now.
pub(crate) fn table<K, V>(log: &Arc<dyn Log>, topic: &Topic<K, V>) -> BTreeMap<K, V>
where
    K: DefaultSerde + Ord,
    V: DefaultSerde,
{
    all(log, topic).into_iter().collect()
}

/// Keys and values of a topic, as of now.
pub(crate) fn all<K: DefaultSerde, V: DefaultSerde>(log: &Arc<dyn Log>, topic: &Topic<K, V>) -> Vec<(K, V)> {
    let mut reader = Subscription::open(log, topic, Start::Earliest).unwrap();
    let mut found = Vec::new();
    while let Some(received) = reader.next_now().unwrap() {
        found.push((received.record.key, received.record.value));
    }
    found
}

/// Waits until the condition holds, looking again whenever something arrives in the topic.
pub(crate) fn wait_for_topic<K: DefaultSerde, V: DefaultSerde>(
    log: &Arc<dyn Log>,
    topic: &Topic<K, V>,
    mut done: impl FnMut(&Arc<dyn Log>) -> bool,
) {
    let mut bell = Subscription::open(log, topic, Start::Latest).unwrap();
    let until = Instant::now() + PATIENCE;
    while !done(log) {
        assert!(Instant::now() < until, "never came to be");
        // What arrives between two looks rings; the time is for what is read from elsewhere.
        let _ = bell.next_within(Duration::from_millis(50)).unwrap();
    }
}

/// Waits until a state is reached, or another final one.
pub(crate) fn wait_for_state(app: &AppHandle, wanted: impl Fn(&AppState) -> bool) -> AppState {
    let mut state = app.state();
    block_on(async {
        let reached = state.wait_for(|state| wanted(state) || state.is_final()).await.unwrap();
        reached.clone()
    })
}

/// Waits until the counters say so.
pub(crate) fn wait_for_metrics(app: &AppHandle, wanted: impl Fn(&Metrics) -> bool) -> Metrics {
    let until = Instant::now() + PATIENCE;
    loop {
        let metrics = app.metrics();
        if wanted(&metrics) {
            return metrics;
        }
        assert!(Instant::now() < until, "never came to be: {metrics:?}");
        std::thread::yield_now();
    }
}

pub(crate) fn counts(expected: &[(&str, i64)]) -> BTreeMap<String, i64> {
    expected.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect()
}

/// Runs a future on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    use std::task::{Context, Poll, Wake, Waker};
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        std::thread::park();
    }
}

pub(crate) fn stop(app: AppHandle) -> Result<()> {
    app.shutdown(PATIENCE)
}
