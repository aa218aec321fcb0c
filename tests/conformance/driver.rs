//! Runs a topology in the library's test driver and writes down what it does, in the form of a recording.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::Value;
use streams_core::testing::{RawRecord, TestDriver, TestDriverOptions};
use streams_core::{DropReason, ErrorPolicy, Headers, StreamsBuilder, Topology};

use crate::cases::Case;
use crate::stores;
use crate::types::{TopicTypes, hex};
use crate::vector::{Input, Internal, Row, Run, Step, Vector};

/// The setting that `topology` follows.
pub(crate) const OPTIMIZATION: &str = "topology.optimization";

/// Whether the driver loses everything but what is committed, from time to time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Crashes {
    Never,
    /// After as many steps.
    Every(usize),
}

/// Builds the topology of `case` and feeds it the inputs of `recorded`.
pub(crate) fn run(case: &Case, vector: &Vector, recorded: &Run, crashes: Crashes) -> Result<Run, String> {
    let topology = topology(case, vector)?;
    let options = options(vector)?;
    let mut driver = TestDriver::with(&topology, options).map_err(|e| format!("does not start: {e}"))?;
    let mut run = Run { seed: recorded.seed, describe: topology.describe(), ..Run::default() };
    let mut internals: BTreeMap<String, Vec<Internal>> = BTreeMap::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (number, step) in recorded.steps.iter().enumerate() {
        let mut got = Step::new(step.input.clone());
        if matches!(crashes, Crashes::Every(steps) if number % steps == steps - 1) {
            driver.crash().map_err(|e| format!("does not start after a crash: {e}"))?;
        }
        let result = feed(&mut driver, vector, &step.input)?;
        for (topic, types) in &vector.outputs {
            let rows: Vec<Row> = driver.read_raw(topic).iter().map(|record| row(record, *types)).collect();
            if !rows.is_empty() {
                got.out.insert(topic.clone(), rows);
            }
        }
        collect_internals(&driver, vector, number, &mut known, &mut internals);
        got.error = result.err().map(|error| format!("{:?}: {error}", error.kind()));
        let failed = got.error.is_some();
        run.steps.push(got);
        if failed {
            break;
        }
    }
    let dropped = driver.dropped();
    run.dropped = dropped.total() - dropped.of(DropReason::NullKeyAtRepartition);
    for (name, rows) in &recorded.stores {
        if let Some(content) = stores::content(&driver, name, rows) {
            run.stores.insert(name.clone(), content);
        }
    }
    run.internals = Some(internals);
    Ok(run)
}

/// The topology of `case`, optimized as the recording was.
pub(crate) fn topology(case: &Case, vector: &Vector) -> Result<Topology, String> {
    let builder = StreamsBuilder::new();
    if let Some(words) = vector.config.get(OPTIMIZATION) {
        builder.optimize(words.parse().map_err(|e| format!("{e}"))?);
    }
    (case.build)(&builder);
    builder.build().map_err(|e| format!("does not build: {e}"))
}

/// The settings of the recording, as far as the library has them.
fn options(vector: &Vector) -> Result<TestDriverOptions, String> {
    let mut options =
        TestDriverOptions { application_id: vector.application_id.clone(), ..Default::default() };
    for (setting, value) in &vector.config {
        let policy = if value.contains("LogAndContinue") { ErrorPolicy::Skip } else { ErrorPolicy::Fail };
        match setting.as_str() {
            "deserialization.exception.handler" => options.policies.deserialization = policy,
            "processing.exception.handler" => options.policies.processing = policy,
            "errors.dead.letter.queue.topic.name" => options.policies.dead_letter_topic = Some(value.clone()),
            // What these say is said in the topology, or is a deviation.
            OPTIMIZATION
            | "upgrade.from"
            | "dsl.store.format"
            | "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__" => {}
            _ => return Err(format!("the suite does not know the setting {setting} = {value}")),
        }
    }
    // Java's handlers that continue send dead letters if they are told where to.
    if options.policies.dead_letter_topic.is_some() {
        for policy in [&mut options.policies.deserialization, &mut options.policies.processing] {
            *policy = if *policy == ErrorPolicy::Skip { ErrorPolicy::DeadLetter } else { *policy };
        }
    }
    Ok(options)
}

/// One step. The outer result is about the recording, the inner one is the library's.
fn feed(driver: &mut TestDriver, vector: &Vector, input: &Input) -> Result<streams_core::Result<()>, String> {
    match input {
        Input::ClockMs(ms) => Ok(driver.advance_wall_clock(Duration::from_millis(*ms))),
        Input::Record(topic, row) => {
            let types = vector.inputs.get(topic).ok_or_else(|| format!("no types of topic `{topic}`"))?;
            let (key, value) = (types.key.encode(&row.key)?, types.value.encode(&row.value)?);
            let mut headers = Headers::new();
            row.headers.iter().for_each(|(name, value)| headers.add(name, value.as_bytes()));
            Ok(driver.pipe_raw(topic, None, key.as_deref(), value.as_deref(), row.timestamp, &headers))
        }
    }
}

/// A record by the types of its topic.
pub(crate) fn row(record: &RawRecord, types: TopicTypes) -> Row {
    Row {
        key: types.key.decode(record.key.as_deref()),
        value: types.value.decode(record.value.as_deref()),
        timestamp: record.timestamp,
        headers: headers(record, |name, value| {
            let text = String::from_utf8_lossy(value);
            // A node's line in this suite is not part of what is compared.
            let end = text.find(" (").filter(|_| name.ends_with(".errors.node")).unwrap_or(text.len());
            text[..end].to_owned()
        }),
    }
}

/// What this step wrote to internal topics; `known` counts what was seen before.
fn collect_internals(
    driver: &TestDriver,
    vector: &Vector,
    step: usize,
    known: &mut HashMap<String, usize>,
    internals: &mut BTreeMap<String, Vec<Internal>>,
) {
    let prefix = format!("{}-", vector.application_id);
    let topics: Vec<String> =
        driver.topic_names().filter(|name| name.starts_with(&prefix)).map(str::to_owned).collect();
    for topic in topics {
        let records = driver.topic_records(&topic);
        let seen = known.entry(topic.clone()).or_default();
        let new = records.iter().skip(*seen).map(|record| Internal {
            key: record.key.as_deref().map(hex),
            value: record.value.as_deref().map(hex),
            timestamp: Some(record.timestamp),
            headers: headers(record, |_, value| hex(value)),
            step,
        });
        let new: Vec<Internal> = new.collect();
        *seen = records.len();
        if !new.is_empty() {
            internals.entry(topic).or_default().extend(new);
        }
    }
}

fn headers(record: &RawRecord, show: impl Fn(&str, &[u8]) -> String) -> BTreeMap<String, String> {
    let all = record.headers.iter();
    all.map(|header| (header.name.clone(), show(&header.name, header.value.as_deref().unwrap_or_default())))
        .collect()
}

/// Whether a row of a recorded store has a timestamp.
pub(crate) fn has_time(rows: &[Value]) -> bool {
    rows.iter().any(|row| row.as_array().is_some_and(|row| row.len() > 2))
}
