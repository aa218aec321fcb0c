//! Joins of two streams: windows, late records, nulls, types.
//!
//! Null keys and values are told apart by steps here: a null that Java's join drops is one that `require_key` or
//! `require_value` before the join drops. Keys of outer sides stay `Option`s: records without one come out.

use std::time::Duration;

use streams_core::windows::JoinWindows;
use streams_core::{KStream, StreamJoined, StreamsBuilder, Topic};

use super::{Case, OUT, Text, case, ms, shown};

pub(super) const LEFT: Topic<Text, Text> = Topic::new("left");
pub(super) const RIGHT: Topic<Text, Text> = Topic::new("right");
const THIRD: Topic<Text, Text> = Topic::new("third");

pub(super) const CASES: &[Case] = &[
    case("join-stream-stream-inner", |b| inner(b, within(10))),
    case("join-stream-stream-inner-nulls", |b| inner(b, within(10))),
    case("join-stream-stream-inner-late", |b| inner(b, with_grace(8, 6))),
    case("join-stream-stream-inner-millis", |b| {
        inner(b, JoinWindows::of(Duration::from_secs(1)).no_grace());
    }),
    case("join-stream-stream-inner-grace", |b| inner(b, with_grace(6, 8))),
    case("join-stream-stream-inner-ties", |b| inner(b, with_grace(5, 20))),
    case("join-stream-stream-inner-zero", |b| inner(b, with_grace(0, 4))),
    case("join-stream-stream-inner-asymmetric", |b| inner(b, asymmetric())),
    case("join-stream-stream-inner-negative-after", |b| inner(b, JoinWindows::between(-12..=-4).no_grace())),
    case("join-stream-stream-inner-in-memory", |b| {
        inner_with(b, with_grace(8, 6), StreamJoined::new().in_memory());
    }),
    case("join-stream-stream-inner-zero-in-memory", |b| {
        inner_with(b, within(0), StreamJoined::new().in_memory());
    }),
    case("join-stream-stream-inner-segments", |b| {
        inner_with(b, minutes(), StreamJoined::new().store_name("s"));
    }),
    case("join-stream-stream-inner-with-key", |b| {
        let (left, right) = required(b);
        left.join_with_key(right, within(10), |k, l, r| format!("{k}:{l}+{r}")).to(&OUT);
    }),
    case("join-stream-stream-left", |b| left(b, within(10))),
    case("join-stream-stream-left-nulls", |b| left(b, within(10))),
    case("join-stream-stream-left-one-sided", |b| left(b, within(10))),
    case("join-stream-stream-left-grace", |b| left(b, with_grace(6, 8))),
    case("join-stream-stream-left-late", |b| left(b, with_grace(8, 6))),
    case("join-stream-stream-left-jump", |b| left(b, with_grace(4, 3))),
    case("join-stream-stream-left-zero", |b| left(b, within(0))),
    case("join-stream-stream-left-asymmetric", |b| left(b, asymmetric())),
    case("join-stream-stream-left-negative-after", |b| left(b, JoinWindows::between(-12..=-4).no_grace())),
    case("join-stream-stream-left-eager", |b| left(b, JoinWindows::of(ms(10)).eager(ms(25)))),
    case("join-stream-stream-left-own-suppliers", |b| {
        left_with(b, with_grace(8, 6), StreamJoined::new().store_names("mine", "theirs").in_memory());
    }),
    case("join-stream-stream-outer", |b| outer(b, within(10))),
    case("join-stream-stream-outer-nulls", |b| outer(b, within(10))),
    case("join-stream-stream-outer-alternating", |b| outer(b, within(10))),
    case("join-stream-stream-outer-headers", |b| outer(b, within(5))),
    case("join-stream-stream-outer-throttled", |b| outer(b, within(5))),
    case("join-stream-stream-outer-grace", |b| outer(b, with_grace(6, 8))),
    case("join-stream-stream-outer-late", |b| outer(b, with_grace(8, 6))),
    case("join-stream-stream-outer-jump", |b| outer(b, with_grace(4, 3))),
    case("join-stream-stream-outer-ties", |b| outer(b, with_grace(0, 1))),
    case("join-stream-stream-outer-zero", |b| outer(b, with_grace(0, 2))),
    case("join-stream-stream-outer-segments", |b| outer(b, minutes())),
    case("join-stream-stream-outer-asymmetric", |b| outer(b, asymmetric())),
    case("join-stream-stream-outer-negative-before", |b| outer(b, JoinWindows::between(4..=12).grace(ms(2)))),
    case("join-stream-stream-outer-eager", |b| {
        let day_less_window = Duration::from_secs(24 * 60 * 60) - ms(20);
        outer(b, JoinWindows::of(ms(10)).eager(day_less_window));
    }),
    case("join-stream-stream-outer-in-memory", |b| {
        outer_with(b, with_grace(8, 6), StreamJoined::new().in_memory());
    }),
    case("join-stream-stream-outer-logging-disabled", |b| {
        outer_with(b, within(10), StreamJoined::new().store_name("s").logged(false));
    }),
    case("join-stream-stream-outer-headers-format", |b| {
        outer_with(b, within(5), StreamJoined::new().store_name("s"));
    }),
    case("join-stream-stream-outer-with-key", |b| {
        let (left, right) = optional(b);
        let joiner = |k: &Text, l: Option<&String>, r: Option<&String>| {
            format!("{}:{}+{}", shown(k.as_ref()), shown(l), shown(r))
        };
        left.outer_join_with_key(right, within(5), joiner).to(&OUT);
    }),
    case("join-stream-stream-outer-types", |b| {
        let left = b.stream(&Topic::<Text, Option<i64>>::new("left")).require_value();
        let right = b.stream(&Topic::<Text, Option<f64>>::new("right")).require_value();
        let show = |l: Option<&i64>, r: Option<&f64>| {
            let left = l.map_or("null".to_owned(), i64::to_string);
            format!("{left}+{}", r.map_or("null".to_owned(), |r| format!("{r:?}")))
        };
        left.outer_join(right, within(5), show).to(&OUT);
    }),
    case("join-stream-stream-chain", |b| {
        let (left, right) = required(b);
        let both = left.join(right, with_grace(6, 5), plus);
        let third = b.stream(&THIRD).require_key().require_value();
        both.join(third, with_grace(4, 5), plus).to(&OUT);
    }),
    case("join-stream-stream-chain-outer", |b| {
        let (left, right) = optional(b);
        let both = left.left_join(right, within(5), left_plus);
        let third = b.stream(&THIRD).require_value();
        both.outer_join(third, within(8), |l, r| format!("({})+{}", shown(l), shown(r))).to(&OUT);
    }),
];

