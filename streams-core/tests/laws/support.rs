//! Topologies under test, inputs, and running them with disturbances.

use std::time::Duration;

use proptest::prelude::*;
use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::testing::{RawRecord, TestDriver, TestDriverOptions};
use streams_core::windows::TimeWindows;
use streams_core::{
    Consumed, DropCounts, EmitStrategy, Headers, Materialized, Produced, Record, Result, Store,
    StreamsBuilder, Topic, Topology,
};

pub(crate) const IN: Topic<Option<String>, String> = Topic::new("in");
pub(crate) const TABLE: Topic<String, String> = Topic::new("in");
pub(crate) const OUT: Topic<String, i64> = Topic::new("out");
pub(crate) const STORE: Store<String, i64> = Store::new("store");
pub(crate) const TEXTS: Store<String, String> = Store::new("store");

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

pub(crate) fn windowed(windows: TimeWindows, emit: EmitStrategy, by_value: bool) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let stream = builder.stream(&IN);
    let grouped =
        if by_value { stream.group_by(|_, v| v.clone()) } else { stream.require_key().group_by_key() };
    let key = time_windowed(String::serde(), windows.size());
    let counts = grouped.windowed_by(windows).emit_strategy(emit).count_with(Materialized::as_store(&STORE));
    counts.to_stream().to_with(&Topic::new("out"), Produced::with(key, i64::serde()));
    builder.build()
}

/// The topologies that every law about disturbances is checked on, by number.
pub(crate) fn topology(number: usize) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let stream = || builder.stream(&IN);
    let (hops, tumbling) = (TimeWindows::hopping(ms(10), ms(4)), TimeWindows::tumbling(ms(10)));
    match number {
        0 => return windowed(tumbling.grace(ms(5)), EmitStrategy::OnWindowUpdate, false),
        1 => return windowed(tumbling.no_grace(), EmitStrategy::OnWindowClose, false),
        2 => return windowed(hops.grace(ms(3)), EmitStrategy::OnWindowUpdate, true),
        3 => return windowed(hops.no_grace(), EmitStrategy::OnWindowClose, true),
        4 => stream()
            .group_by(|_, v| v.clone())
            .count_with(Materialized::as_store(&STORE))
            .to_stream()
            .to(&OUT),
        5 => stream()
            .map_values(|v| v.len() as i64)
            .require_key()
            .group_by_key()
            .reduce_with(|a: i64, b: i64| a + b, Materialized::as_store(&STORE))
            .to_stream()
            .to(&OUT),
        6 => stream()
            .group_by(|_, v| v.clone())
            // Every third value deletes.
            .aggregate_with(|| 0, |_, _, sum| (sum < 2).then_some(sum + 1), Materialized::as_store(&STORE))
            .to_stream()
            .to(&OUT),
        7 => builder
            .table_with(&TABLE, Consumed::new(), Materialized::as_store(&TEXTS))
            .filter(|_, v| v != "b")
            .map_values(|v| v.len() as i64)
            .to_stream()
            .to(&OUT),
        _ => {
            builder.add_store(&STORE);
            stream().require_key().process(|| Sum).with_store(&STORE).to(&OUT);
        }
    }
    builder.build()
}

pub(crate) const TOPOLOGIES: usize = 9;

struct Sum;

impl Processor<String, String, String, i64> for Sum {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, i64>,
        record: Record<String, String>,
    ) -> UserResult {
        let store = ctx.store(&STORE)?;
        let sum = store.get(&record.key)?.unwrap_or(0) + record.value.len() as i64;
        store.put(&record.key, sum, record.timestamp)?;
        ctx.forward(record.with_value(sum))?;
        Ok(())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) partition: u32,
    pub(crate) key: Option<&'static str>,
    pub(crate) value: &'static str,
    pub(crate) time: i64,
}

/// What happens behind an input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    Nothing,
    Commit,
    Crash,
    Restart,
}

/// Records of few keys and values, with times that mostly move on.
pub(crate) fn inputs(partitions: u32) -> impl Strategy<Value = Vec<Input>> {
    let key = prop_oneof![1 => Just(None), 6 => prop::sample::select(vec!["a", "b", "c"]).prop_map(Some)];
    let value = prop::sample::select(vec!["a", "b", "cc"]);
    let one = (0..partitions, key, value, -12i64..15);
    prop::collection::vec(one, 1..40).prop_map(|all| {
        let mut now = 0;
        let step = |(partition, key, value, by): (u32, _, _, i64)| {
            now = (now + by.max(-3)).max(0);
            Input { partition, key, value, time: (now + by.min(0)).max(0) }
        };
        all.into_iter().map(step).collect()
    })
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Nothing), 1 => Just(Step::Commit), 1 => Just(Step::Crash), 1 => Just(Step::Restart)
    ];
    prop::collection::vec(step, 40)
}

#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) outputs: Vec<RawRecord>,
    pub(crate) changelog: Vec<RawRecord>,
    pub(crate) dropped: DropCounts,
}

pub(crate) fn pipe(driver: &mut TestDriver, input: &Input) -> Result<()> {
    let key = input.key.map(str::as_bytes);
    let value = Some(input.value.as_bytes());
    driver.pipe_raw("in", Some(input.partition), key, value, input.time, &Headers::new())
}

/// Pipes every input, each followed by its step, and ends the input; the driver as it is then.
pub(crate) fn run(
    topology: &Topology,
    options: TestDriverOptions,
    inputs: &[Input],
    steps: &[Step],
) -> Result<TestDriver> {
    let mut driver = TestDriver::with(topology, options)?;
    for (index, input) in inputs.iter().enumerate() {
        pipe(&mut driver, input)?;
        match steps.get(index) {
            Some(Step::Commit) => driver.commit()?,
            Some(Step::Crash) => driver.crash()?,
            Some(Step::Restart) => driver.restart()?,
            Some(Step::Nothing) | None => {}
        }
    }
    driver.finish()?;
    Ok(driver)
}

pub(crate) fn outcome(driver: &mut TestDriver) -> Outcome {
    Outcome {
        outputs: driver.read_raw("out"),
        changelog: driver.topic_records("app-store-changelog"),
        dropped: driver.dropped(),
    }
}
