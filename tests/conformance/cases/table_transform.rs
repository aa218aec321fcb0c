//! Tables whose values are transformed with state.

use streams_core::processor::{TransformContext, ValueTransformer};
use streams_core::{KTable, Materialized, Store, StoreOptions, StreamsBuilder, Topic};

use super::{Case, OUT, PLAIN, case};

const CALLS: Store<String, i64> = Store::new("calls");

pub(super) const CASES: &[Case] = &[
    case("table-transform-values", |b| {
        b.table(&PLAIN).transform_values(|| Labelled).to_stream().to(&OUT);
    }),
    case("table-transform-values-old", |b| {
        add_calls(b);
        with_sum(b.table(&PLAIN).transform_values(|| Counted).with_store(&CALLS));
    }),
    case("table-transform-values-stored", |b| {
        add_calls(b);
        let result = Materialized::named("result");
        with_sum(b.table(&PLAIN).transform_values_with(|| Counted, result).with_store(&CALLS));
    }),
];

fn add_calls(b: &StreamsBuilder) {
    b.add_store_with(&CALLS, Materialized::as_store(&CALLS), StoreOptions::default());
}

fn with_sum(table: KTable<String, String>) {
    table.clone().to_stream().to(&OUT);
    let grouped = table.group_by(|_, v| ("all".to_owned(), v));
    let sum = grouped.aggregate(String::new, |_, v, sum| sum + "+" + &v, |_, v, sum| sum + "-" + &v);
    sum.to_stream().to(&Topic::<String, String>::new("sum"));
}

type Transformed = Result<Option<String>, Box<dyn std::error::Error + Send + Sync>>;

/// `key:value`, null for `v2`.
struct Labelled;

impl ValueTransformer<String, String, String> for Labelled {
    fn transform(
        &mut self,
        _: &mut TransformContext<'_>,
        key: &String,
        value: Option<String>,
    ) -> Transformed {
        let shown = super::shown(value.as_ref());
        Ok((shown != "v2").then(|| format!("{key}:{shown}")))
    }
}

/// The value and how many times it was called for the key.
struct Counted;

impl ValueTransformer<String, String, String> for Counted {
    fn transform(
        &mut self,
        ctx: &mut TransformContext<'_>,
        key: &String,
        value: Option<String>,
    ) -> Transformed {
        let calls = ctx.store(&CALLS)?;
        let count = calls.get(key)?.unwrap_or(0) + 1;
        calls.put(key, count, 0)?;
        Ok(value.map(|value| format!("{value}#{count}")))
    }
}
