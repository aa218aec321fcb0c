//! Comparing what two runs wrote, and showing the first difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::rc::Rc;

use crate::operators::DropCounts;
use crate::testing::RawRecord;

/// How a topic's records are shown.
pub(super) type Show = Rc<dyn Fn(&RawRecord) -> String>;

/// How a law is broken, to be read by people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken(pub(super) String);

impl From<crate::Error> for Broken {
    fn from(error: crate::Error) -> Self {
        Broken(format!("the topology failed: {error}"))
    }
}

/// A topic's last value per key; keys that ended in a tombstone are not in it.
pub(super) fn latest(records: Vec<RawRecord>) -> BTreeMap<Option<Vec<u8>>, RawRecord> {
    let mut latest = BTreeMap::new();
    for record in records {
        match record.value {
            Some(_) => _ = latest.insert(record.key.clone(), record),
            None => _ = latest.remove(&record.key),
        }
    }
    latest
}

/// The records in an order that does not depend on when they were written. Those without a key are in no partition of
/// their own.
pub(super) fn sorted(mut records: Vec<RawRecord>) -> Vec<RawRecord> {
    records.iter_mut().filter(|record| record.key.is_none()).for_each(|record| record.partition = 0);
    records.sort_by(|a, b| {
        let parts = |r: &RawRecord| (r.partition, r.key.clone(), r.timestamp, r.value.clone());
        parts(a).cmp(&parts(b))
    });
    records
}

/// Records by key, each key's in the order they were written.
pub(super) fn by_key(mut records: Vec<RawRecord>) -> Vec<RawRecord> {
    records.sort_by(|a, b| a.key.cmp(&b.key));
    records
}

/// Compares all topics of two runs.
pub(super) fn same_topics(
    expected: BTreeMap<String, Vec<RawRecord>>,
    mut got: BTreeMap<String, Vec<RawRecord>>,
    show: impl Fn(&str) -> Show,
    order: impl Fn(&str, Vec<RawRecord>) -> Vec<RawRecord>,
) -> Result<(), Broken> {
    let mut expected = expected;
    let names: BTreeSet<String> = expected.keys().chain(got.keys()).cloned().collect();
    for name in names {
        let [expected, got] =
            [&mut expected, &mut got].map(|topics| topics.remove(&name).unwrap_or_default());
        same(&format!("topic {name}"), &order(&name, expected), &order(&name, got), &show(&name))?;
    }
    Ok(())
}

/// Compares records; what is broken shows where they begin to differ.
pub(super) fn same(what: &str, expected: &[RawRecord], got: &[RawRecord], show: &Show) -> Result<(), Broken> {
    let Some(at) = (0..expected.len().max(got.len())).find(|&at| expected.get(at) != got.get(at)) else {
        return Ok(());
    };
    let text = |records: &[RawRecord], index: usize| records.get(index).map(|record| show(record));
    Err(Broken(side_by_side(what, at, expected.len().max(got.len()), |index| {
        (text(expected, index), text(got, index))
    })))
}

/// Compares counts of dropped records.
pub(super) fn same_drops(expected: &DropCounts, got: &DropCounts) -> Result<(), Broken> {
    if expected == got {
        return Ok(());
    }
    Err(Broken(format!("dropped records: expected {}, got {}", drops(expected), drops(got))))
}

/// Counts of dropped records as a text.
pub(super) fn drops(counts: &DropCounts) -> String {
    let each: Vec<String> = counts.iter().map(|(_, reason, count)| format!("{count} {reason}")).collect();
    if each.is_empty() { "none".to_owned() } else { each.join(", ") }
}

/// Two columns around the first difference.
fn side_by_side(
    what: &str,
    at: usize,
    len: usize,
    texts: impl Fn(usize) -> (Option<String>, Option<String>),
) -> String {
    let rows: Vec<(usize, String, String)> = (at.saturating_sub(2)..len.min(at + 3))
        .map(|index| {
            let (expected, got) = texts(index);
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "(nothing)".to_owned());
            (index, or_none(expected), or_none(got))
        })
        .collect();
    let width = rows.iter().map(|(_, text, _)| text.chars().count()).max().unwrap_or(0).max(8);
    let mut out = format!("{what} differs from record {} on:\n", at + 1);
    _ = writeln!(out, "       {:width$}  got", "expected");
    for (index, expected, got) in rows {
        let mark = if index == at { '>' } else { ' ' };
        _ = writeln!(out, "{mark}{:>4}  {expected:width$}  {got}", index + 1);
    }
    out.truncate(out.trim_end().len());
    out
}

/// Bytes as text where they are one, in hexadecimal where not.
pub(super) fn raw_text(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "null".to_owned() };
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(char::is_control) => format!("{text:?}"),
        _ => bytes.iter().fold("0x".to_owned(), |mut text, byte| {
            _ = write!(text, "{byte:02x}");
            text
        }),
    }
}

/// A record in a report; partitions are shown where there are several.
pub(super) fn shown(record: &RawRecord, key: &str, value: &str) -> String {
    let partition = if record.partition == 0 { String::new() } else { format!("  in {}", record.partition) };
    format!("{key} => {value}  @{}{partition}", record.timestamp)
}
