//! Joins of two streams: names, repartitions, and streams joined with themselves.

use streams_core::{KStream, Optimization, StreamJoined, StreamsBuilder, Topic};

use super::join_stream_stream::{LEFT, RIGHT, left_plus, optional, outer_plus, plus, with_grace, within};
use super::{Case, IN, OUT, Text, case, shown};

const INNER: Topic<String, String> = Topic::new("inner");
const OUTER: Topic<String, String> = Topic::new("outer");

pub(super) const CASES: &[Case] = &[
    case("join-stream-stream-inner-named", |b| {
        let left = b.stream(&LEFT).select_key(|k, _| k.clone()).require_key().require_value();
        let right = b.stream(&RIGHT).select_key(|k, _| k.clone()).require_key().require_value();
        let options = StreamJoined::new().named("j").store_name("s");
        left.join_with(right, within(10), plus, options).to(&OUT);
    }),
    case("join-stream-stream-left-named", |b| {
        let left = b.stream(&LEFT).select_key(|k, _| k.clone()).require_value();
        let right = b.stream(&RIGHT).require_value();
        let options = StreamJoined::new().named("j").store_name("s");
        left.left_join_with(right, within(10), left_plus, options).to(&OUT);
    }),
    case("join-stream-stream-left-named-stores-only", |b| {
        let (left, right) = optional(b);
        let options = StreamJoined::new().store_name("s");
        left.left_join_with(right, within(10), left_plus, options).map_values(|v| v).to(&OUT);
    }),
    case("join-stream-stream-outer-named", |b| {
        let (left, right) = optional(b);
        let options = StreamJoined::new().named("j").store_name("s");
        left.outer_join_with(right, within(10), outer_plus, options).to(&OUT);
    }),
    case("join-stream-stream-outer-named-join-only", |b| {
        let (left, right) = optional(b);
        let options = StreamJoined::new().named("j");
        left.outer_join_with(right, within(10), outer_plus, options).map_values(|v| v).to(&OUT);
    }),
    case("join-stream-stream-inner-rekeyed", |b| {
        let left = b.stream(&LEFT).select_key(|_, v| first_letter(v)).require_key().require_value();
        let right = b.stream(&RIGHT).map(|_, v| (first_letter(&v), v)).require_key().require_value();
        left.join(right, within(10), plus).to(&OUT);
    }),
    case("join-stream-stream-left-rekeyed", |b| {
        let left = b.stream(&LEFT).select_key(|_, v| first_letter(v)).require_value();
        let right = b.stream(&RIGHT).select_key(|_, v| first_letter(v)).require_value();
        left.left_join(right, within(10), left_plus).to(&OUT);
    }),
    case("join-stream-stream-outer-rekeyed", |b| {
        let right = b.stream(&RIGHT).select_key(|_, v| {
            first_letter(v)?;
            Some(if v.as_deref() == Some("x") { "a" } else { "b" }.to_owned())
        });
        let left = b.stream(&LEFT).require_value();
        left.outer_join(right.require_value(), within(10), outer_plus).to(&OUT);
    }),
    case("join-stream-stream-rekeyed-twice", rekeyed_twice),
    case("join-stream-stream-rekeyed-twice-optimized", |b| {
        b.optimize(Optimization::ALL);
        rekeyed_twice(b);
    }),
    case("join-stream-stream-self-inner", self_inner),
    case("join-stream-stream-self-optimized", |b| {
        b.optimize(Optimization::ALL);
        self_inner(b);
    }),
    case("join-stream-stream-self-optimized-asymmetric", |b| {
        b.optimize(Optimization::ALL);
        let stream = b.stream(&IN).require_key().require_value();
        let windows = within(12).before(super::ms(3));
        stream.clone().join_with_key(stream, windows, |k, l, r| format!("{k}:{l}+{r}")).to(&OUT);
    }),
    case("join-stream-stream-self-mapped", |b| {
        b.optimize(Optimization::ALL);
        let stream = b.stream(&IN);
        let mapped = stream.clone().map_values(quoted).require_key();
        stream.require_key().require_value().join(mapped, within(10), plus).to(&OUT);
    }),
    case("join-stream-stream-self-left", |b| {
        let stream = b.stream(&IN).require_value();
        stream.clone().left_join(stream, with_grace(10, 3), left_plus).to(&OUT);
    }),
    case("join-stream-stream-self-outer", |b| {
        let stream = b.stream(&IN).require_value();
        stream.clone().outer_join(stream, within(6), outer_plus).to(&OUT);
    }),
];

fn self_inner(b: &StreamsBuilder) {
    let stream = b.stream(&IN).require_key().require_value();
    stream.clone().join(stream, with_grace(10, 3), plus).to(&OUT);
}

fn rekeyed_twice(b: &StreamsBuilder) {
    let left = b.stream(&LEFT).select_key(|_, v| first_letter(v));
    let right: KStream<Text, String> = b.stream(&RIGHT).map_values(quoted);
    let by_letter = right.clone().select_key(|_, v| v.chars().take(1).collect::<String>());
    left.clone().require_key().require_value().join(by_letter, within(10), plus).to(&INNER);
    let joiner = |l: Option<&String>, r: Option<&String>| format!("{}*{}", shown(l), shown(r));
    left.require_value().outer_join(right, within(5), joiner).to(&OUTER);
}

#[expect(clippy::needless_pass_by_value, reason = "what mappers are given is theirs")]
fn quoted(value: Text) -> String {
    format!("{}'", shown(value.as_ref()))
}

/// The first letter; none of null and of what begins with a hyphen.
fn first_letter(value: &Text) -> Text {
    let value = value.as_ref().filter(|value| !value.starts_with('-'))?;
    Some(value.chars().take(1).collect())
}
