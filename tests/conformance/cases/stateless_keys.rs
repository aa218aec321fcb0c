//! Verbs that change keys, and what follows from that: repartitions, tables, names.

use streams_core::processor::{FixedKeyContext, FixedKeyProcessor, Processor, ProcessorContext, UserResult};
use streams_core::{
    Grouped, Headers, KStream, Materialized, Produced, Record, Repartitioned, StreamsBuilder, Topic,
};

use super::{Case, IN, OUT, PLAIN, case, last, shown};

const COUNTS: Topic<String, i64> = Topic::new("counts");

pub(super) const CASES: &[Case] = &[
    case("stateless-select-key", |b| b.stream(&IN).select_key(|_, v| v.as_deref().map(last)).to(&OUT)),
    case("stateless-select-key-to-table", |b| {
        b.stream(&IN)
            .select_key(|_, v| v.as_deref().filter(|v| !v.ends_with('7')).map(last))
            .require_key()
            .to_table::<String>()
            .to_stream()
            .to(&OUT);
    }),
    case("stateless-to-table", |b| {
        let stream = b.stream(&IN);
        stream.clone().require_key().to_table::<String>().to_stream().to(&OUT);
        stream
            .require_key()
            .to_table_with::<String>(Materialized::named("table"))
            .to_stream()
            .map_values(|v| v.unwrap_or("none".to_owned()))
            .to(&Topic::<String, String>::new("stored"));
    }),
    case("stateless-repartition", |b| {
        b.stream(&IN)
            .map_values(|v| v)
            .repartition()
            .map_values(|v| format!("{}!", shown(v.as_ref())))
            .to(&OUT);
    }),
    case("stateless-repartition-named", |b| {
        let again = b
            .stream(&IN)
            .select_key(|_, v| v.as_deref().map(last))
            .repartition_with(Repartitioned::new().named("again").partitions(3));
        again.clone().to(&OUT);
        again
            .require_key()
            .group_by_key()
            .count_with(Materialized::named("counts-store"))
            .to_stream()
            .to(&COUNTS);
    }),
    case("stateless-null-keys", |b| {
        let stream = b
            .stream(&IN)
            .filter(|_, v| v.is_some())
            .map(|k, v| (k, v))
            .flat_map_values(|v| [v.clone(), Some(format!("{}-2", shown(v.as_ref())))])
            .select_key(|k, v| {
                if v.as_ref().is_some_and(|v| v.ends_with('5')) { Some("five".to_owned()) } else { k.clone() }
            });
        let without_key = stream.clone().filter(|k, _| k.is_none());
        stream
            .clone()
            .merge(without_key.map_values(|v| Some(format!("{}-null", shown(v.as_ref())))))
            .to(&Topic::<String, String>::new("before"));
        stream.repartition().to(&OUT);
    }),
    case("stateless-null-values", |b| {
        let stream = b
            .stream(&IN)
            .filter(|_, _| true)
            .map(|k, v| (k, v))
            .map_values(|v| v)
            .select_key(|k, _| format!("{}1", shown(k.as_ref())))
            .peek(|_, _| {});
        let mut split = stream.clone().split().named("b-");
        let nulls = split.branch(|_, v| v.is_none());
        stream.merge(nulls).repartition().to(&OUT);
    }),
    case("stateless-number-types", |b| {
        let stream = b.stream(&Topic::<i32, f64>::new("in"));
        stream.clone().to(&Topic::<i32, f64>::new("bytes"));
        stream.clone().select_key(|_, v| v.floor() as i64).to(&Topic::<i64, f64>::new("rounded"));
        stream
            .group_by_with(|k, _| k % 3, Grouped::new().named("by-rest"))
            .count_with(Materialized::named("counts-store"))
            .to_stream()
            .to(&Topic::<i32, i64>::new("counts"));
    }),
    case("stateless-key-changed", key_changed),
    case("stateless-all-named", all_named),
];

/// Which verbs make a count repartition: read it in `describe()`.
fn key_changed(b: &StreamsBuilder) {
    let stream = b.stream(&PLAIN);
    let count = |stream: KStream<String, String>, topic| counted(stream, &Topic::new(topic));
    count(stream.clone().map_values(|v| v), "out-1");
    count(stream.clone().filter(|_, _| true).peek(|_, _| {}), "out-2");
    count(stream.clone().flat_map_values(|v| [v.clone(), v]), "out-3");
    count(stream.clone().process_values(|| PassOn), "out-4");
    count(stream.clone().select_key(|k, _| k.clone()), "out-5");
    count(stream.clone().map(|k, v| (k, v)).map_values(|v| v), "out-6");
    count(stream.clone().flat_map(|k, v| [(k, v)]), "out-7");
    count(stream.clone().process(|| PassOn), "out-8");
    stream.clone().group_by(|k, _| k.clone()).count().to_stream().to(&Topic::<String, i64>::new("out-9"));
    count(stream.clone().merge(stream.clone().select_key(|k, _| k.clone())), "out-10");
    let mut split = stream.clone().select_key(|k, _| k.clone()).split().named("b-");
    count(split.branch(|_, _| true), "out-11");
    stream
        .group_by_key()
        .count()
        .to_stream()
        .select_key(|k, _| k.clone())
        .group_by_key()
        .count()
        .to_stream()
        .to(&Topic::<String, i64>::new("out-12"));
}

fn counted(stream: KStream<String, String>, topic: &Topic<String, i64>) {
    stream.group_by_key().count().to_stream().to(topic);
}

/// Every verb with a given name, and one without: names take the numbers they replace.
fn all_named(b: &StreamsBuilder) {
    let stream = b
        .stream(&IN)
        .named("source")
        .filter(|_, v| v.is_some())
        .named("only")
        .filter_not(|_, v| v.as_ref().is_some_and(String::is_empty))
        .named("not")
        .map(|k, v| (k, v))
        .named("mapped")
        .map_values(|v| v)
        .named("values")
        .flat_map(|k, v| [(k, v)])
        .named("flat")
        .flat_map_values(|v| [v])
        .named("flat-values")
        .select_key(|_, v| v.as_deref().map(last))
        .named("rekeyed")
        .peek(|_, _| {})
        .named("looked");
    let mut split = stream.clone().split().named("split-");
    let five = split.branch(|k, _| k.as_deref() == Some("5")).named("five");
    let rest = split.default_branch().named("rest");
    rest.to_with(&Topic::<String, String>::new("rest"), Produced::new().named("rest-sink"));
    five.merge(stream)
        .named("merged")
        .repartition_with(Repartitioned::new().named("shuffled"))
        .require_key()
        .to_table_with::<String>(Materialized::named("table-store"))
        .named("table")
        .to_stream()
        .named("stream")
        .process(|| PassOn)
        .named("processor")
        .group_by_key_with(Grouped::new().named("grouped"))
        .reduce_with(|_, r| r, Materialized::named("reduced-store"))
        .named("reduced")
        .to_stream()
        .map_values(Option::flatten)
        .to_with(&OUT, Produced::new().named("out-sink"));
}

struct PassOn;

impl<V: Send + 'static> Processor<String, V, String, V> for PassOn {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, V>,
        record: Record<String, V>,
    ) -> UserResult {
        Ok(ctx.forward(record)?)
    }
}

impl<V: Send + 'static> FixedKeyProcessor<String, V, V> for PassOn {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, '_, String, V>,
        _key: &String,
        value: V,
        timestamp: i64,
        _headers: &Headers,
    ) -> UserResult {
        Ok(ctx.forward(value, timestamp)?)
    }
}
