//! Which tables have a store, and how tables without one are looked up.

use streams_core::processor::{TransformContext, ValueTransformer};
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::{ErrorPolicies, ErrorPolicy, StreamsBuilder, Topic, Topology};

use crate::support::*;

fn stores(topology: &Topology) -> Vec<String> {
    let text = topology.describe();
    let lists = text.lines().filter_map(|line| line.split_once("(stores: [")?.1.strip_suffix("])"));
    let mut names: Vec<String> = lists.flat_map(|list| list.split(", ")).map(str::to_owned).collect();
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}

#[test]
fn a_table_that_nobody_looks_up_has_no_store() {
    let topology = topology(|b| {
        b.table(&LEFT).filter(|_, v| *v > 1).map_values(|v| v + 1).to_stream().to(&OUT);
        b.stream(&RIGHT).to_table::<i64>().to_stream().to(&Topic::<String, i64>::new("second"));
    });
    assert!(stores(&topology.unwrap()).is_empty());
}

#[test]
fn a_join_gives_stores_to_the_sources_of_both_sides_and_to_nothing_between() {
    let topology = topology(|b| {
        let left = b.table(&LEFT).filter(|_, v| *v > 1).map_values(|v| v + 1);
        let right = b.stream(&RIGHT).to_table::<i64>().filter_not(|_, v| *v > 5);
        left.join(right, |l, r| l + r).to_stream().to(&OUT);
    });
    let expected = ["KSTREAM-TOTABLE-STATE-STORE-0000000007", "left-STATE-STORE-0000000000"];
    assert_eq!(stores(&topology.unwrap()), expected);
}

#[test]
fn a_stream_looks_up_a_table_through_filters_mappings_and_joins() {
    let topology = topology(|b| {
        let left = b.table(&LEFT).filter(|_, v| *v != 3);
        let both = left
            .outer_join(b.table(&RIGHT).map_values(|v| v * 2), |l: Option<&i64>, r: Option<&i64>| {
                l.copied().unwrap_or(0) * 100 + r.copied().unwrap_or(0)
            });
        b.stream(&THIRD).join_table(both, |v, row| v * 10_000 + row).to(&OUT);
    });
    let mut driver = TestDriver::new(&topology.unwrap()).unwrap();
    let mut ask = |left: i64, right: i64| {
        driver.pipe(&LEFT, "a".to_owned(), left, 1).unwrap();
        driver.pipe(&RIGHT, "a".to_owned(), right, 1).unwrap();
        driver.pipe(&THIRD, "a".to_owned(), 1, 2).unwrap();
        driver.read(&OUT).unwrap().pop().map(|record| record.value)
    };
    assert_eq!(ask(2, 4), Some(10_208));
    assert_eq!(ask(3, 4), Some(10_008));
}

/// Refuses sixes.
struct NoSix;

impl ValueTransformer<String, i64, i64> for NoSix {
    fn transform(
        &mut self,
        _ctx: &mut TransformContext<'_>,
        _key: &String,
        value: Option<i64>,
    ) -> Result<Option<i64>, Box<dyn std::error::Error + Send + Sync>> {
        if value == Some(6) { Err("a six".into()) } else { Ok(value) }
    }
}

#[test]
fn a_transformer_that_fails_in_a_lookup_is_judged_by_the_policy_for_user_code() {
    let builder = StreamsBuilder::new();
    let rows = builder.table(&LEFT).transform_values(|| NoSix);
    builder.stream(&RIGHT).left_join_table(rows, |v, row| v + row.copied().unwrap_or(0)).to(&OUT);
    let topology = builder.build().unwrap();
    for policy in [ErrorPolicy::Fail, ErrorPolicy::Skip] {
        let policies = ErrorPolicies { processing: policy, ..ErrorPolicies::default() };
        let mut driver =
            TestDriver::with(&topology, TestDriverOptions { policies, ..TestDriverOptions::default() })
                .unwrap();
        let put = driver.pipe(&LEFT, "a".to_owned(), 6, 1);
        assert_eq!(put.is_err(), policy == ErrorPolicy::Fail);
        if policy == ErrorPolicy::Skip {
            driver.pipe(&RIGHT, "a".to_owned(), 1, 2).unwrap();
            driver.pipe(&RIGHT, "b".to_owned(), 1, 2).unwrap();
            assert_eq!(driver.read(&OUT).unwrap().len(), 1);
            assert_eq!(driver.dropped().of(streams_core::DropReason::ProcessingFailed), 2);
        }
    }
}
