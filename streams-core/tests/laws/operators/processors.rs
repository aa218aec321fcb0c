//! User code with stores and timers.

use std::collections::BTreeMap;
use std::time::Duration;

use streams_core::processor::{
    FixedKeyContext, FixedKeyProcessor, Processor, ProcessorContext, Punctuation, PunctuationType, UserResult,
};
use streams_core::state::Put;
use streams_core::testing::laws::{Event, Events, Laws, keys};
use streams_core::{
    Headers, Materialized, Record, Result, Store, StoreOptions, StreamsBuilder, Topic, WindowStoreOptions,
};

use crate::operators::{Operator, keep_their_laws, ms};

const IN: Topic<String, i64> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");
const SUMS: Store<String, i64> = Store::new("sums");
const SEEN: Store<String, i64> = Store::new("seen");
const SECOND: i64 = 1000;

pub(crate) const OPERATORS: &[Operator] = &[
    Operator {
        verbs: &["KStream::process", "KStream::with_store", "StreamsBuilder::add_store"],
        laws: || {
            let builder = StreamsBuilder::new();
            builder.add_store(&SUMS);
            builder.stream(&IN).process(|| Sum).with_store(&SUMS).to(&OUT);
            Ok(laws(&builder)?.reference(&OUT, sums).keys_are_independent().store(&SUMS).written_to(&OUT))
        },
    },
    Operator {
        verbs: &["KStream::process_values", "StreamsBuilder::add_store_with"],
        laws: || {
            let builder = StreamsBuilder::new();
            builder.add_store_with(&SUMS, Materialized::as_store(&SUMS), StoreOptions::default());
            builder.stream(&IN).process_values(|| Sum).with_store(&SUMS).to(&OUT);
            Ok(laws(&builder)?.reference(&OUT, sums).keys_are_independent().store(&SUMS).written_to(&OUT))
        },
    },
    Operator {
        verbs: &["StreamsBuilder::add_window_store"],
        laws: || {
            let builder = StreamsBuilder::new();
            builder.add_window_store(&SEEN, WindowStoreOptions::new(ms(10), ms(120_000)));
            builder.stream(&IN).process(|| Repeats).with_store(&SEEN).to(&OUT);
            Ok(laws(&builder)?.reference(&OUT, repeats).keys_are_independent().window_store(&SEEN))
        },
    },
    Operator { verbs: &["KStream::process"], laws: || timed(PunctuationType::StreamTime) },
    Operator { verbs: &["KStream::process"], laws: || timed(PunctuationType::WallClock) },
];

#[test]
fn processors_keep_their_laws() {
    keep_their_laws(OPERATORS);
}

fn laws(builder: &StreamsBuilder) -> Result<Laws> {
    Ok(Laws::of(&builder.build()?)
        .input(&IN, Events::of(keys(4), -5..10i64).disorder(ms(20)).jumps(ms(2 * SECOND as u64)))
        .partitions(2)
        .output(&OUT)
        .reference_drops(|_| Vec::new()))
}

/// Forwards the sum of each key so far.
struct Sum;

impl Processor<String, i64, String, i64> for Sum {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, i64>,
        record: Record<String, i64>,
    ) -> UserResult {
        let sums = ctx.store(&SUMS)?;
        let sum = sums.get(&record.key)?.unwrap_or(0) + record.value;
        sums.put(&record.key, sum, record.timestamp)?;
        Ok(ctx.forward(record.with_value(sum))?)
    }
}

impl FixedKeyProcessor<String, i64, i64> for Sum {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, '_, String, i64>,
        key: &String,
        value: i64,
        timestamp: i64,
        _: &Headers,
    ) -> UserResult {
        let sums = ctx.store(&SUMS)?;
        let sum = sums.get(key)?.unwrap_or(0) + value;
        sums.put(key, sum, timestamp)?;
        Ok(ctx.forward(sum, timestamp)?)
    }
}

fn sums(events: &[Event]) -> Vec<(String, i64, i64)> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    let sum = |event: &Event| {
        let (key, value) = event.record(&IN).unwrap();
        let sum = sums.entry(key.clone()).or_default();
        *sum += value;
        (key.clone(), *sum, event.time())
    };
    events.iter().map(sum).collect()
}

/// Forwards how often a key came at one time.
struct Repeats;

impl Processor<String, i64, String, i64> for Repeats {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, i64>,
        record: Record<String, i64>,
    ) -> UserResult {
        let seen = ctx.window_store(&SEEN)?;
        let count = seen.fetch(&record.key, record.timestamp)?.unwrap_or(0) + 1;
        let put = seen.put(&record.key, record.timestamp, count, record.timestamp)?;
        assert_eq!(put, Put::Stored, "nothing is older than the retention");
        Ok(ctx.forward(record.with_value(count))?)
    }
}

fn repeats(events: &[Event]) -> Vec<(String, i64, i64)> {
    let mut counts: BTreeMap<(String, i64), i64> = BTreeMap::new();
    let count = |event: &Event| {
        let (key, _) = event.record(&IN).unwrap();
        let count = counts.entry((key.clone(), event.time())).or_default();
        *count += 1;
        (key.clone(), *count, event.time())
    };
    events.iter().map(count).collect()
}

/// Collects sums and forwards all of them every second of its kind of time.
struct Collector(PunctuationType);

impl Processor<String, i64, String, i64> for Collector {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, i64>) -> UserResult {
        // The wall clock's grid begins anew with every start: a short one, so that every step of the clock fires.
        let interval = if self.0 == PunctuationType::WallClock { ms(1) } else { Duration::from_secs(1) };
        ctx.schedule(interval, self.0);
        Ok(())
    }

    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, i64>,
        record: Record<String, i64>,
    ) -> UserResult {
        let sums = ctx.store(&SUMS)?;
        let sum = sums.get(&record.key)?.unwrap_or(0) + record.value;
        Ok(sums.put(&record.key, sum, record.timestamp)?)
    }

    fn punctuate(&mut self, ctx: &mut ProcessorContext<'_, String, i64>, due: Punctuation) -> UserResult {
        let sums = ctx.store(&SUMS)?;
        let rows = sums.all().collect::<Result<Vec<_>>>()?;
        for (key, sum) in rows {
            sums.delete(&key, due.time)?;
            ctx.forward(Record::new(key, sum, due.time))?;
        }
        Ok(())
    }
}

fn timed(kind: PunctuationType) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    builder.add_store(&SUMS);
    builder.stream(&IN).process(move || Collector(kind)).with_store(&SUMS).to(&OUT);
    let laws = laws(&builder)?.store(&SUMS).law(
        "forwarding everything that is not in the store",
        |events, driver| {
            let mut left: BTreeMap<String, i64> = BTreeMap::new();
            for event in events {
                let (key, value) = event.record(&IN).unwrap();
                *left.entry(key.clone()).or_default() += value;
            }
            for record in driver.read(&OUT)? {
                *left.entry(record.key).or_default() -= record.value;
            }
            for partition in 0..2 {
                for row in driver.store_of(&SUMS, partition)?.all() {
                    let (key, sum) = row?;
                    *left.entry(key).or_default() -= sum;
                }
            }
            assert!(left.values().all(|rest| *rest == 0), "{left:?} were lost or came twice");
            Ok(())
        },
    );
    let by_clock = kind == PunctuationType::WallClock;
    Ok(if by_clock { laws.wall_clock(Duration::from_secs(2)) } else { laws })
}
