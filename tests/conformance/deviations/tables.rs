//! What comes instead in cases about tables.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::vector::{Input, Row, Run};

/// Counts begin at 1, so all that group `n0` gets is the removal of values that were never in it.
pub(super) fn without_group_zero(run: &mut Run) {
    for rows in run.steps.iter_mut().flat_map(|step| step.out.values_mut()) {
        rows.retain(|row| row.key != "n0");
    }
    // "n0" in hex.
    for records in run.internals.iter_mut().flat_map(|topics| topics.values_mut()) {
        records.retain(|record| record.key.as_deref() != Some("6e30"));
    }
}

/// Keys by the parity of their counts, each counted once.
pub(super) fn keys_by_parity(run: &mut Run) {
    let mut counts: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let mut groups: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    let parity = |count: i64| if count % 2 == 0 { "even" } else { "odd" };
    for step in &mut run.steps {
        let Input::Record(_, record) = &step.input else { continue };
        let Some(key) = record.key.as_str().filter(|_| !record.value.is_null()) else { continue };
        let (count, time) = counts.entry(key.to_owned()).or_insert((0, record.timestamp));
        *time = (*time).max(record.timestamp);
        let left = (*count > 0).then(|| (parity(*count), -1));
        *count += 1;
        let moves = left.into_iter().chain([(parity(*count), 1)]);
        let rows = moves.map(|(group, by)| {
            let (keys, at) = groups.entry(group).or_insert((0, *time));
            (*keys, *at) = (*keys + by, (*at).max(*time));
            Row { key: json!(group), value: json!(*keys), timestamp: *at, headers: record.headers.clone() }
        });
        step.out = BTreeMap::from([("out".to_owned(), rows.collect())]);
    }
}

/// An aggregate per key, all of them regrouped to one: the text of what was added and taken out.
pub(super) fn initializer_never_subtracted(run: &mut Run) {
    let mut aggregates: BTreeMap<String, (String, i64)> = BTreeMap::new();
    let (mut all, mut all_time) = (String::new(), i64::MIN);
    for step in &mut run.steps {
        let Input::Record(_, record) = &step.input else { continue };
        let (Some(key), Some(value)) = (record.key.as_str(), record.value.as_str()) else { continue };
        let old = aggregates.remove(key);
        let time = old.as_ref().map_or(record.timestamp, |(_, time)| record.timestamp.max(*time));
        let old = old.map(|(old, _)| old);
        let new = (value != "del").then(|| old.clone().unwrap_or("init".to_owned()) + value);
        step.out.remove("out");
        if old.is_none() && new.is_none() {
            continue;
        }
        for (sign, part) in [("-", &old), ("+", &new)] {
            all += &part.as_ref().map_or(String::new(), |part| format!("{sign}{part}"));
        }
        all_time = all_time.max(time);
        let headers = record.headers.clone();
        let row = Row { key: json!("all"), value: json!(all), timestamp: all_time, headers };
        step.out.insert("out".to_owned(), vec![row]);
        if let Some(new) = new {
            aggregates.insert(key.to_owned(), (new, time));
        }
    }
}

/// A change from 0 to a count is a count and no more; the bytes are those of F-6.
pub(super) fn zeros_never_subtracted(run: &mut Run) {
    let topics = run.internals.iter_mut().flatten().filter(|(topic, _)| topic.ends_with("-repartition"));
    for value in topics.flat_map(|(_, records)| records).filter_map(|record| record.value.as_mut()) {
        let both = value.strip_prefix("10").and_then(|rest| rest.strip_suffix("000000000000000002"));
        if let Some(new) = both.filter(|new| new.len() == 16) {
            *value = format!("{new}01");
        }
    }
}

/// Each deletion of a row that there was comes out once for each side.
pub(super) fn tombstones_of_self_join(run: &mut Run) {
    let mut present = BTreeSet::new();
    for step in &mut run.steps {
        let Input::Record(_, record) = &step.input else { continue };
        let Some(key) = record.key.as_str().map(str::to_owned) else { continue };
        if !record.value.is_null() {
            present.insert(key);
        } else if present.remove(&key) {
            step.out = BTreeMap::from([("out".to_owned(), vec![record.clone(), record.clone()])]);
        }
    }
}

pub(super) fn changelogs_without_headers(run: &mut Run) {
    let changelogs = run.internals.iter_mut().flatten().filter(|(topic, _)| topic.ends_with("-changelog"));
    changelogs.flat_map(|(_, records)| records).for_each(|record| record.headers.clear());
}
