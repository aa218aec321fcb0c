//! What the tests share.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use streams_core::testing::{RawRecord, TestDriver, TestDriverOptions};
use streams_core::topology::InternalTopicKind;
use streams_core::{Headers, Result, Topology};

/// A record of the topic `in`, and what happens behind it.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) key: Option<&'static str>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) time: i64,
    pub(crate) then: Then,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Then {
    Nothing,
    Commit,
    Crash,
    Restart,
}

/// Records of few keys with values of `value`, and disturbances.
pub(crate) fn inputs(
    value: impl Strategy<Value = Option<Vec<u8>>> + Clone,
) -> impl Strategy<Value = Vec<Input>> {
    let key = prop_oneof![1 => Just(None), 6 => prop::sample::select(vec!["a", "b", "c"]).prop_map(Some)];
    let then = prop_oneof![
        4 => Just(Then::Nothing), 1 => Just(Then::Commit), 1 => Just(Then::Crash), 1 => Just(Then::Restart)
    ];
    prop::collection::vec((key, value, 0..40_i64, then), 1..40).prop_map(|all| {
        let input = |(at, (key, value, time, then))| Input { key, value, time: at as i64 * 5 + time, then };
        all.into_iter().enumerate().map(input).collect()
    })
}

/// Pipes every input; each is followed by what is then to happen, unless the run is to be an undisturbed one.
pub(crate) fn run(
    topology: &Topology,
    options: TestDriverOptions,
    inputs: &[Input],
    disturbed: bool,
) -> Result<TestDriver> {
    let mut driver = TestDriver::with(topology, options)?;
    for Input { key, value, time, then } in inputs {
        let key = key.map(str::as_bytes);
        driver.pipe_raw("in", Some(0), key, value.as_deref(), *time, &Headers::new())?;
        match then {
            _ if !disturbed => {}
            Then::Nothing => {}
            Then::Commit => driver.commit()?,
            Then::Crash => driver.crash()?,
            Then::Restart => driver.restart()?,
        }
    }
    driver.finish()?;
    Ok(driver)
}

/// What was put out, by topic and key.
pub(crate) fn outputs(
    driver: &TestDriver,
    topics: &[&str],
) -> BTreeMap<(String, Option<Vec<u8>>), Vec<(Option<Vec<u8>>, i64)>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for topic in topics {
        for RawRecord { key, value, timestamp, .. } in driver.topic_records(topic) {
            found.entry(((*topic).to_owned(), key)).or_default().push((value, timestamp));
        }
    }
    found
}

/// Names of the internal topics of a kind.
pub(crate) fn internal(topology: &Topology, kind: InternalTopicKind) -> Vec<String> {
    topology.internal_topics().into_iter().filter(|topic| topic.kind == kind).map(|t| t.name).collect()
}

pub(crate) fn repartitions(topology: &Topology) -> Vec<String> {
    internal(topology, InternalTopicKind::Repartition)
}

pub(crate) fn changelogs(topology: &Topology) -> Vec<String> {
    internal(topology, InternalTopicKind::Changelog)
}

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}
