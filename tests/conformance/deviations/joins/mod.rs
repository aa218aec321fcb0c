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

/// All of them. Whether a run shows the difference depends on its seed.
pub(crate) const DEVIATIONS: &[Deviation] = &[
    zero("join-stream-stream-inner-zero-in-memory", |run| {
        instead("join-stream-stream-inner-zero-in-memory", run)
    }),
    earlier("join-stream-stream-left", |run| instead("join-stream-stream-left", run)),
    earlier("join-stream-stream-left-nulls", |run| instead("join-stream-stream-left-nulls", run)),
    earlier("join-stream-stream-left-one-sided", |run| instead("join-stream-stream-left-one-sided", run)),
    earlier("join-stream-stream-left-named", |run| instead("join-stream-stream-left-named", run)),
    earlier("join-stream-stream-left-named-stores-only", |run| {
        instead("join-stream-stream-left-named-stores-only", run)
    }),
    earlier("join-stream-stream-left-grace", |run| instead("join-stream-stream-left-grace", run)),
    earlier("join-stream-stream-left-late", |run| instead("join-stream-stream-left-late", run)),
    earlier("join-stream-stream-left-own-suppliers", |run| {
        instead("join-stream-stream-left-own-suppliers", run)
    }),
    earlier("join-stream-stream-left-jump", |run| instead("join-stream-stream-left-jump", run)),
    zero("join-stream-stream-left-zero", |run| instead("join-stream-stream-left-zero", run)),
    earlier("join-stream-stream-left-asymmetric", |run| instead("join-stream-stream-left-asymmetric", run)),
    earlier("join-stream-stream-left-negative-after", |run| {
        instead("join-stream-stream-left-negative-after", run)
    }),
    earlier("join-stream-stream-left-rekeyed", |run| instead("join-stream-stream-left-rekeyed", run)),
    earlier("join-stream-stream-outer", |run| instead("join-stream-stream-outer", run)),
    earlier("join-stream-stream-outer-nulls", |run| instead("join-stream-stream-outer-nulls", run)),
    earlier("join-stream-stream-outer-alternating", |run| {
        instead("join-stream-stream-outer-alternating", run)
    }),
    earlier("join-stream-stream-outer-named", |run| instead("join-stream-stream-outer-named", run)),
    earlier("join-stream-stream-outer-named-join-only", |run| {
        instead("join-stream-stream-outer-named-join-only", run)
    }),
    earlier("join-stream-stream-outer-logging-disabled", |run| {
        instead("join-stream-stream-outer-logging-disabled", run)
    }),
    earlier("join-stream-stream-outer-headers", |run| instead("join-stream-stream-outer-headers", run)),
    Deviation {
        reason: "there is one format of stores, without headers; and results come when they are due",
        ..earlier("join-stream-stream-outer-headers-format", |run| {
            instead("join-stream-stream-outer-headers-format", run)
        })
    },
    earlier("join-stream-stream-outer-with-key", |run| instead("join-stream-stream-outer-with-key", run)),
    earlier("join-stream-stream-outer-types", |run| instead("join-stream-stream-outer-types", run)),
    earlier("join-stream-stream-outer-throttled", |run| instead("join-stream-stream-outer-throttled", run)),
    earlier("join-stream-stream-outer-grace", |run| instead("join-stream-stream-outer-grace", run)),
    earlier("join-stream-stream-outer-late", |run| instead("join-stream-stream-outer-late", run)),
    earlier("join-stream-stream-outer-in-memory", |run| instead("join-stream-stream-outer-in-memory", run)),
    earlier("join-stream-stream-outer-jump", |run| instead("join-stream-stream-outer-jump", run)),
    earlier("join-stream-stream-outer-ties", |run| instead("join-stream-stream-outer-ties", run)),
    earlier("join-stream-stream-outer-zero", |run| instead("join-stream-stream-outer-zero", run)),
    earlier("join-stream-stream-outer-segments", |run| instead("join-stream-stream-outer-segments", run)),
    earlier("join-stream-stream-outer-asymmetric", |run| instead("join-stream-stream-outer-asymmetric", run)),
    earlier("join-stream-stream-outer-negative-before", |run| {
        instead("join-stream-stream-outer-negative-before", run)
    }),
    earlier("join-stream-stream-outer-rekeyed", |run| instead("join-stream-stream-outer-rekeyed", run)),
    earlier("join-stream-stream-rekeyed-twice", |run| instead("join-stream-stream-rekeyed-twice", run)),
    earlier("join-stream-stream-rekeyed-twice-optimized", |run| {
        instead("join-stream-stream-rekeyed-twice-optimized", run)
    }),
    earlier("join-stream-stream-self-left", |run| instead("join-stream-stream-self-left", run)),
    earlier("join-stream-stream-self-outer", |run| instead("join-stream-stream-self-outer", run)),
    earlier("join-stream-stream-chain-outer", |run| instead("join-stream-stream-chain-outer", run)),
];

const fn earlier(case: &'static str, instead: fn(&mut Run)) -> Deviation {
    let reason = "records without a partner come out with the first record on time that finds them due, not in batches";
    Deviation { case, rule: "quirk 2", reason, instead }
}

const fn zero(case: &'static str, instead: fn(&mut Run)) -> Deviation {
    let reason = "in windows of size 0 without grace records of equal times join";
    Deviation { case, rule: "quirk 27", reason, instead }
}

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
        if internals.contains_key(&changelog) {
            internals.insert(changelog, own.writes);
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
