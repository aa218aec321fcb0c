//! Inputs of tables, running topologies over them, and what is in the tables in the end.

use std::collections::BTreeMap;

use proptest::prelude::*;
use streams_core::serde::DefaultSerde;
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::{Result, StreamsBuilder, Topic, Topology};

pub(crate) const LEFT: Topic<String, i64> = Topic::new("left");
pub(crate) const RIGHT: Topic<String, i64> = Topic::new("right");
pub(crate) const THIRD: Topic<String, i64> = Topic::new("third");
pub(crate) const OUT: Topic<String, i64> = Topic::new("out");

const TOPICS: [&str; 3] = ["left", "right", "third"];

/// Rows by key.
pub(crate) type Rows = BTreeMap<String, i64>;

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) topic: usize,
    pub(crate) key: String,
    pub(crate) value: Option<i64>,
    pub(crate) time: i64,
    /// What happens behind it.
    pub(crate) step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Nothing,
    Commit,
    Crash,
}

/// Updates and deletions of few keys, in no order of time.
pub(crate) fn events(steps: &'static [Step]) -> impl Strategy<Value = Vec<Event>> {
    let key = prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned);
    let value = prop_oneof![1 => Just(None), 3 => (1..9_i64).prop_map(Some)];
    let one = (0..3_usize, key, value, 0..50_i64, prop::sample::select(steps));
    let event = one.prop_map(|(topic, key, value, time, step)| Event { topic, key, value, time, step });
    prop::collection::vec(event, 1..40)
}

/// The ways in which results are committed and forwarded.
pub(crate) fn ways() -> impl Strategy<Value = TestDriverOptions> {
    (any::<bool>(), any::<bool>(), 1..4_u32).prop_map(
        |(commit_each_record, forward_per_commit, partitions)| TestDriverOptions {
            commit_each_record,
            forward_per_commit,
            default_partitions: partitions,
            ..TestDriverOptions::default()
        },
    )
}

pub(crate) fn pipe(driver: &mut TestDriver, event: &Event) -> Result<()> {
    let value = event.value.map(i64::to_be_bytes);
    let headers = streams_core::Headers::new();
    let (topic, key) = (TOPICS[event.topic], event.key.as_bytes());
    driver.pipe_raw(topic, None, Some(key), value.as_ref().map(|bytes| &bytes[..]), event.time, &headers)
}

/// Runs a topology over all events to their end.
pub(crate) fn run(topology: &Topology, options: TestDriverOptions, events: &[Event]) -> Result<TestDriver> {
    let mut driver = TestDriver::with(topology, options)?;
    for event in events {
        // A topology may leave out a topic.
        match pipe(&mut driver, event) {
            Err(error) if error.kind() == streams_core::ErrorKind::NotFound => continue,
            done => done?,
        }
        match event.step {
            Step::Nothing => {}
            Step::Commit => driver.commit()?,
            Step::Crash => driver.crash()?,
        }
    }
    driver.finish()?;
    Ok(driver)
}

/// The table that the records of `out` add up to.
pub(crate) fn result(driver: &mut TestDriver) -> Result<Rows> {
    let mut rows = Rows::new();
    for record in driver.read_raw("out") {
        let key = String::serde().deserialize(&record.key.unwrap_or_default())?;
        match record.value {
            Some(value) => rows.insert(key, i64::serde().deserialize(&value)?),
            None => rows.remove(&key),
        };
    }
    Ok(rows)
}

/// What is in the three tables in the end.
pub(crate) fn tables(events: &[Event]) -> [Rows; 3] {
    let mut tables: [Rows; 3] = Default::default();
    for event in events {
        match event.value {
            Some(value) => tables[event.topic].insert(event.key.clone(), value),
            None => tables[event.topic].remove(&event.key),
        };
    }
    tables
}

/// Rows for every key that either table has and for which `join` gives one.
pub(crate) fn joined(
    left: &Rows,
    right: &Rows,
    join: impl Fn(Option<&i64>, Option<&i64>) -> Option<i64>,
) -> Rows {
    let keys = left.keys().chain(right.keys());
    keys.filter_map(|key| Some((key.clone(), join(left.get(key), right.get(key))?))).collect()
}

pub(crate) fn topology(build: impl FnOnce(&StreamsBuilder)) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    build(&builder);
    builder.build()
}
