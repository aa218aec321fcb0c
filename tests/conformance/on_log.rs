//! Runs a topology as an application on the embedded log: with transactions, threads and commits by the clock.
//!
//! All input lies in the log from the start, so only what each output topic holds in the end can be compared, and
//! only of cases for which it does not matter how inputs are mixed.

use std::sync::Arc;
use std::time::Duration;

use streams_core::log::embedded::EmbeddedLog;
use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, Config, Forwarding, Start, Subscription, TopicProducer};
use streams_core::testing::RawRecord;
use streams_core::{DropReason, Headers, Record, Topic};

use crate::cases::Case;
use crate::driver::{OPTIMIZATION, row, topology};
use crate::types::TopicTypes;
use crate::vector::{Input, Run, Step, Vector};

type Bytes = Option<Vec<u8>>;

/// Whether the outcome of this recording does not depend on when its inputs arrive.
pub(crate) fn fits(vector: &Vector) -> bool {
    let steps = || vector.runs.iter().flat_map(|run| &run.steps);
    vector.inputs.len() == 1
        && vector.config.keys().all(|setting| setting == OPTIMIZATION)
        && steps().all(|step| matches!(step.input, Input::Record(..)) && step.error.is_none())
}

/// All that a run puts out, as if it were one step.
pub(crate) fn as_one_step(run: &Run) -> Run {
    let mut steps = run.steps.iter().cloned();
    let mut all = steps.next().unwrap_or_else(|| Step::new(Input::ClockMs(0)));
    for step in steps {
        for (topic, rows) in step.out {
            all.out.entry(topic).or_default().extend(rows);
        }
    }
    Run { seed: run.seed, steps: vec![all], dropped: run.dropped, ..Run::default() }
}

/// Runs the topology of `case` over the inputs of `recorded` to their end.
pub(crate) fn run(case: &Case, vector: &Vector, recorded: &Run) -> Result<Run, String> {
    let topology = topology(case, vector)?;
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
    let wrong = |e: streams_core::Error| e.to_string();
    let topics: Vec<NewTopic> =
        vector.inputs.keys().chain(vector.outputs.keys()).map(|name| NewTopic::new(name, 1)).collect();
    log.create_topics(&topics).map_err(wrong)?;
    for (name, types) in &vector.inputs {
        fill(&*log, name, *types, recorded)?;
    }
    let mut config = Config::new(&vector.application_id);
    config.commit_interval = Some(Duration::from_millis(2));
    config.forwarding = Forwarding::PerUpdate;
    let metrics = App::new(topology, config, Arc::clone(&log)).run_to_end().map_err(wrong)?;

    let mut all = Step::new(recorded.steps.first().map_or(Input::ClockMs(0), |step| step.input.clone()));
    for (name, types) in &vector.outputs {
        let mut reader = Subscription::open(&log, &topic(name), Start::Earliest).map_err(wrong)?;
        while let Some(received) = reader.next_now().map_err(wrong)? {
            let Record { key, value, timestamp, headers } = received.record;
            let raw = RawRecord { partition: 0, key, value, timestamp, headers };
            all.out.entry(name.clone()).or_default().push(row(&raw, *types));
        }
    }
    let counted = metrics.dropped.iter().filter(|dropped| dropped.reason != DropReason::NullKeyAtRepartition);
    let dropped = counted.map(|dropped| dropped.count).sum();
    Ok(Run { seed: recorded.seed, steps: vec![all], dropped, ..Run::default() })
}

fn fill(log: &dyn Log, name: &str, types: TopicTypes, recorded: &Run) -> Result<(), String> {
    let mut producer = TopicProducer::open(log, &topic(name)).map_err(|e| e.to_string())?;
    for step in &recorded.steps {
        let Input::Record(_, row) = &step.input else { continue };
        let mut headers = Headers::new();
        row.headers.iter().for_each(|(name, value)| headers.add(name, value.as_bytes()));
        let (key, value) = (types.key.encode(&row.key)?, types.value.encode(&row.value)?);
        let record = Record { key, value, timestamp: row.timestamp, headers };
        producer.send_record(&record).map_err(|e| e.to_string())?;
    }
    producer.flush().map_err(|e| e.to_string())
}

/// Names of topics are static in the library, and live as long as this process here.
fn topic(name: &str) -> Topic<Bytes, Bytes> {
    Topic::new(Box::leak(name.to_owned().into_boxed_str()))
}
