//! Compares what was written to a changelog.
//!
//! Kafka Streams logs every put; this library logs one record per key and commit, the last. So of several writes of
//! one key within one step only the last one is expected. Recordings do not say where a step ends in the changelog:
//! a way to cut the recorded writes into steps is searched, such that each step's last write of each key is what
//! the library wrote in that step. The order of different keys within one step is not compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::vector::Internal;

/// What differs, if anything. `got` has the steps; `expected` is the recorded sequence.
pub(crate) fn difference(expected: &[Internal], got: &[Internal]) -> Option<String> {
    let steps = by_step(got);
    let mut search = Search { expected, steps: &steps, dead_ends: BTreeSet::new(), furthest: (0, 0) };
    if search.fits(0, 0) {
        return None;
    }
    let (step, at) = search.furthest;
    let next = expected.get(at).map_or("the end of the recording".to_owned(), show);
    let written = match steps.get(step) {
        Some(step) => step.values().map(show).collect::<Vec<_>>().join(", "),
        None => "nothing more".to_owned(),
    };
    Some(format!("after {at} of {} recorded writes: expected {next}; got {written}", expected.len()))
}

/// The last write of each key, step by step.
fn by_step(records: &[Internal]) -> Vec<BTreeMap<Option<String>, Internal>> {
    let mut steps: Vec<BTreeMap<_, _>> = Vec::new();
    let mut last = None;
    for record in records {
        if last != Some(record.step) {
            steps.push(BTreeMap::new());
            last = Some(record.step);
        }
        if let Some(step) = steps.last_mut() {
            step.insert(record.key.clone(), Internal { step: 0, ..record.clone() });
        }
    }
    steps
}

struct Search<'a> {
    expected: &'a [Internal],
    steps: &'a [BTreeMap<Option<String>, Internal>],
    dead_ends: BTreeSet<(usize, usize)>,
    /// How many steps and writes could be explained, for the message.
    furthest: (usize, usize),
}

impl Search<'_> {
    /// Whether the recorded writes from `at` can be cut into the steps from `step`.
    fn fits(&mut self, step: usize, at: usize) -> bool {
        self.furthest = self.furthest.max((step, at));
        let Some(written) = self.steps.get(step) else { return at == self.expected.len() };
        if !self.dead_ends.insert((step, at)) {
            return false;
        }
        let mut last: BTreeMap<Option<String>, &Internal> = BTreeMap::new();
        for (index, record) in self.expected.iter().enumerate().skip(at) {
            if !written.contains_key(&record.key) {
                return false;
            }
            last.insert(record.key.clone(), record);
            let complete = last.len() == written.len() && written.values().all(|w| same(last[&w.key], w));
            if complete && self.fits(step + 1, index + 1) {
                return true;
            }
        }
        false
    }
}

/// Whether a write is the recorded one; where the recording has no timestamp, the library may have any.
fn same(expected: &Internal, got: &Internal) -> bool {
    expected.key == got.key
        && expected.value == got.value
        && expected.headers == got.headers
        && (expected.timestamp.is_none() || expected.timestamp == got.timestamp)
}

pub(crate) fn show(record: &Internal) -> String {
    let text = |bytes: &Option<String>| bytes.clone().unwrap_or("null".to_owned());
    let time = record.timestamp.map_or("any time".to_owned(), |t| t.to_string());
    let headers = if record.headers.is_empty() { String::new() } else { format!(" {:?}", record.headers) };
    format!("{} = {} @ {time}{headers}", text(&record.key), text(&record.value))
}

/// What is wrong with this comparison itself, on small made-up changelogs.
pub(crate) fn self_test() -> Result<(), String> {
    let write = |key: &str, value: &str, step| Internal {
        key: Some(key.to_owned()),
        value: Some(value.to_owned()),
        timestamp: Some(1),
        headers: BTreeMap::new(),
        step,
    };
    let recorded = [write("a", "1", 0), write("a", "2", 0), write("b", "1", 0), write("a", "3", 0)];
    let check = |got: &[Internal], equal: bool, what: &str| {
        if difference(&recorded, got).is_none() == equal {
            Ok(())
        } else {
            Err(format!("changelogs: {what}"))
        }
    };
    check(
        &[write("b", "1", 0), write("a", "2", 0), write("a", "3", 1)],
        true,
        "superseded writes may be missing",
    )?;
    check(&[write("a", "2", 0), write("a", "3", 1)], false, "a missing key must be found")?;
    check(&[write("a", "2", 0), write("b", "1", 1)], false, "a missing last write must be found")?;
    check(&[write("a", "2", 0), write("b", "2", 0), write("a", "3", 1)], false, "another value must be found")
}
