//! Topologies that Java builds node by node (`Topology#addProcessor`). Here the DSL builds them: a node with two
//! parents is a merge and what follows.

use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::{Consumed, KStream, Materialized, Optimization, Produced, Record, Store, Topic};

use super::{Case, OUT, PLAIN, case};

const STORE: Store<String, String> = Store::new("store");

pub(super) const CASES: &[Case] = &[
    case("process-topology-nodes", |b| {
        let source = b.stream(&PLAIN).named("source");
        let second = source.clone().process(|| Mark("2")).named("second");
        let first = source.process(|| Mark("1")).named("first");
        let both = first.clone().merge(second).process(|| Mark("+")).named("both");
        both.clone()
            .process(|| Length)
            .named("length")
            .to_with(&Topic::<String, i64>::new("lengths"), Produced::new().named("length-sink"));
        both.merge(first).to_with(&OUT, Produced::new().named("sink"));
    }),
    case("process-topology-stores", |b| {
        b.add_store(&STORE);
        let z = b.stream(&PLAIN).named("z-source");
        let alone = b.stream(&Topic::<String, String>::new("alone")).named("alone-source");
        let a = b.stream(&Topic::<String, String>::new("other")).named("a-source");
        let sums = adding(z, "z-add").merge(adding(a, "a-add"));
        let picked = Produced::<String, String>::new().named("picked");
        sums.to_dynamic_with(|k, _, _| format!("out-{}", if k == "a" { "a" } else { "b" }), picked);
        alone.to_with(&Topic::<String, String>::new("alone-out"), Produced::new().named("alone-sink"));
    }),
    // Java fills the store by a processor that has nothing else to do. That is what a table of a topic is.
    case("process-topology-read-only-store", |b| {
        b.optimize(Optimization { reuse_source_topics: true, ..Optimization::NONE });
        let table = Topic::<String, String>::new("table");
        let _ = b.table_with(&table, Consumed::new(), Materialized::as_store(&STORE)).named("filler");
        let reader = b.stream(&PLAIN).named("source").process(|| Reader).named("reader").with_store(&STORE);
        reader.to_with(&OUT, Produced::new().named("sink"));
    }),
];

fn adding(stream: KStream<String, String>, name: &str) -> KStream<String, String> {
    stream.process(|| Add).named(name).with_store(&STORE)
}

/// Appends a mark to the value.
struct Mark(&'static str);

impl Processor<String, String, String, String> for Mark {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        let marked = format!("{}{}", record.value, self.0);
        Ok(ctx.forward(record.with_value(marked))?)
    }
}

/// The length of the value.
struct Length;

impl Processor<String, String, String, i64> for Length {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, i64>,
        record: Record<String, String>,
    ) -> UserResult {
        let length = record.value.len() as i64;
        Ok(ctx.forward(record.with_value(length))?)
    }
}

/// Appends the value to those of its key.
struct Add;

impl Processor<String, String, String, String> for Add {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        let store = ctx.store(&STORE)?;
        let sum = store.get(&record.key)?.unwrap_or_default() + &record.value;
        store.put(&record.key, sum.clone(), record.timestamp)?;
        Ok(ctx.forward(record.with_value(sum))?)
    }
}

/// Adds what the store has to the value.
struct Reader;

impl Processor<String, String, String, String> for Reader {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        let found = ctx.store(&STORE)?.get(&record.key)?;
        let shown = format!("{}/{}", record.value, found.as_deref().unwrap_or("null"));
        Ok(ctx.forward(record.with_value(shown))?)
    }
}
