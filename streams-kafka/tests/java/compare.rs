//! What two runs over the same input left behind.

use std::collections::BTreeMap;

use crate::apps::{Job, log};
use crate::programs::Program;
use crate::records::{Place, Raw, by_key};

/// What of a topic has to be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Equal {
    /// Every record, in order per key. Records without a key have no order and no partition.
    Ordered,
    /// The records of each key, in any order and without their headers.
    Set,
    /// The last record of each key, without headers.
    Last,
    /// Rows with a number that counts duplicates behind their keys: the last record of each, whatever the number.
    Numbered,
}

/// Asserts that output topics and changelogs of the two are equal, as far as they have to be.
pub(crate) fn assert_equal(one: &Job, other: &Job) {
    let streams = one.program == Program::Streams;
    for (number, (a, b)) in one.outputs().iter().zip(&other.outputs()).enumerate() {
        let how = match (one.cached || other.cached, streams && number == 1) {
            (true, _) => Equal::Last,
            // Records without a partner come earlier here (rules J-10 and J-13).
            (false, true) => Equal::Set,
            (false, false) => Equal::Ordered,
        };
        check(a, b, how);
    }
    for (a, b) in one.changelogs().iter().zip(&other.changelogs()) {
        let numbered = streams && !a.ends_with("shared-join-store-changelog");
        check(a, b, if numbered { Equal::Numbered } else { Equal::Last });
    }
}

fn check(one: &str, other: &str, how: Equal) {
    let log = log();
    let found = [one, other].map(|topic| prepared(by_key(&*log, topic), how));
    let empty = Vec::new();
    let keys = found[0].keys().chain(found[1].keys());
    for place in keys {
        let [a, b] = [0, 1].map(|side| found[side].get(place).unwrap_or(&empty));
        if let Some(at) = (0..a.len().max(b.len())).find(|&at| a.get(at) != b.get(at)) {
            let key = place.1.as_deref().map(|key| key.escape_ascii().to_string());
            let show = |records: &[Raw]| {
                let from = at.saturating_sub(2);
                let lines = records.iter().enumerate().skip(from).take(6);
                lines.map(|(n, raw)| format!("\n  {n}: {}", text(raw))).collect::<String>()
            };
            panic!(
                "{how:?}: partition {}, key {key:?}, record {at}:\n{one} has {}{}\n{other} has {}{}",
                place.0,
                a.len(),
                show(a),
                b.len(),
                show(b),
            );
        }
    }
    if how == Equal::Ordered {
        assert!(!found[0].is_empty(), "nothing in {one}");
    }
}

fn prepared(found: BTreeMap<Place, Vec<Raw>>, how: Equal) -> BTreeMap<Place, Vec<Raw>> {
    let mut all: BTreeMap<Place, Vec<Raw>> = BTreeMap::new();
    for ((partition, key), mut records) in found {
        if matches!(how, Equal::Last | Equal::Numbered) {
            records.drain(..records.len() - 1);
        }
        if how != Equal::Ordered {
            records.iter_mut().for_each(|raw| raw.headers.clear());
        }
        let place = match (how, key) {
            (_, None) => (u32::MAX, None),
            (Equal::Numbered, Some(mut key)) => {
                key.truncate(key.len() - 4);
                (partition, Some(key))
            }
            (_, key) => (partition, key),
        };
        if matches!(how, Equal::Last | Equal::Numbered) {
            // A row that is gone is gone, whether there is a record that says so or not.
            records.retain(|raw| raw.value.is_some());
        }
        if !records.is_empty() {
            all.entry(place).or_default().extend(records);
        }
    }
    for ((_, key), records) in &mut all {
        if key.is_none() || how == Equal::Set || how == Equal::Numbered {
            records.sort();
        }
    }
    all
}

fn text(raw: &Raw) -> String {
    let bytes = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let value = raw.value.as_deref().map_or("null".to_owned(), bytes);
    let headers: Vec<String> = raw
        .headers
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_deref().map_or("null".to_owned(), bytes)))
        .collect();
    format!("{value} @{} {}", raw.timestamp, headers.join(" "))
}
