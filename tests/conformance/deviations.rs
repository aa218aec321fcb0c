//! Where this library differs from Apache Kafka Streams on purpose.
//!
//! An entry names the case, the rule (numbers as in section "Known quirks" of the semantics, or rule ids) and the
//! reason, and computes from the recorded run what must come instead - for any seed, so nothing here may look at
//! what one recording happens to hold. A run that fits neither the recording nor the entry fails.

use std::collections::BTreeMap;

use serde_json::json;

use crate::vector::{Input, Row, Run};

/// One deliberate difference.
pub(crate) struct Deviation {
    pub(crate) case: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) reason: &'static str,
    /// Turns what was recorded into what must come instead.
    pub(crate) instead: fn(&mut Run),
}

/// All of them.
pub(crate) const DEVIATIONS: &[Deviation] = &[
    Deviation {
        case: "stateless-shared-headers",
        rule: "M-3",
        reason: "a record is a value: a header that one child adds is not seen by its siblings",
        instead: without_the_siblings_header,
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
        instead: one_result_per_window,
    },
];

/// The deviation of this case.
pub(crate) fn of(case: &str) -> Option<&'static Deviation> {
    DEVIATIONS.iter().find(|deviation| deviation.case == case)
}

/// The processor adds `mark` and is wired before the mapper that writes to `after`.
fn without_the_siblings_header(run: &mut Run) {
    for row in run.steps.iter_mut().filter_map(|step| step.out.get_mut("after")).flatten() {
        row.headers.remove("mark");
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

/// Counts in windows of 10 s with 5 s of grace, put out when stream time has passed both, by start and key.
fn one_result_per_window(run: &mut Run) {
    const SIZE: i64 = 10_000;
    const GRACE: i64 = 5000;
    // Count and time of each open window, by start and key.
    let mut open: BTreeMap<(i64, String), (i64, i64)> = BTreeMap::new();
    let mut stream_time = -1;
    for step in &mut run.steps {
        let Input::Record(_, record) = &step.input else { continue };
        let Some(key) = record.key.as_str() else { continue };
        stream_time = stream_time.max(record.timestamp);
        let start = record.timestamp / SIZE * SIZE;
        if start + SIZE > stream_time - GRACE {
            let (count, time) = open.entry((start, key.to_owned())).or_insert((0, 0));
            (*count, *time) = (*count + 1, record.timestamp.max(*time));
        }
        let headers = record.headers.clone();
        let closed = open.extract_if(.., |(start, _), _| start + SIZE <= stream_time - GRACE);
        let rows: Vec<Row> = closed
            .map(|((start, key), (count, timestamp))| Row {
                key: json!([key, start, start + SIZE]),
                value: json!(count),
                timestamp,
                headers: headers.clone(),
            })
            .collect();
        step.out = if rows.is_empty() { BTreeMap::new() } else { BTreeMap::from([("out".to_owned(), rows)]) };
    }
}
