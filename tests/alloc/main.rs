//! What a record costs in allocations: nothing, unless its types need memory.
//!
//! Counted by a global allocator, per thread. Buffers that grow by doubling may allocate a few times in all.

use std::time::Duration;

use allocation_counter::measure;
use streams_core::record::{RecordBatch, RecordView};
use streams_core::serde::avro;
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::windows::JoinWindows;
use streams_core::{KStream, Record, Result, StreamsBuilder, Topic};

const IN: Topic<i64, i64> = Topic::new("in");
const OUT: Topic<i64, i64> = Topic::new("out");

fn allocations(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

#[test]
fn a_chain_of_stateless_verbs_allocates_nothing_per_record() {
    let builder = StreamsBuilder::new();
    let mut stream = builder.stream(&IN).flat_map_values(|count| 0..count);
    for _ in 0..4 {
        stream = stream.map_values(|v| v + 1).filter(|_, v| *v > 0);
    }
    stream.map(|k, v| (v, k)).select_key(|_, v| *v).peek(|_, _| {}).for_each(|_, _| {});
    let mut driver = TestDriver::new(&builder.build().unwrap()).unwrap();
    let mut of = |records| allocations(|| driver.pipe(&IN, 1, records, 0).unwrap());
    of(1);
    let (few, many) = (of(10), of(100_000));
    assert!(many <= few + 2, "{few} allocations for 10 records, {many} for 100,000");
}

#[test]
fn records_go_from_source_to_sink_without_an_allocation_each() {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).map_values(|v| v + 1).filter(|_, v| *v >= 0).to(&OUT);
    let options = TestDriverOptions { commit_each_record: false, ..TestDriverOptions::default() };
    let mut driver = TestDriver::with(&builder.build().unwrap(), options).unwrap();
    let mut batch = RecordBatch::new();
    for number in 0..20_000_i64 {
        let bytes = number.to_be_bytes();
        batch.push(RecordView { key: Some(&bytes), value: Some(&bytes), ..RecordView::default() });
    }
    let count = allocations(|| {
        driver.pipe_batch(IN.name(), 0, &batch).unwrap();
        driver.commit().unwrap();
    });
    assert!(count < 200, "{count} allocations for 20,000 records");
    assert_eq!(driver.read(&OUT).unwrap().len(), 20_000);
}

#[test]
fn counting_hot_keys_allocates_nothing_per_record_but_the_key() {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).group_by_key().count().to_stream().to(&OUT);
    let options = TestDriverOptions { commit_each_record: false, ..TestDriverOptions::default() };
    let mut driver = TestDriver::with(&builder.build().unwrap(), options).unwrap();
    let mut batch = RecordBatch::new();
    for number in 0..20_000_i64 {
        let bytes = (number % 10).to_be_bytes();
        batch.push(RecordView { key: Some(&bytes), value: Some(&bytes), ..RecordView::default() });
    }
    driver.pipe_batch(IN.name(), 0, &batch).unwrap();
    let count = allocations(|| driver.pipe_batch(IN.name(), 0, &batch).unwrap());
    assert!(count < 200, "{count} allocations for 20,000 records");
}

#[test]
fn avro_allocates_nothing_but_the_texts_of_a_record() {
    #[derive(Record, Debug, PartialEq)]
    struct Position {
        ship: i64,
        at: i64,
        latitude: f64,
        speed: Option<f32>,
        name: Option<String>,
    }
    let serde = avro::<Position>();
    let mut out = Vec::with_capacity(100);
    let mut count = |name: Option<&str>| {
        let name = name.map(str::to_owned);
        let value = Position { ship: 1 << 40, at: -3, latitude: 0.5, speed: Some(1.5), name };
        allocations(|| {
            out.clear();
            serde.serialize(&value, &mut out).unwrap();
            assert_eq!(serde.deserialize(&out).unwrap(), value);
        })
    };
    assert_eq!((count(None), count(Some("Rainbow"))), (0, 1));
}

const OTHER: Topic<i64, i64> = Topic::new("other");

/// Records of ten keys, as numbers, one for each millisecond of event time.
fn ten_keys(first: i64, count: i64) -> RecordBatch {
    let mut batch = RecordBatch::new();
    for number in first..first + count {
        let (key, value) = ((number % 10).to_be_bytes(), number.to_be_bytes());
        batch.push(RecordView {
            timestamp: number,
            key: Some(&key),
            value: Some(&value),
            ..RecordView::default()
        });
    }
    batch
}

/// Allocations of 20,000 records that are joined with ten rows, or ten partners, of `OTHER`.
fn allocations_of_a_join(join: impl Fn(&StreamsBuilder) -> KStream<i64, i64>) -> Result<u64> {
    let builder = StreamsBuilder::new();
    join(&builder).to(&OUT);
    let options = TestDriverOptions { commit_each_record: false, ..TestDriverOptions::default() };
    let mut driver = TestDriver::with(&builder.build()?, options)?;
    driver.pipe_batch(OTHER.name(), 0, &ten_keys(0, 10))?;
    // Buffers get their size.
    driver.pipe_batch(IN.name(), 0, &ten_keys(0, 20_000))?;
    driver.commit()?;
    let before = driver.read(&OUT)?.len();
    let batch = ten_keys(20_000, 20_000);
    let mut piped = Ok(());
    let count = allocations(|| piped = driver.pipe_batch(IN.name(), 0, &batch));
    piped?;
    driver.commit()?;
    assert_eq!((before, driver.read(&OUT)?.len()), (20_000, 20_000));
    Ok(count)
}

#[test]
fn joining_a_stream_with_a_table_allocates_nothing_per_record() {
    let count = allocations_of_a_join(|builder| {
        let table = builder.table(&OTHER);
        builder.stream(&IN).join_table(table, |value, row| value + row)
    });
    let count = count.unwrap();
    assert!(count < 200, "{count} allocations for 20,000 records");
}

#[test]
fn joining_tables_of_hot_keys_allocates_nothing_per_change() {
    let count = allocations_of_a_join(|builder| {
        let (left, right) = (builder.table(&IN), builder.table(&OTHER));
        left.join(right, |one: &i64, other: &i64| one + other).to_stream().require_value()
    });
    let count = count.unwrap();
    assert!(count < 200, "{count} allocations for 20,000 changes");
}

#[test]
fn joining_streams_allocates_for_the_records_that_are_kept_and_not_for_those_that_are_found() {
    let count = allocations_of_a_join(|builder| {
        let (left, right) = (builder.stream(&IN), builder.stream(&OTHER));
        let windows = JoinWindows::of(Duration::from_secs(100)).no_grace();
        left.join(right, windows, |one, other| one + other)
    });
    // The row of each record that is kept: its key, its entry and its place among others.
    let count = count.unwrap();
    assert!(count < 4 * 20_000, "{count} allocations for 20,000 records");
}
