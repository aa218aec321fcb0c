//! Joins that cannot be built say why.

use streams_core::StreamsBuilder;

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
