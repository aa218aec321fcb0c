//! Where this library differs from Apache Kafka Streams on purpose.
//!
//! An entry names the case, the rule (numbers as in section "Known quirks" of the semantics, or rule ids) and the
//! reason, and computes from the recorded run what must come instead - for any seed, so nothing here may look at
//! what one recording happens to hold. A run that fits neither the recording nor the entry fails.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::vector::{Input, Internal, Row, Run};

mod joins;
mod tables;

/// One deliberate difference.
pub(crate) struct Deviation {
    pub(crate) case: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) reason: &'static str,
    /// Turns what was recorded into what must come instead.
    pub(crate) instead: fn(&mut Run),
}

/// All of them but those of joins, which are in `joins`.
const DEVIATIONS: &[Deviation] = &[
    Deviation {
        case: "stateless-shared-headers",
        rule: "M-3",
        reason: "a record is a value: a header that one child adds is not seen by its siblings",
        instead: without_the_siblings_header,
    },
    Deviation {
        case: "config-dead-letter",
        rule: "section 6.2",
        reason: "dead letters have the library's own kind and message of the error, no stack trace, and reason and node",
        instead: with_own_errors,
    },
    Deviation {
        case: "process-topology-nodes",
        rule: "describe()",
        reason: "topologies are built by the DSL alone: a node with two parents has a merge before it",
        instead: |run| {
            let (first, last) = ("KSTREAM-MERGE-0000000001", "KSTREAM-MERGE-0000000003");
            edit(&mut run.describe, "<-- both, first", &format!("<-- {last}"));
            edit(&mut run.describe, "--> both, sink\n", &format!("--> {first}, {last}\n"));
            edit(&mut run.describe, "--> both\n", &format!("--> {first}\n"));
            edit(&mut run.describe, "--> length, sink", &format!("--> length, {last}"));
            edit(&mut run.describe, "<-- first, second", &format!("<-- {first}"));
            add_node(&mut run.describe, "Processor: both", first, "both", "first, second");
            add_node(&mut run.describe, "Processor: length", last, "sink", "both, first");
        },
    },
    Deviation {
        case: "process-topology-stores",
        rule: "describe()",
        reason: "topologies are built by the DSL alone: a node with two parents has a merge before it",
        instead: |run| {
            let merge = "KSTREAM-MERGE-0000000003";
            edit(&mut run.describe, "--> picked", &format!("--> {merge}"));
            edit(&mut run.describe, "<-- z-add, a-add", &format!("<-- {merge}"));
            add_node(&mut run.describe, "Sink: picked", merge, "picked", "z-add, a-add");
        },
    },
    Deviation {
        case: "process-topology-read-only-store",
        rule: "describe()",
        reason: "topologies are built by the DSL alone: the source of a table is named after the table",
        instead: |run| {
            // By its new name it comes earlier among nodes of its size.
            edit(&mut run.describe, "    Source: table-source (topics: [table])\n      --> filler\n", "");
            let source =
                "    Source: filler-source (topics: [table])\n      --> filler\n    Processor: reader";
            edit(&mut run.describe, "    Processor: reader", source);
            edit(&mut run.describe, "table-source", "filler-source");
        },
    },
    Deviation {
        case: "process-punctuation-order",
        rule: "quirk 28",
        reason: "punctuations due at the same time fire in the order of registration, not of Java's heap",
        instead: in_order_of_registration,
    },
    Deviation {
        case: "window-close-tumbling-loss",
        rule: "quirk 1",
        reason: "no closed window is lost when time jumps: each one gives exactly one result",
        instead: |run| one_result_per_window(run, 10_000, 5000, counted),
    },
    Deviation {
        case: "window-close-boundary",
        rule: "quirk 1",
        reason: "no closed window is lost when time jumps: each one gives exactly one result",
        instead: |run| one_result_per_window(run, 10, 5, appended),
    },
    Deviation {
        case: "aggregate-count-unnamed",
        rule: "section 2",
        reason: "a null key is dropped and counted once, where it is required, and not by each aggregation behind",
        instead: null_keys_once,
    },
    Deviation {
        case: "process-window-store",
        rule: "C-3",
        reason: "a put that the store refuses as too old is not written to the changelog: a restore would refuse it too",
        instead: without_refused_puts,
    },
    Deviation {
        case: "aggregate-count-lru",
        rule: "quirk 26",
        reason: "what a bounded store lets go is removed from its changelog too, so that a restart does not bring it back",
        instead: tombstones_for_evicted,
    },
    Deviation {
        case: "aggregate-counts-of-counts",
        rule: "quirk 23",
        reason: "a new key takes nothing out of a group: the initializer's value was never added to one",
        instead: tables::without_group_zero,
    },
    Deviation {
        case: "table-group-by-of-count",
        rule: "quirk 23",
        reason: "a new key takes nothing out of a group: the initializer's value was never added to one",
        instead: tables::keys_by_parity,
    },
    Deviation {
        case: "aggregate-initializer-as-old-value",
        rule: "quirk 23",
        reason: "a new key takes nothing out of a group: the initializer's value was never added to one",
        instead: tables::initializer_never_subtracted,
    },
    Deviation {
        case: "window-table-regroup",
        rule: "quirk 23",
        reason: "a new window takes nothing out of a group: the initializer's value was never added to one",
        instead: tables::zeros_never_subtracted,
    },
    Deviation {
        case: "join-table-table-self-inner",
        rule: "quirk 25",
        reason: "a row that is deleted leaves the join of its table with itself too, on both paths",
        instead: tables::tombstones_of_self_join,
    },
    Deviation {
        case: "table-headers-format",
        rule: "F-12",
        reason: "there is no `dsl.store.format`: changelogs have no headers, as with Kafka's default format",
        instead: tables::changelogs_without_headers,
    },
];

