//! Joins of a stream with a table.

use streams_core::processor::{TransformContext, ValueTransformer};
use streams_core::{Joined, KTable, Materialized, StreamsBuilder, Topic};

use super::{Case, OUT, Text, case, shown};

/// The stream's topic: keys and values may be null.
const STREAM: Topic<Text, Text> = Topic::new("left");
/// The table's topic.
const RIGHT: Topic<String, String> = Topic::new("right");
const THIRD: Topic<String, String> = Topic::new("third");

pub(super) const CASES: &[Case] = &[
    case("join-stream-table-inner", |b| {
        b.stream(&STREAM).require_key().join_table(b.table(&RIGHT), plus).to(&OUT);
    }),
    case("join-stream-table-left", |b| {
        let stream = b.stream(&STREAM);
        let table = b.table_with(&RIGHT, streams_core::Consumed::new(), Materialized::named("table"));
        stream.left_join_table(table, plus_or_null).to(&OUT);
    }),
    case("join-stream-table-left-with-key", |b| {
        b.stream(&STREAM)
            .left_join_table_with_key(b.table(&RIGHT), |k, l, r| {
                format!("{}:{}", shown(k.as_ref()), plus_or_null(l, r))
            })
            .named("j")
            .to(&OUT);
    }),
    case("join-stream-table-headers", |b| {
        b.stream(&STREAM).left_join_table(b.table(&RIGHT), plus_or_null).to(&OUT);
    }),
    case("join-stream-table-null-result", |b| {
        b.stream(&STREAM)
            .left_join_table(b.table(&RIGHT), |l, r: Option<&String>| r.map(|r| plus(l, r)))
            .to(&OUT);
    }),
    case("join-stream-table-inner-rekeyed", |b| {
        let right = b.table(&RIGHT);
        b.stream(&STREAM)
            .select_key(|_, v| first_unless_dash(v.as_deref()))
            .require_key()
            .join_table(right, plus)
            .to(&OUT);
    }),
    case("join-stream-table-left-rekeyed", |b| {
        let right = b.table(&RIGHT);
        b.stream(&STREAM)
            .select_key(|_, v| first_unless_dash(v.as_deref()))
            .left_join_table_with(right, plus_or_null, Joined::new().named("j"))
            .to(&OUT);
    }),
    case("join-stream-table-filtered", |b| {
        let right = b
            .table(&RIGHT)
            .filter_not(|_, v| v.ends_with('3') || v.ends_with('7'))
            .map_values_with_key(|k, v| k.clone() + &v);
        b.stream(&STREAM).left_join_table(right, plus_or_null).to(&OUT);
    }),
    case("join-stream-table-transformed", |b| {
        let right = b.table(&RIGHT).transform_values(|| NoneForA);
        b.stream(&STREAM).require_key().join_table(right, plus).to(&OUT);
    }),
    case("join-stream-table-joined", |b| {
        let right = b.table(&RIGHT);
        let both: KTable<String, String> = right.outer_join(b.table(&THIRD), |r, t| between(r, "*", t));
        b.stream(&STREAM).left_join_table(both, plus_or_null).to(&OUT);
    }),
    case("join-stream-table-aggregated", |b| {
        let stream = b.stream(&STREAM);
        let counts = stream.clone().require_key().group_by_key().count_with(Materialized::named("counts"));
        stream
            .left_join_table(counts, |l, n| {
                let n = n.map_or("null".to_owned(), i64::to_string);
                format!("{}#{n}", shown(l.as_ref()))
            })
            .to(&OUT);
    }),
    case("join-stream-table-aggregated-rekeyed", |b| {
        let stream = b.stream(&STREAM).select_key(|_, v| v.as_ref().map(|v| v[..1].to_owned())).require_key();
        let counts = stream.clone().group_by_key().count_with(Materialized::named("counts"));
        stream.join_table(counts, |l, n| format!("{}#{n}", shown(l.as_ref()))).to(&OUT);
    }),
    case("join-stream-table-to-table", to_table),
];

fn to_table(b: &StreamsBuilder) {
    let stream = b.stream(&STREAM);
    let early = stream.clone().map_values(|v| format!("e{}", shown(v.as_ref())));
    let table = stream.clone().require_key().to_table::<String>();
    let first = early.left_join_table(table.clone(), |l, r| plus_or_null(Some(l), r));
    first.to(&Topic::<String, String>::new("first"));
    stream.left_join_table(table, plus_or_null).to(&Topic::<String, String>::new("second"));
}

/// `l+r`.
fn plus(l: Text, r: &String) -> String {
    plus_or_null(l, Some(r))
}

#[allow(clippy::needless_pass_by_value, reason = "joiners take the value of the stream")]
fn plus_or_null(l: Text, r: Option<&String>) -> String {
    between(l.as_ref(), "+", r)
}

fn between(l: Option<&String>, sign: &str, r: Option<&String>) -> String {
    format!("{}{sign}{}", shown(l), shown(r))
}

/// The first character as the key; none for `-` and null.
fn first_unless_dash(value: Option<&str>) -> Text {
    value.filter(|v| *v != "-").map(|v| v[..1].to_owned())
}

/// Key and value; for the key `a` a row also where there is none.
struct NoneForA;

impl ValueTransformer<String, String, String> for NoneForA {
    fn transform(
        &mut self,
        _ctx: &mut TransformContext<'_>,
        key: &String,
        value: Option<String>,
    ) -> Result<Option<String>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(match value {
            Some(value) => Some(key.clone() + &value),
            None => (key == "a").then(|| "none".to_owned()),
        })
    }
}
