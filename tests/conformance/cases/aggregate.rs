//! Aggregations without windows.

use streams_core::serde::DefaultSerde;
use streams_core::{Grouped, Materialized, Repartitioned, Topic};

use super::{COUNTS, Case, IN, OUT, PLAIN, Text, case, last};

/// The output of tables whose rows are optional themselves.
const OPTIONAL_OUT: Topic<String, Text> = Topic::new("out");

pub(super) const CASES: &[Case] = &[
    case("aggregate-count", |b| {
        b.stream(&IN)
            .require_key()
            .group_by_key()
            .count_with(Materialized::named("store"))
            .to_stream()
            .to(&COUNTS);
    }),
    case("aggregate-count-few-nulls", |b| {
        b.stream(&IN).require_key().group_by_key().count().to_stream().to(&COUNTS);
    }),
    case("aggregate-count-in-memory", |b| {
        b.stream(&IN)
            .require_key()
            .group_by_key()
            .count_with(Materialized::named("store").in_memory())
            .to_stream()
            .to(&COUNTS);
    }),
    case("aggregate-count-lru", |b| {
        b.stream(&IN)
            .require_key()
            .group_by_key()
            .count_with(Materialized::named("store").max_keys(2))
            .to_stream()
            .to(&COUNTS);
    }),
    case("aggregate-count-unlogged", |b| {
        b.stream(&IN)
            .require_key()
            .group_by_key()
            .count_with(Materialized::named("store").logged(false))
            .to_stream()
            .to(&COUNTS);
    }),
    case("aggregate-count-unnamed", |b| {
        let grouped = b.stream(&IN).require_key().group_by_key();
        grouped.clone().count().to_stream().to(&COUNTS);
        grouped
            .clone()
            .count_with(Materialized::with(String::serde(), i64::serde()))
            .to_stream()
            .to(&Topic::<String, i64>::new("serdes"));
        grouped.count().named("counting").to_stream().to(&Topic::<String, i64>::new("named"));
    }),
    case("aggregate-concat", |b| {
        b.stream(&IN)
            .require_key()
            .require_value()
            .group_by_key()
            .aggregate_with(|| "0".to_owned(), |k, v, agg| agg + k + &v, Materialized::named("store"))
            .to_stream()
            .to(&OUT);
    }),
    case("aggregate-null-result", |b| {
        b.stream(&IN)
            .require_key()
            .require_value()
            .group_by_key()
            .aggregate_with(
                String::new,
                |_, v, agg| if v == "del" { None } else { Some(agg + &v) },
                Materialized::named("store"),
            )
            .to_stream()
            .to(&OUT);
    }),
    case("aggregate-null-initializer", |b| {
        b.stream(&IN)
            .require_key()
            .require_value()
            .group_by_key()
            .aggregate_with(
                || None,
                |_, v, agg: Text| match agg {
                    None => Some(format!("first:{v}")),
                    Some(_) if v == "del" => None,
                    Some(agg) => Some(agg + &v),
                },
                Materialized::<_, Text>::named("store"),
            )
            .to_stream()
            .to(&OPTIONAL_OUT);
    }),
    case("aggregate-reduce", |b| {
        b.stream(&IN)
            .require_key()
            .require_value()
            .group_by_key()
            .reduce_with(|l, r| l + "+" + &r, Materialized::named("store"))
            .to_stream()
            .to(&OUT);
    }),
    case("aggregate-reduce-null-result", |b| {
        b.stream(&IN)
            .require_key()
            .require_value()
            .group_by_key()
            .reduce_with(|l, r| if r == "del" { None } else { Some(l + &r) }, Materialized::named("store"))
            .to_stream()
            .to(&OUT);
    }),
    // Nulls pass the repartition and are dropped behind it, so the values stay optional up to the aggregation.
    case("aggregate-after-select-key", |b| {
        b.stream(&IN)
            .select_key(|k, v| match v {
                None => k.clone(),
                Some(v) if v.ends_with('7') => None,
                Some(v) => Some(last(v)),
            })
            .require_key()
            .group_by_key()
            .reduce_with(joined, Materialized::named("store"))
            .to_stream()
            .to(&OPTIONAL_OUT);
    }),
    case("aggregate-reduce-after-repartition", |b| {
        b.stream(&IN)
            .select_key(|_, v| v.as_deref().map(last))
            .repartition_with(Repartitioned::new().named("moved"))
            .require_key()
            .group_by_key()
            .reduce_with(joined, Materialized::named("store"))
            .to_stream()
            .to(&OPTIONAL_OUT);
    }),
    case("aggregate-group-by", |b| {
        let stream = b.stream(&IN);
        stream
            .clone()
            .select_key(|_, v| v.as_deref().map(last))
            .named("by-end")
            .require_key()
            .group_by_key_with(Grouped::new().named("by-end"))
            .count_with(Materialized::named("store"))
            .to_stream()
            .to(&COUNTS);
        stream
            .select_key(|k, v| v.as_ref().map_or(k.clone(), |v| v.chars().next().map(String::from)))
            .require_key()
            .group_by_key()
            .count()
            .to_stream()
            .to(&Topic::<String, i64>::new("second"));
    }),
    case("aggregate-sum", |b| {
        b.stream(&Topic::<Text, Option<i64>>::new("in"))
            .select_key(|_, v| v.map(|v| v % 5))
            .require_key()
            .require_value()
            .group_by_key()
            .aggregate(|| 100, |_, v, sum: i64| sum + v)
            .to_stream()
            .to(&Topic::<i64, i64>::new("out"));
    }),
    case("aggregate-two-from-one-grouping", |b| {
        let stream = b.stream(&PLAIN).select_key(|_, v| last(v));
        let unnamed = stream.clone().group_by_key();
        unnamed.clone().count().to_stream().to(&COUNTS);
        unnamed.reduce(|_, r| r).to_stream().to(&Topic::<String, String>::new("reduced"));
        let named = stream.group_by_key_with(Grouped::new().named("shared"));
        named.clone().count().to_stream().to(&Topic::<String, i64>::new("named"));
        named.reduce(|_, r| r).to_stream().to(&Topic::<String, String>::new("named-reduced"));
    }),
    case("aggregate-filter-table", |b| {
        let third = b.stream(&IN).require_key().group_by_key().count_with(Materialized::named("store"));
        let third = third.filter(|_, n| n % 3 == 0);
        third.clone().to_stream().to(&COUNTS);
        third
            .map_values_with(|n| format!("n{n}"), Materialized::with(String::serde(), String::serde()))
            .to_stream()
            .to(&Topic::<String, String>::new("text"));
    }),
];

/// `l+r`; neither is null, since the aggregation drops null values.
fn joined(l: Text, r: Text) -> Text {
    Some(l? + "+" + &r?)
}