/// The deviation of this case.
pub(crate) fn of(case: &str) -> Option<&'static Deviation> {
    DEVIATIONS.iter().chain(joins::DEVIATIONS).find(|deviation| deviation.case == case)
}

/// Cases that a crash changes, since they keep something where a commit does not reach: fields of processors and
/// their schedules by the wall clock (U-7), stores without a changelog, and in which order the keys of a bounded store
/// were used.
const LOSE_STATE: &[&str] = &[
    "aggregate-count-lru",
    "aggregate-count-unlogged",
    "join-stream-stream-outer-logging-disabled",
    "process-anchored-punctuation",
    "process-downstream-of-punctuation",
    "process-fixed-key-store",
    "process-punctuation-cancel",
    "process-punctuation-order",
    "process-shared-stores",
    "process-wall-clock-punctuation",
    "table-source-in-memory",
    "table-source-lru",
];

/// Whether a crash between two commits changes what this case puts out.
pub(crate) fn loses_state(case: &str) -> bool {
    LOSE_STATE.contains(&case)
}

/// Cases whose outcome on a log is another: they show offsets and clocks, or the order of several partitions
/// or topics.
const DIFFER_ON_A_LOG: &[&str] =
    &["join-stream-table-aggregated-rekeyed", "process-context", "stateless-repartition-named"];

/// Whether a case puts out the same on a log. Windows that emit on close are all closed at the end of the input.
pub(crate) fn same_on_a_log(case: &str) -> bool {
    !DIFFER_ON_A_LOG.contains(&case) && !case.starts_with("window-close-")
}

/// The processor adds `mark` and is wired before the mapper that writes to `after`.
fn without_the_siblings_header(run: &mut Run) {
    for row in run.steps.iter_mut().filter_map(|step| step.out.get_mut("after")).flatten() {
        row.headers.remove("mark");
    }
}

fn edit(text: &mut String, from: &str, to: &str) {
    *text = text.replace(from, to);
}

/// Adds a node without stores to a description, before the node whose line begins so.
fn add_node(text: &mut String, before: &str, name: &str, to: &str, from: &str) {
    let node = format!("Processor: {name} (stores: [])\n      --> {to}\n      <-- {from}\n    {before}");
    edit(text, before, &node);
}

fn with_own_errors(run: &mut Run) {
    for row in run.steps.iter_mut().filter_map(|step| step.out.get_mut("dead")).flatten() {
        let name = |name: &str| format!("__streams.errors.{name}");
        row.headers.remove(&name("stacktrace"));
        let bytes = row.value.as_str().map_or(0, |hex| hex.len() / 2);
        let undecodable =
            row.headers.get(&name("exception")).is_some_and(|e| e.ends_with("SerializationException"));
        let [exception, reason, node] = match undecodable {
            true => ["Serde", "undecodable", "`KSTREAM-SOURCE-0000000000`"],
            false => ["User", "processing-failed", "`KSTREAM-MAPVALUES-0000000006`"],
        };
        let message = match undecodable {
            true => format!("the value: a 64-bit integer is 8 bytes, not {bytes}"),
            false => "user code failed: / by zero".to_owned(),
        };
        let own = [("exception", exception), ("message", &message), ("reason", reason), ("node", node)];
        row.headers.extend(own.map(|(header, value)| (name(header), value.to_owned())));
    }
}

