//! Processors: what they see, where they forward to, what they may not do.

use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::{Materialized, Produced, Record, Store, StreamsBuilder, Topic};

use super::{Case, IN, OUT, PLAIN, Text, case};

pub(super) const CASES: &[Case] = &[
    case("process-context", |b| {
        let stream = b.streams(&[IN, Topic::new("other")]);
        stream.clone().process(|| Show).to(&OUT);
        stream.repartition().process(|| Show).to(&Topic::<String, String>::new("behind"));
    }),
    case("process-named-children", |b| {
        let all = b.stream(&PLAIN).process(|| Router).named("router");
        all.clone().map_values(|v| v + "-left").named("to-left").to(&Topic::<String, String>::new("left"));
        all.to_with(&Topic::<String, String>::new("right"), Produced::new().named("to-right"));
    }),
    case("process-negative-timestamp", |b| b.stream(&PLAIN).process(|| TenEarlier).to(&OUT)),
    case("process-shared-stores", shared_stores),
    case("process-supplier-stores", |b| {
        b.add_store(&COUNT);
        let once = b.stream(&PLAIN).process(|| AppendCount).with_store(&COUNT);
        once.process(|| AppendCount).with_store(&COUNT).to(&OUT);
    }),
];

/// A null value removes, as in Java.
const LAST: Store<String, Text> = Store::new("last");
const COUNTS: Store<String, i64> = Store::new("counts");
const COUNT: Store<String, i64> = Store::new("store");

fn shared_stores(b: &StreamsBuilder) {
    use streams_core::StoreOptions;
    use streams_core::serde::DefaultSerde;

    b.add_store(&LAST);
    let serdes = Materialized::with(String::serde(), i64::serde());
    b.add_store_with(&COUNTS, serdes, StoreOptions { logged: false });
    let input = b.stream(&Topic::<String, Text>::new("in"));
    let _ends_here = input.process(|| Writer).named("writer").with_store(&LAST).with_store(&COUNTS);
    b.stream(&Topic::<String, String>::new("ask"))
        .process(|| Reader)
        .named("reader")
        .with_store(&COUNTS)
        .with_store(&LAST)
        .to(&OUT);
}

/// Puts clocks and origin into the value.
struct Show;

impl Processor<Text, Text, Text, String> for Show {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, Text, String>,
        record: Record<Text, Text>,
    ) -> UserResult {
        let from = match ctx.record_metadata() {
            Some(origin) => format!("{}/{}/{}", origin.topic, origin.partition, origin.offset),
            None => "none".to_owned(),
        };
        let seen = format!("{} {} {from} {}", ctx.stream_time(), ctx.wall_clock(), ctx.application_id());
        Ok(ctx.forward(record.with_value(seen))?)
    }
}

/// Forwards to one child, to both in turn, or to all.
struct Router;

impl Processor<String, String, String, String> for Router {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        match record.value.as_str() {
            "a" | "b" | "c" | "d" => ctx.forward_to("to-left", record)?,
            "e" | "f" | "g" => ctx.forward_to("to-right", record)?,
            "h" | "i" | "j" => {
                ctx.forward_to("to-right", record.clone().with_value("1".to_owned()))?;
                ctx.forward_to("to-left", record.with_value("2".to_owned()))?;
            }
            _ => ctx.forward(record)?,
        }
        Ok(())
    }
}

struct TenEarlier;

impl Processor<String, String, String, String> for TenEarlier {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        let earlier = record.timestamp - 10;
        Ok(ctx.forward(record.with_timestamp(earlier))?)
    }
}

/// Counts, and appends the count to the value.
struct AppendCount;

impl Processor<String, String, String, String> for AppendCount {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        let store = ctx.store(&COUNT)?;
        let count = store.get(&record.key)?.unwrap_or(0) + 1;
        store.put(&record.key, count, record.timestamp)?;
        let value = format!("{}{count}", record.value);
        Ok(ctx.forward(record.with_value(value))?)
    }
}

struct Writer;

impl Processor<String, Text, String, Text> for Writer {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, Text>,
        record: Record<String, Text>,
    ) -> UserResult {
        let counts = ctx.store(&COUNTS)?;
        let count = counts.get(&record.key)?.unwrap_or(0) + 1;
        counts.put(&record.key, count, record.timestamp)?;
        ctx.store(&LAST)?.put(&record.key, record.value, record.timestamp)?;
        Ok(())
    }
}

struct Reader;

impl Processor<String, String, String, String> for Reader {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        let last = ctx.store(&LAST)?.get(&record.key)?.flatten().unwrap_or("null".to_owned());
        let count = ctx.store(&COUNTS)?.get(&record.key)?.map_or("null".to_owned(), |n| n.to_string());
        let answer = format!("{}:{last}:{count}", record.value);
        Ok(ctx.forward(record.with_value(answer))?)
    }
}
