//! What differs between a recorded run and the library's, in words that lead to the place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::vector::{Input, Internal, Row, Run, Step};
use crate::{changelog, describe};

/// Everything that differs, first things first.
pub(crate) fn differences(expected: &Run, got: &Run) -> Vec<String> {
    let mut found = Vec::new();
    steps(expected, got, &mut found);
    found.extend(describe::difference(&expected.describe, &got.describe));
    // What follows is a consequence of steps that differ.
    if !found.is_empty() {
        return found;
    }
    if expected.dropped != got.dropped {
        found.push(format!("dropped records: expected {}, got {}", expected.dropped, got.dropped));
    }
    for (name, rows) in &expected.stores {
        match got.stores.get(name) {
            Some(content) => store(name, rows, content, &mut found),
            None => found.push(format!("store `{name}` is not in the topology")),
        }
    }
    if let Some(recorded) = &expected.internals {
        internals(recorded, got.internals.as_ref().unwrap_or(&BTreeMap::new()), &mut found);
    }
    found
}

fn steps(expected: &Run, got: &Run, found: &mut Vec<String>) {
    for (number, (want, have)) in expected.steps.iter().zip(&got.steps).enumerate() {
        let topics: BTreeSet<&String> = want.out.keys().chain(have.out.keys()).collect();
        for topic in topics {
            if want.rows(topic) != have.rows(topic) {
                found.push(format!(
                    "step {number}, {}: topic `{topic}`\n  expected {}\n  got      {}",
                    input(want),
                    rows(want.rows(topic)),
                    rows(have.rows(topic))
                ));
            }
        }
        if !same_failure(want.error.as_deref(), have.error.as_deref()) {
            let said = |step: &Step| step.error.clone().unwrap_or("no error".to_owned());
            found.push(format!(
                "step {number}, {}: expected {}, got {}",
                input(want),
                said(want),
                said(have)
            ));
        }
    }
    if found.is_empty() && expected.steps.len() != got.steps.len() {
        found.push(format!("expected {} steps, got {}", expected.steps.len(), got.steps.len()));
    }
}

/// Whether an error of the library, which begins with its kind, is what Java's exception stands for.
fn same_failure(exception: Option<&str>, error: Option<&str>) -> bool {
    let (Some(exception), Some(error)) = (exception, error) else {
        return exception.is_none() == error.is_none();
    };
    let kinds: &[&str] = match exception {
        "SerializationException" => &["Serde"],
        "NumberFormatException" => &["User"],
        // Thrown for invalid timestamps, among other things.
        "IllegalArgumentException" | "StreamsException" => &["Timestamp", "User"],
        _ => &[],
    };
    kinds.iter().any(|kind| error.starts_with(&format!("{kind}:")))
}

fn store(name: &str, expected: &[Value], got: &[Value], found: &mut Vec<String>) {
    if expected == got {
        return;
    }
    let sorted = |rows: &[Value]| {
        let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
        rows.sort();
        rows
    };
    let what = if sorted(expected) == sorted(got) { "order of rows" } else { "content" };
    let list = |rows: &[Value]| rows.iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
    found.push(format!("store `{name}`, {what}:\n  expected {}\n  got      {}", list(expected), list(got)));
}

fn internals(
    expected: &BTreeMap<String, Vec<Internal>>,
    got: &BTreeMap<String, Vec<Internal>>,
    found: &mut Vec<String>,
) {
    let names = |all: &BTreeMap<String, Vec<Internal>>| all.keys().cloned().collect::<Vec<_>>().join(", ");
    if expected.keys().ne(got.keys()) {
        found.push(format!("internal topics:\n  expected {}\n  got      {}", names(expected), names(got)));
    }
    for (topic, recorded) in expected {
        let Some(written) = got.get(topic) else { continue };
        let difference = if topic.ends_with("-changelog") {
            changelog::difference(recorded, written)
        } else {
            sequence(recorded, written)
        };
        found.extend(difference.map(|difference| format!("topic `{topic}`: {difference}")));
    }
}

/// The first place where two sequences differ.
fn sequence(expected: &[Internal], got: &[Internal]) -> Option<String> {
    let plain = |record: Option<&Internal>| record.map(|r| Internal { step: 0, ..r.clone() });
    (0..expected.len().max(got.len())).find_map(|at| {
        let (want, have) = (plain(expected.get(at)), plain(got.get(at)));
        let text = |record: Option<&Internal>| record.map_or("nothing".to_owned(), changelog::show);
        (want != have).then(|| {
            format!("record {at}\n  expected {}\n  got      {}", text(want.as_ref()), text(have.as_ref()))
        })
    })
}

fn input(step: &Step) -> String {
    match &step.input {
        Input::Record(topic, row) => format!("in `{topic}` {}", show(row)),
        Input::ClockMs(ms) => format!("clock +{ms} ms"),
    }
}

fn rows(rows: &[Row]) -> String {
    if rows.is_empty() {
        "nothing".to_owned()
    } else {
        rows.iter().map(show).collect::<Vec<_>>().join(" · ")
    }
}

fn show(row: &Row) -> String {
    let headers = if row.headers.is_empty() { String::new() } else { format!(" {:?}", row.headers) };
    format!("{}: {} @ {}{headers}", row.key, row.value, row.timestamp)
}
