//! Joins of two streams where this library differs from Apache Kafka Streams on purpose.
//!
//! A small model of such a join computes what comes out, by Java's rules and by the library's. What was recorded must
//! be what the model has for Java, results and changelog; then what must come instead is what it has for the library,
//! for any seed. A recording that the model does not explain stays as it is, and the case fails.
//!
//! The rules differ in two places: records without a partner come out with the first record on time after their
//! window and grace, where Java collects them (J-13) and waits for the wall clock (J-10); and windows of size 0
//! without grace still join records of equal times (J-20).

mod model;
mod specs;

use std::collections::BTreeMap;

use crate::deviations::Deviation;
use crate::vector::{Internal, Row, Run};
use model::{Join, Output, Rules};
use specs::{Feed, Spec};

/// A case in which results of records without a partner come at other times.
macro_rules! earlier {
    ($case:literal) => {
        Deviation {
            case: $case,
            rule: "quirk 2",
            reason: "records without a partner come out with the first record on time that finds them due, not in batches",
            instead: |run| instead($case, run),
        }
    };
}

/// A case with windows of size 0.
macro_rules! zero {
    ($case:literal) => {
        Deviation {
            case: $case,
            rule: "quirk 27",
            reason: "in windows of size 0 without grace records of equal times join",
            instead: |run| instead($case, run),
        }
    };
}

/// All of them. Whether a run shows the difference depends on its seed.
pub(crate) const DEVIATIONS: &[Deviation] = &[
    zero!("join-stream-stream-inner-zero-in-memory"),
    earlier!("join-stream-stream-left"),
    earlier!("join-stream-stream-left-nulls"),
    earlier!("join-stream-stream-left-one-sided"),
    earlier!("join-stream-stream-left-named"),
    earlier!("join-stream-stream-left-named-stores-only"),
    earlier!("join-stream-stream-left-grace"),
    earlier!("join-stream-stream-left-late"),
    earlier!("join-stream-stream-left-own-suppliers"),
    earlier!("join-stream-stream-left-jump"),
    zero!("join-stream-stream-left-zero"),
    earlier!("join-stream-stream-left-asymmetric"),
    earlier!("join-stream-stream-left-negative-after"),
    earlier!("join-stream-stream-left-rekeyed"),
    earlier!("join-stream-stream-outer"),
    earlier!("join-stream-stream-outer-nulls"),
    earlier!("join-stream-stream-outer-alternating"),
    earlier!("join-stream-stream-outer-named"),
    earlier!("join-stream-stream-outer-named-join-only"),
    earlier!("join-stream-stream-outer-logging-disabled"),
    earlier!("join-stream-stream-outer-headers"),
    Deviation {
        reason: "there is one format of stores, without headers; and results come when they are due",
        ..earlier!("join-stream-stream-outer-headers-format")
    },
    earlier!("join-stream-stream-outer-with-key"),
    earlier!("join-stream-stream-outer-types"),
    earlier!("join-stream-stream-outer-throttled"),
    earlier!("join-stream-stream-outer-grace"),
    earlier!("join-stream-stream-outer-late"),
    earlier!("join-stream-stream-outer-in-memory"),
    earlier!("join-stream-stream-outer-jump"),
    earlier!("join-stream-stream-outer-ties"),
    earlier!("join-stream-stream-outer-zero"),
    earlier!("join-stream-stream-outer-segments"),
    earlier!("join-stream-stream-outer-asymmetric"),
    earlier!("join-stream-stream-outer-negative-before"),
    earlier!("join-stream-stream-outer-rekeyed"),
    earlier!("join-stream-stream-rekeyed-twice"),
    earlier!("join-stream-stream-rekeyed-twice-optimized"),
    earlier!("join-stream-stream-self-left"),
    earlier!("join-stream-stream-self-outer"),
    earlier!("join-stream-stream-chain-outer"),
];

/// Turns what Java did in this case into what the library must do.
fn instead(case: &str, run: &mut Run) {
    let Some(spec) = specs::of(case) else { return };
    let java = simulate(run, &spec, Rules::Java);
    if java.outputs != recorded(run, spec.out) {
        return;
    }
    let changelog = format!("app-{}-changelog", spec.unmatched);
    let plain = |writes: &[Internal]| -> Vec<Internal> {
        writes.iter().map(|write| Internal { step: 0, ..write.clone() }).collect()
    };
    let logged = run.internals.as_ref().and_then(|internals| internals.get(&changelog));
    if logged.is_some_and(|writes| plain(writes) != java.writes) {
        return;
    }
    let own = simulate(run, &spec, Rules::Own);
    for (step, rows) in run.steps.iter_mut().zip(own.outputs) {
        step.out.remove(spec.out);
        if !rows.is_empty() {
            step.out.insert(spec.out.to_owned(), rows);
        }
    }
    run.dropped = run.dropped + own.refused - java.refused;
    if let Some(internals) = &mut run.internals {
        if let std::collections::btree_map::Entry::Occupied(mut e) = internals.entry(changelog) {
            e.insert(own.writes);
        }
        // There is one format of stores, and it has no headers (F-12).
        let changelogs = internals.iter_mut().filter(|(name, _)| name.ends_with("-changelog"));
        changelogs.flat_map(|(_, writes)| writes).for_each(|write| write.headers.clear());
    }
    for row in run.stores.values_mut().flatten() {
        // What has headers there has a time here, which is that of the record.
        if row[2].is_object() {
            row[2] = row[0][1].clone();
        }
    }
}

struct Simulated {
    /// Per step.
    outputs: Vec<Vec<Row>>,
    /// What was written to the changelog of the store that both sides share.
    writes: Vec<Internal>,
    /// Records that a store refused.
    refused: u64,
}

fn simulate(run: &Run, spec: &Spec, rules: Rules) -> Simulated {
    let mut join = Join::new(&spec.windows, rules);
    let mut second = spec.then.as_ref().map(|windows| Join::new(windows, rules));
    let mut outputs = Vec::new();
    for step in &run.steps {
        let mut out = Vec::new();
        for feed in (spec.feeds)(&step.input) {
            match (feed, &mut second) {
                (Feed::Clock(ms), _) => join.wall_clock += ms,
                (Feed::Record(side, record), None) => out.extend(join.record(side, record)),
                (Feed::Record(side, record), Some(second)) => {
                    for between in join.record(side, record) {
                        out.extend(second.record(model::Side::Left, between));
                    }
                }
                (Feed::Second(record), Some(second)) => out.extend(second.record(model::Side::Right, record)),
                (Feed::Second(_), None) => {}
            }
        }
        outputs.push(out.into_iter().map(row).collect());
    }
    Simulated { outputs, writes: join.writes, refused: join.refused }
}

fn row(output: Output) -> Row {
    let Output { key, value, timestamp, headers } = output;
    Row { key: key.into(), value: value.unwrap_or_default(), timestamp, headers }
}

fn recorded(run: &Run, topic: &str) -> Vec<Vec<Row>> {
    run.steps.iter().map(|step| step.rows(topic).to_vec()).collect()
}

/// Headers of a record.
type Headers = BTreeMap<String, String>;
