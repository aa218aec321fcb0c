//! Tables: sources, filters, mapped values, and streams that become tables.

use streams_core::serde::DefaultSerde;
use streams_core::{Consumed, KTable, Materialized, Produced, StreamsBuilder, Topic};

use super::{COUNTS, Case, IN, OUT, PLAIN, case};

pub(super) const CASES: &[Case] = &[
    case("table-source", |b| stored(b).to_stream().to(&OUT)),
    case("table-source-topic-reuse", |b| stored(b).to_stream().to(&OUT)),
    case("table-source-without-store", |b| b.table(&PLAIN).to_stream().to(&OUT)),
    case("table-source-in-memory", |b| {
        b.table_with(&PLAIN, Consumed::new(), Materialized::named("store").in_memory().logged(false))
            .named("source")
            .to_stream()
            .named("stream")
            .to_with(&OUT, Produced::new().named("sink"));
    }),
    case("table-filter", |b| b.table(&PLAIN).filter(below_5).to_stream().to(&OUT)),
    case("table-filter-not", |b| b.table(&PLAIN).filter_not(below_5_or_a).to_stream().to(&OUT)),
    case("table-filter-stored", |b| {
        b.table(&PLAIN).filter_with(below_5, Materialized::named("filtered")).to_stream().to(&OUT);
    }),
    case("table-filter-source-stored", |b| stored(b).filter(below_5).to_stream().to(&OUT)),
    case("table-filter-not-source-stored", |b| stored(b).filter_not(below_5_or_a).to_stream().to(&OUT)),
    case("table-filter-both-stored", |b| {
        stored(b).filter_with(below_5, Materialized::named("filtered")).named("filter").to_stream().to(&OUT);
    }),
    case("table-filter-unnamed", |b| {
        b.table(&PLAIN)
            .filter_with(below_5, text())
            .map_values_with(|v| v + "'", text())
            .to_stream()
            .to(&OUT);
    }),
    case("table-filter-chain", |b| {
        stored(b)
            .filter(|_, v| v != "v1")
            .filter_map_values(|_, v| if v == "v2" { None } else { Some(v + "'") })
            .filter_not(|_, v| v.as_str() >= "v6")
            .to_stream()
            .to(&OUT);
    }),
    case("table-map-values", |b| {
        b.table(&PLAIN)
            .filter_map_values(|_, v| if v == "v2" { None } else { Some(v + "'") })
            .to_stream()
            .to(&OUT);
    }),
    case("table-map-values-stored", |b| {
        let mapper = |k: &String, v: String| if v == "v2" { None } else { Some(k.clone() + &v) };
        stored(b).filter_map_values_with(mapper, Materialized::named("mapped")).to_stream().to(&OUT);
    }),
    case("table-headers", |b| {
        stored(b).filter(|_, v| v != "v3").map_values(|v| v + "'").to_stream().to(&OUT);
    }),
    case("table-queryable", |b| {
        let named = b.table(&PLAIN).filter_with(|_, v| v != "v0", Materialized::named("one"));
        let unnamed = named.map_values(|v| v + "'");
        let again = unnamed.map_values_with(|v| v + "'", Materialized::named("two")).named("two-mapper");
        again.filter_not_with(|_, v| v == "v1''", text()).to_stream().to(&OUT);
    }),
    case("table-of-aggregate-filter", |b| {
        b.stream(&IN)
            .require_key()
            .require_value()
            .group_by_key()
            .aggregate_with(
                String::new,
                |_, v, agg| if v == "v9" { None } else { Some(agg + &v) },
                Materialized::named("sum"),
            )
            .filter(|_, v| v.len() % 4 == 0)
            .to_stream()
            .to(&OUT);
    }),
    case("table-to-table", |b| {
        b.stream(&IN)
            .require_key()
            .to_table_with::<String>(Materialized::named("store"))
            .filter(below_5)
            .to_stream()
            .to(&OUT);
    }),
    case("table-to-table-without-store", |b| {
        b.stream(&IN).require_key().to_table::<String>().filter(below_5).to_stream().to(&OUT);
    }),
    case("table-to-table-rekeyed", |b| {
        b.stream(&IN)
            .select_key(|k, v| match v.as_deref() {
                None => k.clone(),
                Some("v3") => None,
                Some(v) => Some(v.to_owned()),
            })
            .map_values(|v| v)
            .require_key()
            .to_table_with::<String>(Materialized::named("store"))
            .to_stream()
            .to(&OUT);
    }),
    case("table-to-stream-to-table", |b| {
        b.table(&PLAIN)
            .filter(below_5)
            .to_stream()
            .to_table_with::<String>(Materialized::named("second"))
            .named("again")
            .filter(|_, v| v.as_str() < "v3")
            .to_stream()
            .to(&OUT);
    }),
    case("table-to-stream-new-key", |b| {
        let stream = b.table(&PLAIN).to_stream_with_new_key(|_, v| v.cloned());
        stream.clone().to(&Topic::<String, String>::new("stream"));
        stream.require_key().group_by_key().count_with(Materialized::named("counts")).to_stream().to(&COUNTS);
    }),
];

fn stored(b: &StreamsBuilder) -> KTable<String, String> {
    b.table_with(&PLAIN, Consumed::new(), Materialized::named("store"))
}

/// Serdes without a name: no store comes of it.
fn text() -> Materialized<String, String> {
    Materialized::with(String::serde(), String::serde())
}

fn below_5<V: AsRef<str>>(_key: &String, value: &V) -> bool {
    value.as_ref() < "v5"
}

fn below_5_or_a(key: &String, value: &String) -> bool {
    below_5(key, value) || key == "a"
}
