//! Grouped tables.

use streams_core::windows::TimeWindows;
use streams_core::{Consumed, Grouped, KGroupedTable, KTable, Materialized, StreamsBuilder, Topic};

use super::{COUNTS, Case, IN, OUT, PLAIN, case, ms};

pub(super) const CASES: &[Case] = &[
    case("aggregate-table-group-aggregate", |b| put(concat(by_letter(b), "store"))),
    case("aggregate-table-group-count", |b| {
        by_letter(b).count_with(Materialized::named("store")).to_stream().to(&COUNTS);
    }),
    case("aggregate-table-group-null-mapping", |b| {
        let grouped = b
            .table(&PLAIN)
            .group_by(|_, v| (!v.starts_with('y') && !v.ends_with('4')).then(|| (v[..1].to_owned(), v)));
        put(concat(grouped, "store"));
    }),
    case("aggregate-table-group-null-result", |b| {
        let subtract = |_: &String, v: String, agg: String| {
            let part = format!("+{v}");
            (agg != part).then(|| agg.replace(&part, ""))
        };
        put(by_letter(b).aggregate_with(
            String::new,
            |_, v, agg| agg + "+" + &v,
            subtract,
            Materialized::named("store"),
        ));
    }),
    case("aggregate-table-group-reduce", |b| {
        let named = Grouped::new().named("by-letter");
        put(b.table(&PLAIN).group_by_with(|_, v| (v[..1].to_owned(), v), named).reduce_with(
            |l, r| l + "+" + &r,
            |l, r| l + "-" + &r,
            Materialized::named("store"),
        ));
    }),
    case("aggregate-table-group-twice", twice),
    case("aggregate-table-group-upgrade-from", |b| {
        let split = Grouped::new().split_changes();
        put(concat(b.table(&PLAIN).group_by_with(|_, v| (v[..1].to_owned(), v), split), "store"));
    }),
    case("aggregate-counts-of-counts", |b| {
        b.stream(&IN)
            .require_key()
            .group_by_key()
            .count_with(Materialized::named("counts"))
            .group_by(|k, n| (format!("n{n}"), k.clone()))
            .count_with(Materialized::named("counts-of-counts"))
            .to_stream()
            .to(&COUNTS);
    }),
    case("aggregate-initializer-as-old-value", |b| {
        // Required twice, since Java's aggregations count what they drop each for itself.
        let stream = b.stream(&IN);
        let grouped = || stream.clone().require_key().require_value().group_by_key();
        let all = |_: &String, v: String| ("all".to_owned(), v);
        let named = |name: &str| Grouped::new().named(name);
        let aggregated = grouped().aggregate_with(
            || "init".to_owned(),
            |_, v, agg| (v != "del").then(|| agg + &v),
            Materialized::named("store"),
        );
        put(sum(aggregated.group_by_with(all, named("aggregates"))));
        let reduced = grouped().reduce(|l, r| (r != "del").then(|| l + &r));
        let reductions = sum(reduced.group_by_with(all, named("reductions")));
        reductions.to_stream().to(&Topic::<String, String>::new("reduced"));
    }),
    case("window-table-regroup", |b| {
        b.stream(&IN)
            .require_key()
            .group_by_key()
            .windowed_by(TimeWindows::tumbling(ms(10_000)).grace(ms(5000)))
            .count_with(Materialized::named("store"))
            .group_by(|key, n| (key.window.start, n))
            .reduce(|sum, n| sum + n, |sum, n| sum - n)
            .to_stream()
            .to(&Topic::<i64, i64>::new("out"));
    }),
    case("table-group-by-aggregate", |b| {
        let grouped = b
            .table(&PLAIN)
            .group_by(|_, v| (v != "v4" && v != "v5").then(|| (format!("g{}", digit(&v) % 2), v)));
        put(grouped
            .aggregate_with(
                || "i".to_owned(),
                |_, v, sum| sum + "+" + &v,
                |_, v, sum| if sum.len() > 20 { None } else { Some(sum + "-" + &v) },
                Materialized::named("sum"),
            )
            .named("agg"));
    }),
    case("table-group-by-count", |b| {
        by_digit(b, 3).count_with(Materialized::named("counts")).to_stream().to(&COUNTS);
    }),
    case("table-group-by-of-count", |b| {
        b.stream(&IN)
            .require_key()
            .group_by_key()
            .count_with(Materialized::named("counts"))
            .group_by(|_, n| (parity(n), n))
            .count_with(Materialized::named("keys"))
            .to_stream()
            .to(&COUNTS);
    }),
    case("table-group-by-reduce", |b| {
        put(by_digit(b, 3).reduce_with(
            |sum, v| sum + "+" + &v,
            |sum, v| if sum.len() > 20 { None } else { Some(sum + "-" + &v) },
            Materialized::named("sum"),
        ));
    }),
    case("table-group-by-twice", |b| {
        let grouped = by_digit(b, 3);
        sum(grouped.clone()).to_stream().to(&Topic::<String, String>::new("sums"));
        grouped
            .count()
            .group_by(|_, n| (format!("count{n}"), n))
            .count_with(Materialized::named("of-counts"))
            .to_stream()
            .to(&COUNTS);
    }),
    case("table-group-by-upgrade-from", |b| {
        let split = Grouped::new().named("by").split_changes();
        let grouped = b.table(&PLAIN).group_by_with(|_, v| (format!("g{}", digit(&v) % 2), v), split);
        put(concat(grouped, "sum"));
    }),
    case("table-filter-group-by", |b| {
        let filtered = b.table(&PLAIN).filter(|_, v| v.as_str() < "v5");
        filtered.clone().to_stream().to(&Topic::<String, String>::new("filtered"));
        let grouped = filtered.group_by(|k, v| (v, k.clone()));
        put(sum(grouped));
    }),
    case("table-map-values-type", |b| {
        b.table(&PLAIN)
            .map_values_with(|v| i64::from(digit(&v)), Materialized::named("numbers"))
            .group_by(|_, n| (parity(n), n))
            .reduce_with(|sum, n| sum + n, |sum, n| sum - n, Materialized::named("sums"))
            .to_stream()
            .to(&COUNTS);
    }),
    case("table-source-unnamed", |b| {
        use streams_core::serde::DefaultSerde;
        let text = || Materialized::with(String::serde(), String::serde());
        b.table_with(&PLAIN, Consumed::new(), text()).to_stream().to(&OUT);
        b.table_with(&Topic::<String, String>::new("two"), Consumed::new(), text())
            .group_by(|_, v: String| (v.clone(), v))
            .count()
            .to_stream()
            .to(&Topic::<String, i64>::new("counts"));
    }),
    case("table-source-lru", |b| {
        let table = b.table_with(&PLAIN, Consumed::new(), Materialized::named("store").max_keys(2));
        put(concat(table.group_by(|_, v| ("all".to_owned(), v)), "sum"));
    }),
    case("table-headers-format", |b| {
        let table = b.table_with(&PLAIN, Consumed::new(), Materialized::named("store"));
        table.clone().filter(|_, v| v != "v3").to_stream().to(&Topic::<String, String>::new("table"));
        put(concat(table.group_by(|_, v| (format!("g{}", digit(&v) % 2), v)), "sum"));
    }),
];

