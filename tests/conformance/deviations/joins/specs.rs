//! What each case joins, for the model.

use serde_json::{Value, json};

use super::model::{Output, Side, Windows};
use crate::vector::{Input, Row};

/// One case.
pub(super) struct Spec {
    pub(super) windows: Windows,
    /// A second join, of which the results are the left side.
    pub(super) then: Option<Windows>,
    pub(super) feeds: fn(&Input) -> Vec<Feed>,
    pub(super) out: &'static str,
    /// The store that both sides share.
    pub(super) unmatched: &'static str,
}

/// What an input is to the joins.
pub(super) enum Feed {
    Clock(u64),
    Record(Side, Output),
    /// A right record of the second join.
    Second(Output),
}

const PLAIN: Windows = Windows {
    left_outer: true,
    right_outer: true,
    before: 0,
    after: 0,
    grace: 0,
    throttle: 0,
    in_memory: false,
    joiner: plus,
    bytes: text_bytes,
};

const fn outer(difference: i64, grace: i64) -> Windows {
    Windows { before: difference, after: difference, grace, ..PLAIN }
}

const fn left(difference: i64, grace: i64) -> Windows {
    Windows { right_outer: false, ..outer(difference, grace) }
}

const MINUTES: Windows = outer(30_000, 90_000);

/// The case of this name, if it may differ.
pub(super) fn of(case: &str) -> Option<Spec> {
    let asymmetric = Windows { before: 2, after: 9, grace: 3, ..PLAIN };
    let of = |windows| Spec {
        windows,
        then: None,
        feeds: left_and_right,
        out: "out",
        unmatched: "KSTREAM-OUTERSHARED-0000000004-store",
    };
    Some(match case.strip_prefix("join-stream-stream-")? {
        "inner-zero-in-memory" => {
            of(Windows { left_outer: false, right_outer: false, in_memory: true, ..PLAIN })
        }
        "left" | "left-nulls" | "left-one-sided" | "left-named" => of(left(10, 0)),
        "left-named-stores-only" => Spec { unmatched: "s-left-shared-join-store", ..of(left(10, 0)) },
        "left-grace" => of(left(6, 8)),
        "left-late" => of(left(8, 6)),
        "left-own-suppliers" => of(Windows { in_memory: true, ..left(8, 6) }),
        "left-jump" => of(left(4, 3)),
        "left-zero" => of(left(0, 0)),
        "left-asymmetric" => of(Windows { right_outer: false, ..asymmetric }),
        "left-negative-after" => of(Windows { before: 12, after: -4, ..left(0, 0) }),
        "left-rekeyed" => Spec {
            feeds: |input| rekeyed(input, first_letter, first_letter),
            unmatched: "KSTREAM-OUTERSHARED-0000000012-store",
            ..of(left(10, 0))
        },
        "outer"
        | "outer-nulls"
        | "outer-alternating"
        | "outer-named"
        | "outer-named-join-only"
        | "outer-logging-disabled" => of(outer(10, 0)),
        "outer-headers" => of(outer(5, 0)),
        "outer-headers-format" => Spec { unmatched: "s-outer-shared-join-store", ..of(outer(5, 0)) },
        "outer-with-key" => of(Windows { joiner: with_key, ..outer(5, 0) }),
        "outer-types" => of(Windows { bytes: number_bytes, ..outer(5, 0) }),
        "outer-throttled" => of(Windows { throttle: 1000, ..outer(5, 0) }),
        "outer-grace" => of(outer(6, 8)),
        "outer-late" => of(outer(8, 6)),
        "outer-in-memory" => of(Windows { in_memory: true, ..outer(8, 6) }),
        "outer-jump" => of(outer(4, 3)),
        "outer-ties" => of(outer(0, 1)),
        "outer-zero" => of(outer(0, 2)),
        "outer-segments" => of(MINUTES),
        "outer-asymmetric" => of(asymmetric),
        "outer-negative-before" => of(Windows { before: -4, after: 12, ..outer(0, 2) }),
        "outer-rekeyed" => {
            Spec { feeds: |input| rekeyed(input, same_key, letter_of_two), ..of(outer(10, 0)) }
        }
        "rekeyed-twice" | "rekeyed-twice-optimized" => Spec {
            feeds: |input| quoted_right(rekeyed(input, first_letter, same_key)),
            out: "outer",
            ..of(Windows { joiner: times, ..outer(5, 0) })
        },
        "self-left" => Spec { feeds: both, ..of(left(10, 3)) },
        "self-outer" => Spec { feeds: both, ..of(outer(6, 0)) },
        "chain-outer" => Spec {
            feeds: with_third,
            then: Some(Windows { joiner: in_parentheses, ..outer(8, 0) }),
            ..of(left(5, 0))
        },
        _ => return None,
    })
}

