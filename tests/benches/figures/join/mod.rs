//! Joins against bare loops that do the same work: parse the same bytes, keep the same rows, write the same results and
//! the same changelog. Before anything is timed, the results of both are compared, record by record.
//!
//! The test driver keeps input, results and changelogs as topics in memory and commits every 10,000 records.

mod stream_stream;
mod stream_table;
mod table_table;

use std::time::Duration;

use streams_core::record::{RecordBatch, RecordView};
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::{Result, Topology};

use crate::harness::{Outcome, Pairs, Settings, mix, timed};
use crate::table::Figure;

const COMMIT_EVERY: usize = 10_000;
/// Records of event time per millisecond, of one input.
const RATE: usize = 5;

/// The figures of record: 100,000 keys.
pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Figure>> {
    let keys = settings.size(100_000);
    let records = settings.size(500_000);
    let windows = stream_stream::window_for(keys);
    Ok(vec![
        figure("stream-table join, 100k keys", records, &stream_table::measure(settings, keys, records)?),
        figure("table-table join, 100k keys", records, &table_table::measure(settings, keys, records)?),
        figure(
            "stream-stream join, 100k keys, one match per record",
            records,
            &stream_stream::measure(settings, keys, records, windows)?,
        ),
    ])
}

/// How figures grow with the number of keys, and that of stream-stream joins with the length of the windows.
pub(crate) fn curves(settings: &Settings) -> Outcome<Vec<Figure>> {
    let settings = &Settings { quick: settings.quick, repetitions: settings.repetitions.min(3) };
    let mut figures = Vec::new();
    for (keys, name) in [(1_000, "1k"), (10_000, "10k"), (100_000, "100k"), (1_000_000, "1M")] {
        let keys = settings.size(keys);
        let records = settings.size(400_000).max(2 * keys);
        let name = |join: &str| format!("curve of keys: {join}, {name} keys");
        let pairs = stream_table::measure(settings, keys, records)?;
        figures.push(Figure::per_operation(&name("stream-table join"), records, &pairs, None));
        let pairs = table_table::measure(settings, keys, records)?;
        figures.push(Figure::per_operation(&name("table-table join"), records, &pairs, None));
        let window = stream_stream::window_for(keys);
        let pairs = stream_stream::measure(settings, keys, records, window)?;
        let name = format!("{}, windows of ±{window:?}, one match per record", name("stream-stream join"));
        figures.push(Figure::per_operation(&name, records, &pairs, None));
    }
    let keys = settings.size(10_000);
    for matches in [1, 2, 4, 8] {
        let window = stream_stream::window_for(keys) * matches;
        let pairs = stream_stream::measure(settings, keys, settings.size(400_000), window)?;
        let name = format!(
            "curve of windows: stream-stream join, 10k keys, ±{window:?}, {matches} matches per record"
        );
        figures.push(Figure::per_operation(&name, settings.size(400_000), &pairs, None));
    }
    Ok(figures)
}

fn figure(name: &str, records: usize, pairs: &Pairs) -> Figure {
    Figure::per_operation(name, records, pairs, Some(0.5))
}

/// Runs both sides in turn, once what they put out was found to be the same.
fn compare<B>(
    settings: &Settings,
    topology: &Topology,
    before: &[Piped],
    input: &[Piped],
    bare: impl Fn() -> B,
    run: impl Fn(&mut B, &[Piped]) -> Outcome<RecordBatch>,
) -> Outcome<Pairs> {
    let start = || -> Outcome<TestDriver> {
        let mut driver = driver(topology)?;
        pipe(&mut driver, before)?;
        driver.read_raw(OUT);
        Ok(driver)
    };
    let begin = || -> Outcome<B> {
        let mut bare = bare();
        run(&mut bare, before)?;
        Ok(bare)
    };
    let mut driver = start()?;
    pipe(&mut driver, input)?;
    let (ours, theirs) = (driver.read_raw(OUT), run(&mut begin()?, input)?);
    if ours.len() != theirs.len() {
        return Err(format!("{} results, the bare loop has {}", ours.len(), theirs.len()).into());
    }
    for (number, (ours, theirs)) in ours.iter().zip(theirs.iter()).enumerate() {
        let same = (ours.key.as_deref(), ours.value.as_deref()) == (theirs.key, theirs.value);
        if !same || ours.timestamp != theirs.timestamp {
            return Err(format!("result {number} is {ours:?}, that of the bare loop {theirs:?}").into());
        }
    }
    drop((driver, ours, theirs));
    settings.pairs(
        || {
            let mut driver = start()?;
            timed(|| Ok(pipe(&mut driver, input)?)).inspect(|_| drop(driver))
        },
        || {
            let mut bare = begin()?;
            timed(|| run(&mut bare, input))
        },
    )
}

/// Where all joins here write.
const OUT: &str = "out";

/// Records for one input, in a piece as large as a commit.
struct Piped {
    topic: &'static str,
    batch: RecordBatch,
}

fn driver(topology: &Topology) -> Result<TestDriver> {
    let options = TestDriverOptions { commit_each_record: false, ..TestDriverOptions::default() };
    TestDriver::with(topology, options)
}

fn pipe(driver: &mut TestDriver, input: &[Piped]) -> Result<()> {
    for Piped { topic, batch } in input {
        driver.pipe_batch(topic, 0, batch)?;
        driver.commit()?;
    }
    Ok(())
}

/// One record for each key, in random order.
fn every_key(topic: &'static str, keys: usize) -> Vec<Piped> {
    let mut order: Vec<u64> = (0..keys as u64).collect();
    order.sort_unstable_by_key(|&key| mix(key));
    let number = |index: usize| order[index];
    batches(&[topic], keys, number)
}

/// So many records of random keys, for the topics in turn, batch by batch.
fn random_keys(topics: &[&'static str], records: usize, keys: usize) -> Vec<Piped> {
    batches(topics, records, |index| mix(index as u64) % keys as u64)
}

fn batches(topics: &[&'static str], records: usize, key: impl Fn(usize) -> u64) -> Vec<Piped> {
    // The topics share the time of a batch: each has so many records in it.
    let piece = COMMIT_EVERY / topics.len();
    let mut pieces = Vec::new();
    for (number, first) in (0..records).step_by(piece).enumerate() {
        let mut batch = RecordBatch::new();
        let begin = number / topics.len() * piece;
        for index in first..records.min(first + piece) {
            let key = format!("user-{:08}", key(index));
            let value = format!("page-{:06}", index % 1_000_000);
            batch.push(RecordView {
                timestamp: ((begin + index - first) / RATE) as i64,
                key: Some(key.as_bytes()),
                value: Some(value.as_bytes()),
                ..RecordView::default()
            });
        }
        pieces.push(Piped { topic: topics[number % topics.len()], batch });
    }
    pieces
}

fn parse(record: RecordView<'_>) -> Outcome<(String, String)> {
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap_or_default().to_vec());
    Ok((text(record.key)?, text(record.value)?))
}

fn joined(left: &str, right: &str) -> String {
    [left, right].concat()
}

fn put_out(out: &mut RecordBatch, key: &str, value: &str, timestamp: i64) {
    out.push(RecordView {
        timestamp,
        key: Some(key.as_bytes()),
        value: Some(value.as_bytes()),
        ..RecordView::default()
    });
}

/// As a duration of event time.
fn millis(millis: usize) -> Duration {
    Duration::from_millis(millis as u64)
}
