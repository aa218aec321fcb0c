//! Joins of two tables.

use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::windows::{TimeWindows, Windowed};
use streams_core::{Consumed, Grouped, KTable, Materialized, Produced, StreamsBuilder, Topic};

use super::{Case, OUT, Text, case, ms, shown};

const LEFT: Topic<String, String> = Topic::new("left");
const RIGHT: Topic<String, String> = Topic::new("right");
const THIRD: Topic<String, String> = Topic::new("third");
/// The same topics as streams.
const LEFT_STREAM: Topic<Text, Text> = Topic::new("left");
const RIGHT_STREAM: Topic<Text, Text> = Topic::new("right");

pub(super) const CASES: &[Case] = &[
    case("join-table-table-inner", |b| {
        put(b.table(&LEFT).join(b.table(&RIGHT), plus), &OUT);
    }),
    case("join-table-table-left", |b| {
        put(b.table(&LEFT).left_join(b.table(&RIGHT), left_plus), &OUT);
    }),
    case("join-table-table-outer", |b| {
        put(b.table(&LEFT).outer_join(b.table(&RIGHT), outer_plus), &OUT);
    }),
    case("join-table-table-headers", |b| {
        put(b.table(&LEFT).outer_join(b.table(&RIGHT), outer_plus), &OUT);
    }),
    case("join-table-table-inner-stored", |b| {
        let left = b.table_with(&LEFT, Consumed::new(), Materialized::named("left-store"));
        let right = b.table_with(&RIGHT, Consumed::new(), Materialized::named("right-store"));
        put(left.join_with(right, plus, Materialized::named("joined")).named("j"), &OUT);
    }),
    case("join-table-table-left-stored", |b| {
        put(b.table(&LEFT).left_join_with(b.table(&RIGHT), left_plus, Materialized::named("joined")), &OUT);
    }),
    case("join-table-table-outer-stored", |b| {
        let serdes = Materialized::with(String::serde(), String::serde());
        put(b.table(&LEFT).outer_join_with(b.table(&RIGHT), outer_plus, serdes), &OUT);
    }),
    case("join-table-table-null-result", |b| {
        let joiner = |l: &String, r: Option<&String>| r.filter(|r| !r.ends_with('5')).map(|r| plus(l, r));
        put(b.table(&LEFT).left_join_with(b.table(&RIGHT), joiner, Materialized::named("joined")), &OUT);
    }),
    case("join-table-table-three-kinds", |b| {
        let (left, right) = (b.table(&LEFT), b.table(&RIGHT));
        put(left.clone().join(right.clone(), plus), &Topic::new("inner"));
        put(left.clone().left_join(right.clone(), left_plus), &Topic::new("leftwise"));
        put(left.outer_join(right, outer_plus), &Topic::new("outer"));
    }),
    case("join-table-table-chain-inner", |b| {
        put(b.table(&LEFT).join(b.table(&RIGHT), plus).join(b.table(&THIRD), plus), &OUT);
    }),
    case("join-table-table-chain-outer", |b| {
        let inside: KTable<String, String> = b.table(&LEFT).outer_join(b.table(&RIGHT), outer_plus);
        put(inside.left_join(b.table(&THIRD), |l, r| format!("({l})+{}", shown(r))), &OUT);
    }),
    case("join-table-table-chain-right", |b| {
        let inside = Materialized::named("inside");
        let right = b.table(&RIGHT).left_join_with(b.table(&THIRD), left_plus, inside);
        let joiner = |l: Option<&String>, r: Option<&String>| format!("{}+({})", shown(l), shown(r));
        put(b.table(&LEFT).outer_join_with(right, joiner, Materialized::named("outside")), &OUT);
    }),
    case("join-table-table-filtered-between", |b| {
        let left = b.table(&LEFT).filter(|_, v| !v.ends_with('1'));
        let joined = left.left_join(b.table(&RIGHT).filter_not(|_, v| v.ends_with('2')), left_plus);
        let kept = joined.filter(|_, v| !v.ends_with('3'));
        put(kept.outer_join(b.table(&THIRD).map_values(|v| v + "'"), outer_plus), &OUT);
    }),
    case("join-table-table-filtered-result", |b| {
        put(b.table(&LEFT).outer_join(b.table(&RIGHT), outer_plus).filter(|_, v| v.len() % 2 == 0), &OUT);
    }),
    case("join-table-table-group-by", |b| {
        let joined = b.table(&LEFT).left_join(b.table(&RIGHT), |l, r| format!("{l}*{}", shown(r)));
        let grouped = joined.group_by(|_, v| ("all".to_owned(), v));
        let sum = grouped.aggregate(
            String::new,
            |_, v, sum| {
                let sum = sum + "+" + &v;
                sum[sum.len().saturating_sub(60)..].to_owned()
            },
            |_, v, sum| sum + "-" + &v,
        );
        put(sum, &OUT);
    }),
    case("join-table-table-self-inner", |b| {
        let table = b.table(&LEFT);
        put(table.clone().join(table, plus), &OUT);
    }),
    case("join-table-table-self-outer", |b| {
        let table = b.table(&LEFT);
        let late = table.clone().filter(|_, v| v.as_str() >= "l2");
        put(table.clone().left_join(late, left_plus), &Topic::new("leftwise"));
        put(table.clone().map_values(|v| v + "'").outer_join(table, outer_plus), &Topic::new("outer"));
    }),
    case("join-table-table-of-counts", |b| {
        let left = b.stream(&LEFT_STREAM).require_key().group_by_key().count();
        let right = b
            .stream(&RIGHT_STREAM)
            .select_key(|k, v| match v {
                None => k.clone(),
                Some(v) => Some(if v.ends_with('1') { "b" } else { "a" }.to_owned()),
            })
            .require_key()
            .group_by_key()
            .count();
        put(left.outer_join(right, counts), &OUT);
    }),
    case("join-table-table-of-windows", |b| {
        let left = windows(b, &LEFT_STREAM, "left-counts");
        let right = windows(b, &RIGHT_STREAM, "right-counts");
        let serdes = Produced::with(time_windowed(String::serde(), ms(20)), String::serde());
        left.outer_join(right, counts)
            .to_stream()
            .to_with(&Topic::<Windowed<String>, String>::new("out"), serdes);
    }),
];

fn windows(b: &StreamsBuilder, topic: &Topic<Text, Text>, store: &str) -> KTable<Windowed<String>, i64> {
    b.stream(topic)
        .require_key()
        .group_by_key_with(Grouped::new())
        .windowed_by(TimeWindows::tumbling(ms(20)).grace(ms(10)))
        .count_with(Materialized::named(store))
}

fn put(table: KTable<String, String>, topic: &Topic<String, String>) {
    table.to_stream().to(topic);
}

fn plus(l: &String, r: &String) -> String {
    format!("{l}+{r}")
}

fn left_plus(l: &String, r: Option<&String>) -> String {
    outer_plus(Some(l), r)
}

fn outer_plus(l: Option<&String>, r: Option<&String>) -> String {
    format!("{}+{}", shown(l), shown(r))
}

fn counts(l: Option<&i64>, r: Option<&i64>) -> String {
    let shown = |count: Option<&i64>| count.map_or("null".to_owned(), i64::to_string);
    format!("{}+{}", shown(l), shown(r))
}
