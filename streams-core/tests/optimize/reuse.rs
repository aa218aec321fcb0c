//! Tables whose topic is their changelog, in the test driver.

use proptest::prelude::*;
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::{
    Consumed, ErrorPolicies, ErrorPolicy, KTable, Materialized, Optimization, Record, Result, Store,
    StreamsBuilder, Topic, Topology,
};

use crate::support::*;

const IN: Topic<String, i64> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");
const STORE: Store<String, i64> = Store::new("store");
const REUSE: Optimization = Optimization { reuse_source_topics: true, ..Optimization::NONE };

fn table(optimization: Optimization, materialized: Materialized<String, i64>) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    builder.optimize(optimization);
    // Some times are negative: those records are no changes of the table.
    let by_value = |record: &Record<String, i64>, _: i64| Ok(record.timestamp + record.value - 20);
    let consumed = Consumed::new().timestamp_extractor(by_value);
    let table: KTable<String, i64> = builder.table_with(&IN, consumed, materialized);
    // What comes out depends on what was there before: only a row that passed is deleted.
    table.filter(|_, value| value % 2 == 0).to_stream().to(&OUT);
    builder.build()
}

fn options(commit_each_record: bool) -> TestDriverOptions {
    let policies = ErrorPolicies { deserialization: ErrorPolicy::Skip, ..ErrorPolicies::default() };
    TestDriverOptions { commit_each_record, policies, ..TestDriverOptions::default() }
}

/// Keys, values and times of the store.
fn rows(driver: &TestDriver) -> Vec<(String, i64, i64)> {
    let rows = driver.store(&STORE).unwrap().all().stamped();
    rows.map(|row| row.unwrap()).map(|(key, row)| (key, row.value, row.timestamp)).collect()
}

/// Numbers, nulls and bytes that are no number.
fn values() -> impl Strategy<Value = Option<Vec<u8>>> + Clone {
    prop_oneof![
        6 => (0..30_i64).prop_map(|number| Some(number.to_be_bytes().to_vec())),
        2 => Just(None),
        1 => Just(Some(b"bad".to_vec())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_table_restored_from_its_topic_is_as_it_was_and_nothing_is_written_for_it(
        inputs in inputs(values()), each in any::<bool>()
    ) {
        let plain = table(Optimization::NONE, Materialized::as_store(&STORE))?;
        let expected = run(&plain, options(true), &inputs, false)?;
        let reusing = table(REUSE, Materialized::as_store(&STORE))?;
        let mut driver = run(&reusing, options(each), &inputs, true)?;
        prop_assert_eq!(rows(&driver), rows(&expected));
        prop_assert_eq!(outputs(&driver, &["out"]), outputs(&expected, &["out"]));
        prop_assert_eq!(driver.dropped(), expected.dropped());
        driver.restart()?;
        prop_assert_eq!(rows(&driver), rows(&expected));
        let topics: Vec<&str> = driver.topic_names().collect();
        prop_assert!(topics.iter().all(|topic| ["in", "out"].contains(topic)), "{:?}", topics);
    }
}

#[test]
fn what_is_not_committed_is_not_restored_but_processed_again() -> Result<()> {
    let mut driver = TestDriver::with(&table(REUSE, Materialized::as_store(&STORE))?, options(false))?;
    let pipe = |driver: &mut TestDriver, value| driver.pipe(&IN, "a".to_owned(), value, 100);
    pipe(&mut driver, 2)?;
    driver.commit()?;
    pipe(&mut driver, 4)?;
    pipe(&mut driver, 5)?;
    driver.crash()?;
    driver.commit()?;
    // Had 5 been restored, the row would not have been there to be deleted.
    let out = outputs(&driver, &["out"]);
    let values: Vec<Option<i64>> =
        out.values().flatten().map(|(v, _)| v.as_ref().map(|v| i64::from(v[7]))).collect();
    assert_eq!(values, [Some(2), Some(4), None]);
    Ok(())
}

#[test]
fn stores_that_are_not_what_their_topic_holds_keep_a_changelog_or_none() -> Result<()> {
    let kept = |materialized| table(Optimization::ALL, materialized).map(|topology| changelogs(&topology));
    assert_eq!(kept(Materialized::as_store(&STORE))?, [""; 0]);
    assert_eq!(kept(Materialized::as_store(&STORE).max_keys(1))?, ["store-changelog"]);
    assert_eq!(kept(Materialized::as_store(&STORE).logged(false))?, [""; 0]);

    let builder = StreamsBuilder::new();
    builder.optimize(Optimization::ALL);
    let _ = builder.stream(&IN).to_table_with::<i64>(Materialized::as_store(&STORE));
    assert_eq!(changelogs(&builder.build()?), ["store-changelog"], "a stream's topic is not the table's");

    // A store without a changelog is empty after a crash, also if a topic could fill it.
    let unlogged = table(Optimization::ALL, Materialized::as_store(&STORE).logged(false))?;
    let mut driver = TestDriver::with(&unlogged, options(true))?;
    driver.pipe(&IN, "a".to_owned(), 2, 100)?;
    driver.crash()?;
    assert_eq!(rows(&driver), []);
    Ok(())
}

#[test]
fn a_table_of_fewer_partitions_than_there_are_tasks_is_restored_in_each_that_reads_it() -> Result<()> {
    let builder = StreamsBuilder::new();
    builder.optimize(Optimization::ALL);
    let table = builder.table_with(&IN, Consumed::new(), Materialized::as_store(&STORE));
    table.to_stream().merge(builder.stream(&Topic::<String, Option<i64>>::new("wide"))).to(&OUT);
    let partitions = [("in".to_owned(), 2), ("wide".to_owned(), 3), ("out".to_owned(), 1)].into();
    let mut driver =
        TestDriver::with(&builder.build()?, TestDriverOptions { partitions, ..Default::default() })?;
    for number in 0..20 {
        driver.pipe(&IN, format!("k{number}"), number, 1)?;
    }
    driver.crash()?;
    let sizes: Vec<usize> = (0..3).map(|p| driver.store_of(&STORE, p).unwrap().all().count()).collect();
    assert_eq!((sizes[0] + sizes[1], sizes[2]), (20, 0));
    assert!(sizes[0] > 0 && sizes[1] > 0);
    Ok(())
}

#[test]
fn tables_that_get_a_store_because_a_join_needs_it_are_restored_from_their_topics() -> Result<()> {
    let built = |optimization| {
        let builder = StreamsBuilder::new();
        builder.optimize(optimization);
        let right = builder.table(&Topic::<String, i64>::new("right"));
        builder.table(&IN).join(right, |left, right| left * 100 + right).to_stream().to(&OUT);
        builder.build()
    };
    let run = |optimization, crashes: bool| -> Result<_> {
        let mut driver = TestDriver::with(&built(optimization)?, options(true))?;
        for number in 0..60_i64 {
            let topic = Topic::<String, Option<i64>>::new(if number % 3 == 0 { "right" } else { "in" });
            let value = Some(number).filter(|number| number % 7 != 0);
            driver.pipe(&topic, format!("k{}", number % 4), value, number)?;
            if crashes && number % 5 == 0 {
                driver.crash()?;
            }
        }
        Ok(outputs(&driver, &["out"]))
    };
    assert_eq!(changelogs(&built(Optimization::NONE)?).len(), 2);
    assert_eq!(changelogs(&built(REUSE)?), [""; 0]);
    assert_eq!(run(REUSE, true)?, run(Optimization::NONE, false)?);
    Ok(())
}