/// Five schedules by stream time, all first due at 0; each fires at most once per record, by due time and then in
/// the order in which the two processors scheduled them.
fn in_order_of_registration(run: &mut Run) {
    let mut schedules: Vec<(i64, usize, &str, i64)> =
        [("first", 10), ("first", 3), ("first", 7), ("first", 10), ("second", 5)]
            .into_iter()
            .enumerate()
            .map(|(number, (processor, seconds))| (0, number, processor, seconds))
            .collect();
    let mut stream_time = -1;
    for step in &mut run.steps {
        let Input::Record(_, record) = &step.input else { continue };
        stream_time = stream_time.max(record.timestamp);
        let mut due: Vec<_> = schedules.iter_mut().filter(|schedule| schedule.0 <= stream_time).collect();
        due.sort();
        let row = |(_, _, processor, seconds): &(i64, usize, &str, i64)| Row {
            key: json!(format!("{processor}{seconds}")),
            value: json!("null/-1/-1"),
            timestamp: stream_time,
            headers: BTreeMap::new(),
        };
        let rows: Vec<Row> = due.iter().map(|schedule| row(schedule)).collect();
        for (next, _, _, seconds) in due {
            let interval = *seconds * 1000;
            *next = (stream_time / interval + 1) * interval;
        }
        step.out = if rows.is_empty() { BTreeMap::new() } else { BTreeMap::from([("out".to_owned(), rows)]) };
    }
}

/// Windows put out when stream time has passed their end and grace, by start and key, with the headers of the
/// record that closed them. `add` puts a value into the aggregate.
fn one_result_per_window(run: &mut Run, size: i64, grace: i64, add: fn(Option<&Value>, &Value) -> Value) {
    // Aggregate and time of each open window, by start and key.
    let mut open: BTreeMap<(i64, String), (Value, i64)> = BTreeMap::new();
    let mut stream_time = -1;
    for step in &mut run.steps {
        let Input::Record(_, record) = &step.input else { continue };
        let Some(key) = record.key.as_str() else { continue };
        stream_time = stream_time.max(record.timestamp);
        let start = record.timestamp / size * size;
        if start + size > stream_time - grace {
            let place = (start, key.to_owned());
            let (aggregate, time) = open.remove(&place).map_or((None, 0), |(a, time)| (Some(a), time));
            open.insert(place, (add(aggregate.as_ref(), &record.value), time.max(record.timestamp)));
        }
        let mut rows = Vec::new();
        while let Some(first) = open.first_entry() {
            if first.key().0 + size > stream_time - grace {
                break;
            }
            let ((start, key), (value, timestamp)) = first.remove_entry();
            let key = json!([key, start, start + size]);
            rows.push(Row { key, value, timestamp, headers: record.headers.clone() });
        }
        step.out = if rows.is_empty() { BTreeMap::new() } else { BTreeMap::from([("out".to_owned(), rows)]) };
    }
}

fn counted(aggregate: Option<&Value>, _value: &Value) -> Value {
    json!(aggregate.and_then(Value::as_i64).unwrap_or(0) + 1)
}

fn appended(aggregate: Option<&Value>, value: &Value) -> Value {
    let before = aggregate.and_then(Value::as_str).unwrap_or_default();
    json!(format!("{before}{}", value.as_str().unwrap_or("null")))
}

/// Three aggregations of one grouping: Java counts a null key in each of them.
fn null_keys_once(run: &mut Run) {
    let null_keys =
        run.steps.iter().filter(|step| matches!(&step.input, Input::Record(_, row) if row.key.is_null()));
    run.dropped -= 2 * null_keys.count() as u64;
}

/// The store keeps 20 s in segments of 60 s: a put whose segment lies before that of the oldest time kept is refused.
fn without_refused_puts(run: &mut Run) {
    const RETENTION: i64 = 20_000;
    const SEGMENT: i64 = 60_000;
    let Some(changelog) = run.internals.as_mut().and_then(|all| all.get_mut("app-store-changelog")) else {
        return;
    };
    let mut stream_time = -1;
    let mut taken = run.steps.iter().map(|step| {
        let Input::Record(_, record) = &step.input else { return true };
        stream_time = stream_time.max(record.timestamp);
        record.timestamp / SEGMENT >= (stream_time - RETENTION) / SEGMENT
    });
    // Every step writes one record.
    changelog.retain(|_| taken.next().unwrap_or(true));
}

/// The store keeps the two keys used last; each update of the changelog is a use.
fn tombstones_for_evicted(run: &mut Run) {
    const LIMIT: usize = 2;
    let Some(changelog) = run.internals.as_mut().and_then(|all| all.get_mut("app-store-changelog")) else {
        return;
    };
    let mut used: Vec<Option<String>> = Vec::new();
    let mut instead = Vec::new();
    for update in std::mem::take(changelog) {
        used.retain(|key| *key != update.key);
        used.push(update.key.clone());
        // Only a key that is new to the store makes another go, and its first count has its own record's time.
        let evicted = (used.len() > LIMIT).then(|| used.remove(0));
        let tombstone = evicted.map(|key| Internal { key, value: None, ..update.clone() });
        instead.push(update);
        instead.extend(tombstone);
    }
    *changelog = instead;
}
