//! Joins that cannot be built say why.

use std::collections::BTreeMap;

use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::{StreamsBuilder, Topology};

use crate::support::*;

#[test]
fn joins_over_two_builders_are_refused_and_name_both_sides() {
    let (one, two) = (StreamsBuilder::new(), StreamsBuilder::new());
    let (left, right) = (one.table(&LEFT), two.table(&RIGHT));
    left.join(right.clone(), |l, r| l + r).to_stream().to(&OUT);
    one.stream(&THIRD).join_table(right, |v, row| v + row).to(&OUT);
    let error = one.build().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("`join` (") && error.contains("`join_table` ("), "{error}");
    assert!(error.contains("two builders"), "{error}");
}

#[test]
fn joins_of_topics_with_different_numbers_of_partitions_do_not_start() {
    let tables = topology(|b| b.table(&LEFT).join(b.table(&RIGHT), |l, r| l + r).to_stream().to(&OUT));
    let through = topology(|b| {
        let rows = b.table(&RIGHT).filter(|_, v| *v > 1).map_values(|v| v + 1);
        b.stream(&LEFT).left_join_table(rows, |v, row| v + row.copied().unwrap_or(0)).to(&OUT);
    });
    let start = |topology: Topology, left, right| {
        let partitions = BTreeMap::from([("left".to_owned(), left), ("right".to_owned(), right)]);
        TestDriver::with(&topology, TestDriverOptions { partitions, ..TestDriverOptions::default() })
            .map(|_| ())
    };
    for topology in [tables.unwrap(), through.unwrap()] {
        let error = start(topology.clone(), 2, 3).unwrap_err().to_string();
        assert!(error.contains("`left`") && error.contains("`right`"), "{error}");
        start(topology, 3, 3).unwrap();
    }
}

#[test]
fn a_store_is_given_to_a_transformer_only() {
    const STORE: streams_core::Store<String, i64> = streams_core::Store::new("store");
    let builder = StreamsBuilder::new();
    builder.add_store(&STORE);
    builder.table(&LEFT).map_values(|v| v + 1).with_store(&STORE).to_stream().to(&OUT);
    let error = builder.build().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("directly behind `transform_values`"), "{error}");
}
