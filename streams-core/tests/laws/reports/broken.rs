//! One topology for each law that breaks it; the report shows it with a record or two.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::testing::laws::{Event, Events, Laws, Violation, keys, nullable};
use streams_core::{
    Consumed, DropReason, KStream, Materialized, Record, Store, StoreOptions, StreamsBuilder, Topic, Topology,
};

use crate::operators::ms;

const IN: Topic<String, i64> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");
const STORE: Store<String, i64> = Store::new("store");

fn topology(build: impl Fn(KStream<String, i64>) -> KStream<String, i64>) -> Topology {
    let builder = StreamsBuilder::new();
    build(builder.stream(&IN)).to(&OUT);
    builder.build().unwrap()
}

fn laws(topology: &Topology) -> Laws {
    Laws::of(topology).input(&IN, Events::of(keys(4), 0..20i64).disorder(ms(10))).output(&OUT)
}

/// The report, which must be about `law`, be shown with at most so many records, and have all of `parts`.
#[track_caller]
pub(super) fn broken(checked: Result<(), Violation>, law: &str, records: usize, parts: &[&str]) -> Violation {
    let violation = checked.expect_err("a law is broken");
    let text = violation.to_string();
    assert!(violation.law().starts_with(law), "{text}");
    assert!(violation.records() <= records, "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    violation
}

/// Sums in a store, under a key that is not always the record's, or sums only large values.
struct Sum {
    key: Option<&'static str>,
    least: i64,
}

impl Processor<String, i64, String, i64> for Sum {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, i64>,
        record: Record<String, i64>,
    ) -> UserResult {
        assert!(record.value >= self.least, "{} is too small", record.value);
        let key = self.key.unwrap_or(&record.key).to_owned();
        let store = ctx.store(&STORE)?;
        let sum = store.get(&key)?.unwrap_or(0) + record.value;
        store.put(&key, sum, record.timestamp)?;
        Ok(ctx.forward(record.with_value(sum))?)
    }
}

/// Forwards the value before, whichever task had it.
struct Leaking(Arc<AtomicI64>);

impl Processor<String, i64, String, i64> for Leaking {
    fn init(&mut self, _: &mut ProcessorContext<'_, String, i64>) -> UserResult {
        self.0.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, i64>,
        record: Record<String, i64>,
    ) -> UserResult {
        let before = self.0.swap(record.value, Ordering::Relaxed);
        Ok(ctx.forward(record.with_value(before))?)
    }
}

fn sum(key: Option<&'static str>, least: i64, logged: bool) -> Topology {
    let builder = StreamsBuilder::new();
    builder.add_store_with(&STORE, Materialized::as_store(&STORE), StoreOptions { logged });
    builder.stream(&IN).process(move || Sum { key, least }).with_store(&STORE).to(&OUT);
    builder.build().unwrap()
}

#[test]
fn a_reference_that_disagrees_is_shown_beside_what_came() {
    let doubled = topology(|s| s.map_values(|v| if v > 12 { v * 2 + 1 } else { v * 2 }));
    let reference = |events: &[Event]| {
        let all = events.iter().map(|event| (event.record(&IN).unwrap(), event.time()));
        all.map(|((key, value), time)| (key.clone(), value * 2, time)).collect::<Vec<_>>()
    };
    let checked = laws(&doubled).reference(&OUT, reference).check_all();
    broken(
        checked,
        "equality with its reference",
        1,
        &[
            "\n   1  in-0  \"a\" => 13  @0\n",
            "\n       expected       got\n>   1  \"a\" => 26  @0  \"a\" => 27  @0\n",
            "STREAMS_SEED=0x",
        ],
    );
}

#[test]
fn state_outside_of_stores_breaks_restart_invariance() {
    let forgetful = topology(|stream| {
        let count = AtomicI64::new(0);
        stream.map_values(move |_| count.fetch_add(1, Ordering::Relaxed))
    });
    // The closure is the same one in all runs: two of them differ, however short.
    broken(
        laws(&forgetful).restart_invariance(),
        "restart invariance",
        1,
        &["topic out differs from record 1"],
    );
    broken(laws(&sum(None, 0, false)).restart_invariance(), "restart invariance", 2, &["crash"]);
}

#[test]
fn results_that_depend_on_commits_break_the_laws_about_them() {
    let builder = StreamsBuilder::new();
    let table = builder.table_with(&IN, Consumed::new(), Materialized::as_store(&STORE));
    let changes = table.to_stream().map_values(|value| value.unwrap_or(0)).group_by_key().count();
    changes.to_stream().to(&OUT);
    let counted = laws(&builder.build().unwrap()).table_output(&OUT);
    let parts = ["after commit 1, the table of topic out", "\"a\" => 2", "\"a\" => 1"];
    broken(counted.per_commit_invariance(), "equality of tables after each commit", 2, &parts);
}

