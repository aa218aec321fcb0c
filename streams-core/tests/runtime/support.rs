//! What the tests share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::log::Log;
use streams_core::runtime::{AppHandle, Start, Subscription};
use streams_core::serde::DefaultSerde;
use streams_core::{Result, StreamsBuilder, Topic, Topology};

pub(crate) use crate::common::*;
pub(crate) use streams_core::testing::PATIENCE;

/// Counts words by value, behind a repartition.
pub(crate) fn word_count() -> Topology {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).group_by(|_, word| word.clone()).count().to_stream().to(&COUNTS);
    builder.build().unwrap()
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
