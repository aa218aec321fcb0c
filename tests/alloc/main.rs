//! What a record costs in allocations: nothing, unless its types need memory.
//!
//! Counted by a global allocator, per thread. Buffers that grow by doubling may allocate a few times in all.

use allocation_counter::measure;
use streams_core::record::{RecordBatch, RecordView};
use streams_core::serde::avro;
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::{Record, StreamsBuilder, Topic};

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