pub(super) fn within(difference: u64) -> JoinWindows {
    JoinWindows::of(ms(difference)).no_grace()
}

pub(super) fn with_grace(difference: u64, grace: u64) -> JoinWindows {
    JoinWindows::of(ms(difference)).grace(ms(grace))
}

fn asymmetric() -> JoinWindows {
    with_grace(0, 3).before(ms(2)).after(ms(9))
}

fn minutes() -> JoinWindows {
    JoinWindows::of(Duration::from_secs(30)).grace(Duration::from_secs(90))
}

type Options = StreamJoined<String, String, String>;

fn inner(b: &StreamsBuilder, windows: JoinWindows) {
    inner_with(b, windows, StreamJoined::new());
}

fn inner_with(b: &StreamsBuilder, windows: JoinWindows, options: Options) {
    let (left, right) = required(b);
    left.join_with(right, windows, plus, options).to(&OUT);
}

fn left(b: &StreamsBuilder, windows: JoinWindows) {
    left_with(b, windows, StreamJoined::new());
}

fn left_with(b: &StreamsBuilder, windows: JoinWindows, options: Options) {
    let (left, right) = optional(b);
    left.left_join_with(right, windows, left_plus, options).to(&OUT);
}

fn outer(b: &StreamsBuilder, windows: JoinWindows) {
    outer_with(b, windows, StreamJoined::new());
}

fn outer_with(b: &StreamsBuilder, windows: JoinWindows, options: Options) {
    let (left, right) = optional(b);
    left.outer_join_with(right, windows, outer_plus, options).to(&OUT);
}

/// Left and right without nulls.
fn required(b: &StreamsBuilder) -> (KStream<String, String>, KStream<String, String>) {
    let left = b.stream(&LEFT).require_key().require_value();
    (left, b.stream(&RIGHT).require_key().require_value())
}

/// Left and right with null keys.
pub(super) fn optional(b: &StreamsBuilder) -> (KStream<Text, String>, KStream<Text, String>) {
    (b.stream(&LEFT).require_value(), b.stream(&RIGHT).require_value())
}

pub(super) fn plus(left: &String, right: &String) -> String {
    format!("{left}+{right}")
}

pub(super) fn left_plus(left: &String, right: Option<&String>) -> String {
    format!("{left}+{}", shown(right))
}

pub(super) fn outer_plus(left: Option<&String>, right: Option<&String>) -> String {
    format!("{}+{}", shown(left), shown(right))
}