#[test]
fn keys_and_partitions_that_are_not_independent_are_found() {
    let parts = ["in the order\n      in-0  ", "topic out differs"];
    let all_in_one = laws(&sum(Some("all"), 0, true)).keys_are_independent();
    broken(all_in_one.key_invariance(), "independence of keys", 2, &parts);

    let builder = StreamsBuilder::new();
    let last = Arc::new(AtomicI64::new(0));
    builder.stream(&IN).process(move || Leaking(Arc::clone(&last))).to(&OUT);
    let leaking = builder.build().unwrap();
    let checked = laws(&leaking).partitions(2).partition_invariance();
    broken(checked, "independence of partitions", 2, &["topic out"]);
}

#[test]
fn results_that_depend_on_the_order_are_found() {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).group_by_key().reduce(|_, last| last).to_stream().to(&OUT);
    let laws = laws(&builder.build().unwrap()).table_output(&OUT).order_insensitive_within(ms(10));
    broken(laws.check_all(), "independence of the order within grace", 2, &["in the order\n"]);
}

#[test]
fn a_store_that_is_not_the_fold_of_its_changelog_is_found() {
    let unlogged = laws(&sum(None, 0, false)).store(&STORE);
    let parts = ["partition 0 of store store", "key \"a\"\n  expected nothing\n  got      0x0000"];
    broken(unlogged.fold_of_changelog(), "store store as the fold", 1, &parts);
    let elsewhere = laws(&sum(Some("all"), 0, true)).store(&STORE).written_to(&OUT);
    broken(elsewhere.fold_of_changelog(), "store store as the fold", 1, &["against the topic out"]);
}

#[test]
fn records_that_vanish_or_are_counted_wrongly_are_found() {
    let filtered = topology(|stream| stream.filter(|_, value| *value < 10));
    let accounted = laws(&filtered).accounts_for(|driver| Ok(driver.read(&OUT)?.len() as u64));
    let parts = ["1 records came in, 0 contributed and 0 were dropped", "=> 10  @0"];
    broken(accounted.check_all(), "accounting for every record", 1, &parts);

    const KEYLESS: Topic<Option<String>, i64> = Topic::new("in");
    let builder = StreamsBuilder::new();
    builder.stream(&KEYLESS).require_key().to(&OUT);
    let wrong = |events: &[Event]| vec![(DropReason::Late, events.len() as u64)];
    let dropped = Laws::of(&builder.build().unwrap())
        .input(&KEYLESS, Events::of(nullable(keys(2)), 0..3i64))
        .reference_drops(wrong);
    broken(dropped.check_all(), "counting of dropped records", 1, &["expected {Late: 1}, got {}"]);
}

#[test]
fn user_code_that_panics_or_fails_is_reported_with_its_records() {
    let panics = laws(&sum(None, 3, true));
    broken(
        panics.restart_invariance(),
        "restart invariance",
        1,
        &["a panic at ", "broken.rs:", ": 0 is too small", "=> 0  @0"],
    );
    let fails = topology(|s| s.try_map_values(|_, v| if v == 7 { Err("no sevens") } else { Ok(v) }));
    broken(laws(&fails).restart_invariance(), "restart invariance", 1, &["the topology failed", "no sevens"]);
}

#[test]
fn laws_that_do_not_apply_say_so() {
    let builder = StreamsBuilder::new();
    let regrouped = builder.stream(&IN).group_by(|_, value| value.to_string());
    regrouped.count().to_stream().to(&OUT);
    let laws = laws(&builder.build().unwrap()).partitions(2);
    broken(
        laws.commit_invariance(),
        "invariance under commits",
        0,
        &["cannot be checked", "order_invariance"],
    );
    broken(
        laws.partition_invariance(),
        "independence of partitions",
        0,
        &["cannot be checked", "repartitions"],
    );
    broken(laws.order_invariance(), "independence of the order", 0, &["`order_insensitive_within`"]);
    let unfed = Laws::of(&topology(|stream| stream));
    broken(unfed.check_all(), "restart invariance", 0, &["no input"]);
}

#[test]
fn laws_about_topics_of_others_are_not_kept_in_silence() {
    const UNKNOWN: Topic<String, i64> = Topic::new("unknown");
    let unread = laws(&topology(|stream| stream)).input(&UNKNOWN, Events::of(keys(2), 0..5i64));
    broken(unread.check_all(), "restart invariance", 0, &["does not read the topic `unknown`"]);
    let unwritten = laws(&topology(|stream| stream)).table_output(&UNKNOWN);
    broken(unwritten.check_all(), "restart invariance", 0, &["does not write the topic `unknown`"]);
}
