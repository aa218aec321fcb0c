//! The topologies of the workloads: the same verbs in the same order as those of the program on Kafka Streams
//! (`benches/java`), with keys of text and values of bytes.
//!
//! Records are counted where their time is looked up, as there: once for each that is taken up. Behind a repartition
//! they are counted in the aggregator.

use std::sync::Arc;
use std::time::Duration;

use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::windows::{JoinWindows, TimeWindows, Windowed};
use streams_core::{
    Consumed, Error, ErrorKind, Grouped, Materialized, Produced, Record, Result, StreamsBuilder, Topic,
    Topology,
};

use super::ads::{AdEvent, Counts, Ctr};
use super::arguments::Arguments;
use super::progress::Progress;

const MINUTE: Duration = Duration::from_secs(60);

type Bytes = Vec<u8>;

/// The topology of the workload.
pub(crate) fn topology(arguments: &Arguments, progress: &Arc<Progress>) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    match arguments.workload.as_str() {
        "W1" | "W8" => pass_through(&builder, arguments, progress)?,
        "W2" | "W7" => windowed_count(&builder, arguments, progress)?,
        "W3" => click_through(&builder, arguments, progress)?,
        "W4" => stream_table(&builder, arguments, progress)?,
        "W5" => stream_stream(&builder, arguments, progress)?,
        "W6" => table(&builder, arguments)?,
        other => return Err(Error::new(ErrorKind::Config, format!("there is no workload {other}"))),
    }
    builder.build()
}

fn pass_through(builder: &StreamsBuilder, arguments: &Arguments, progress: &Arc<Progress>) -> Result<()> {
    builder
        .stream_with(&topic::<String, Bytes>(arguments.input(0)?), counted(progress))
        .map_values(|mut value| {
            value[0] ^= 0x20;
            value
        })
        .filter(|_, value| value[1] != b'0')
        .to(&topic::<String, Bytes>(&arguments.output));
    Ok(())
}

fn windowed_count(builder: &StreamsBuilder, arguments: &Arguments, progress: &Arc<Progress>) -> Result<()> {
    builder
        .stream_with(&topic::<String, Bytes>(arguments.input(0)?), counted(progress))
        .group_by_key()
        .windowed_by(TimeWindows::tumbling(MINUTE).no_grace())
        .count_with(Materialized::named("counts"))
        .to_stream()
        .to_with(
            &topic::<Windowed<String>, i64>(&arguments.output),
            Produced::with(time_windowed(String::serde(), MINUTE), i64::serde()),
        );
    Ok(())
}

fn click_through(builder: &StreamsBuilder, arguments: &Arguments, progress: &Arc<Progress>) -> Result<()> {
    let progress = Arc::clone(progress);
    builder
        .stream_with(
            &topic::<Option<String>, AdEvent>(arguments.input(0)?),
            Consumed::with(DefaultSerde::serde(), DefaultSerde::serde()),
        )
        .group_by_with(|_, event| event.site_category.clone(), Grouped::new().named("by-category"))
        .windowed_by(TimeWindows::tumbling(MINUTE).grace(MINUTE * 10))
        .aggregate_with(
            Counts::default,
            move |_, event, counts: Counts| {
                progress.take();
                counts.plus(&event)
            },
            Materialized::named("ctr"),
        )
        .map_values(|counts| Ctr::of(&counts))
        .to_stream()
        .to_with(
            &topic::<Windowed<String>, Ctr>(&arguments.output),
            Produced::with(time_windowed(String::serde(), MINUTE), Ctr::serde()),
        );
    Ok(())
}

fn stream_table(builder: &StreamsBuilder, arguments: &Arguments, progress: &Arc<Progress>) -> Result<()> {
    let rows = builder.table_with(
        &topic::<String, Bytes>(arguments.input(1)?),
        Consumed::new(),
        Materialized::named("rows"),
    );
    builder
        .stream_with(&topic::<String, Bytes>(arguments.input(0)?), counted(progress))
        .join_table(rows, |value, row| [value.as_slice(), row.as_slice()].concat())
        .to(&topic::<String, Bytes>(&arguments.output));
    Ok(())
}

fn stream_stream(builder: &StreamsBuilder, arguments: &Arguments, progress: &Arc<Progress>) -> Result<()> {
    let left = builder.stream_with(&topic::<String, Bytes>(arguments.input(0)?), counted(progress));
    let right = builder.stream_with(&topic::<String, Bytes>(arguments.input(1)?), counted(progress));
    let windows = JoinWindows::of(Duration::from_secs(10)).no_grace();
    left.join(right, windows, |one, other| [one.as_slice(), other.as_slice()].concat()).to(&topic::<
        String,
        Bytes,
    >(
        &arguments.output,
    ));
    Ok(())
}

fn table(builder: &StreamsBuilder, arguments: &Arguments) -> Result<()> {
    let topic = topic::<String, Bytes>(arguments.input(0)?);
    let _ = builder.table_with(&topic, Consumed::new(), Materialized::named("store"));
    Ok(())
}

/// Reads records at the times they have in their topic, and counts them.
fn counted(progress: &Arc<Progress>) -> Consumed<String, Bytes> {
    let progress = Arc::clone(progress);
    Consumed::new().timestamp_extractor(move |record: &Record<String, Bytes>, _: i64| {
        progress.take();
        Ok(record.timestamp)
    })
}

/// Topics are named by constants; these names come from outside, and live as long as the program.
fn topic<K, V>(name: &str) -> Topic<K, V> {
    Topic::new(Box::leak(name.to_owned().into_boxed_str()))
}