fn twice(b: &StreamsBuilder) {
    let by_letter = |_: &String, v: String| (v[..1].to_owned(), v);
    let (add, subtract) = (|l: String, r: String| l + "+" + &r, |l: String, r: String| l + "-" + &r);
    let unnamed = b.table(&PLAIN).group_by(by_letter);
    unnamed.clone().count().to_stream().to(&COUNTS);
    unnamed.reduce(add, subtract).to_stream().to(&Topic::<String, String>::new("reduced"));
    let second = b.table(&Topic::<String, String>::new("in-2"));
    let named = second.group_by_with(by_letter, Grouped::new().named("shared"));
    let counted = named.clone().count_with(Materialized::named("store")).named("counting");
    counted.to_stream().to(&Topic::<String, i64>::new("named"));
    let reduced = named.reduce_with(add, subtract, Materialized::named("store-2")).named("reducing");
    reduced.to_stream().to(&Topic::<String, String>::new("named-reduced"));
}

fn by_letter(b: &StreamsBuilder) -> KGroupedTable<String, String> {
    b.table(&PLAIN).group_by(|_, v| (v[..1].to_owned(), v))
}

/// By the remainder of the digit behind the letter.
fn by_digit(b: &StreamsBuilder, groups: u32) -> KGroupedTable<String, String> {
    b.table(&PLAIN).group_by(move |_, v| (format!("g{}", digit(&v) % groups), v))
}

fn concat(grouped: KGroupedTable<String, String>, store: &str) -> KTable<String, String> {
    let store = Materialized::named(store);
    grouped.aggregate_with(String::new, |_, v, sum| sum + "+" + &v, |_, v, sum| sum + "-" + &v, store)
}

fn sum(grouped: KGroupedTable<String, String>) -> KTable<String, String> {
    grouped.aggregate(String::new, |_, v, sum| sum + "+" + &v, |_, v, sum| sum + "-" + &v)
}

fn put(table: KTable<String, String>) {
    table.to_stream().to(&OUT);
}

/// The digit behind the first letter.
fn digit(text: &str) -> u32 {
    text.chars().nth(1).and_then(|c| c.to_digit(10)).unwrap_or(0)
}

fn parity(n: i64) -> String {
    if n % 2 == 0 { "even" } else { "odd" }.to_owned()
}
