//! Windowed count in the test driver against a loop over a `HashMap<(String, i64), u64>`.
//!
//! Both parse key and value from the same bytes, and write one result per record (key, window start, count), kept in
//! memory. Both commit every 10,000 records: the driver writes each changed count to a changelog; so does the second
//! bare loop, which therefore remembers which entries changed. The first one writes results only.

use std::collections::HashMap;
use std::time::Duration;

use streams_core::record::{RecordBatch, RecordView};
use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::windows::{TimeWindows, Windowed};
use streams_core::{Produced, Result, StreamsBuilder, Topic, Topology};

use crate::harness::{Outcome, Settings, mix, timed};
use crate::table::Figure;

const IN: Topic<String, String> = Topic::new("in");
const OUT: Topic<Windowed<String>, i64> = Topic::new("out");
const WINDOW_MS: i64 = 60_000;
const COMMIT_EVERY: usize = 10_000;

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Figure>> {
    let (records, keys) = (settings.size(1_000_000), settings.size(100_000));
    let batches = input(records, keys);
    let topology = topology()?;
    let ours = || {
        let options = TestDriverOptions { commit_each_record: false, ..TestDriverOptions::default() };
        let mut driver = TestDriver::with(&topology, options)?;
        timed(|| {
            for batch in &batches {
                driver.pipe_batch(IN.name(), 0, batch)?;
                driver.commit()?;
            }
            Ok(())
        })
    };
    let plain = settings.pairs(&ours, || timed(|| results_only(&batches)))?;
    let logged = settings.pairs(&ours, || timed(|| with_changelog(&batches)))?;
    Ok(vec![
        Figure::per_operation("windowed count, 100k keys; bare: results only", records, &plain, Some(0.5)),
        Figure::per_operation(
            "windowed count, 100k keys; bare: results and changelog",
            records,
            &logged,
            Some(0.5),
        ),
    ])
}

fn topology() -> Result<Topology> {
    let size = Duration::from_millis(WINDOW_MS as u64);
    let builder = StreamsBuilder::new();
    builder
        .stream(&IN)
        .group_by_key()
        .windowed_by(TimeWindows::tumbling(size).grace(Duration::from_secs(10)))
        .count()
        .to_stream()
        .to_with(&OUT, Produced::with(time_windowed(String::serde(), size), i64::serde()));
    builder.build()
}

/// Ten records a millisecond of event time, in pieces as large as a commit.
fn input(records: usize, keys: usize) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    for first in (0..records).step_by(COMMIT_EVERY) {
        let mut batch = RecordBatch::new();
        for number in first..records.min(first + COMMIT_EVERY) {
            let key = format!("user-{:08}", mix(number as u64) % keys as u64);
            let value = format!("page-{:04}", number % 5000);
            batch.push(RecordView {
                timestamp: number as i64 / 10,
                key: Some(key.as_bytes()),
                value: Some(value.as_bytes()),
                ..RecordView::default()
            });
        }
        batches.push(batch);
    }
    batches
}

fn parse(record: RecordView<'_>) -> Outcome<(String, String, i64)> {
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap_or_default().to_vec());
    let start = record.timestamp / WINDOW_MS * WINDOW_MS;
    Ok((text(record.key)?, text(record.value)?, start))
}

fn append(key: &str, start: i64, count: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(&start.to_be_bytes());
    out.extend_from_slice(&count.to_be_bytes());
}

fn results_only(batches: &[RecordBatch]) -> Outcome<impl Sized + use<>> {
    let mut counts: HashMap<(String, i64), u64> = HashMap::new();
    let mut out = Vec::new();
    for record in batches.iter().flat_map(RecordBatch::iter) {
        let (key, value, start) = parse(record)?;
        std::hint::black_box(&value);
        let entry = counts.entry((key.clone(), start)).or_default();
        *entry += 1;
        append(&key, start, *entry, &mut out);
    }
    Ok((counts, out))
}

fn with_changelog(batches: &[RecordBatch]) -> Outcome<impl Sized + use<>> {
    let mut counts: HashMap<(String, i64), (u64, bool)> = HashMap::new();
    let (mut out, mut changelog, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for batch in batches {
        for record in batch.iter() {
            let (key, value, start) = parse(record)?;
            std::hint::black_box(&value);
            let (count, dirty) = counts.entry((key.clone(), start)).or_default();
            *count += 1;
            append(&key, start, *count, &mut out);
            if !std::mem::replace(dirty, true) {
                changed.push((key, start));
            }
        }
        for entry in changed.drain(..) {
            if let Some((count, dirty)) = counts.get_mut(&entry) {
                *dirty = false;
                append(&entry.0, entry.1, *count, &mut changelog);
            }
        }
    }
    Ok((counts, out, changelog))
}