fn output(row: &Row) -> Output {
    Output {
        key: row.key.as_str().map(str::to_owned),
        value: Some(row.value.clone()).filter(|value| !value.is_null()),
        timestamp: row.timestamp,
        headers: row.headers.clone(),
    }
}

fn left_and_right(input: &Input) -> Vec<Feed> {
    rekeyed(input, same_key, same_key)
}

fn both(input: &Input) -> Vec<Feed> {
    match input {
        Input::ClockMs(ms) => vec![Feed::Clock(*ms)],
        Input::Record(_, row) => {
            vec![Feed::Record(Side::Left, output(row)), Feed::Record(Side::Right, output(row))]
        }
    }
}

fn with_third(input: &Input) -> Vec<Feed> {
    match input {
        Input::Record(topic, row) if topic == "third" => vec![Feed::Second(output(row))],
        other => left_and_right(other),
    }
}

/// Left and right with keys of their own.
fn rekeyed(input: &Input, left: fn(&Row) -> Option<String>, right: fn(&Row) -> Option<String>) -> Vec<Feed> {
    match input {
        Input::ClockMs(ms) => vec![Feed::Clock(*ms)],
        Input::Record(topic, row) => {
            let (side, key) =
                if topic == "left" { (Side::Left, left(row)) } else { (Side::Right, right(row)) };
            vec![Feed::Record(side, Output { key, ..output(row) })]
        }
    }
}

fn quoted_right(mut feeds: Vec<Feed>) -> Vec<Feed> {
    for feed in &mut feeds {
        if let Feed::Record(Side::Right, record) = feed {
            record.value = Some(json!(format!("{}'", shown(record.value.as_ref()))));
        }
    }
    feeds
}

fn same_key(row: &Row) -> Option<String> {
    row.key.as_str().map(str::to_owned)
}

fn first_letter(row: &Row) -> Option<String> {
    let value = row.value.as_str().filter(|value| !value.starts_with('-'))?;
    Some(value.chars().take(1).collect())
}

fn letter_of_two(row: &Row) -> Option<String> {
    first_letter(row)?;
    Some(if row.value == "x" { "a" } else { "b" }.to_owned())
}

/// As Java's string concatenation shows it.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "null".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => match number.as_i64() {
            Some(number) => number.to_string(),
            None => format!("{:?}", number.as_f64().unwrap_or_default()),
        },
        Some(other) => other.to_string(),
    }
}

fn plus(_key: Option<&str>, left: Option<&Value>, right: Option<&Value>) -> Value {
    json!(format!("{}+{}", shown(left), shown(right)))
}

fn times(_key: Option<&str>, left: Option<&Value>, right: Option<&Value>) -> Value {
    json!(format!("{}*{}", shown(left), shown(right)))
}

fn with_key(key: Option<&str>, left: Option<&Value>, right: Option<&Value>) -> Value {
    json!(format!("{}:{}+{}", key.unwrap_or("null"), shown(left), shown(right)))
}

fn in_parentheses(_key: Option<&str>, left: Option<&Value>, right: Option<&Value>) -> Value {
    json!(format!("({})+{}", shown(left), shown(right)))
}

fn text_bytes(_side: Side, value: &Value) -> Vec<u8> {
    value.as_str().unwrap_or_default().as_bytes().to_vec()
}

fn number_bytes(side: Side, value: &Value) -> Vec<u8> {
    match side {
        Side::Left => value.as_i64().unwrap_or_default().to_be_bytes().to_vec(),
        Side::Right => value.as_f64().unwrap_or_default().to_be_bytes().to_vec(),
    }
}
