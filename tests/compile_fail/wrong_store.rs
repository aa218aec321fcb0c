//! A count kept in a store of other values.

use streams_core::{Materialized, Store};
use streams_core::{StreamsBuilder, Topic};

const CLICKS: Topic<String, i64> = Topic::new("clicks");
const COUNTS: Store<String, String> = Store::new("counts");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&CLICKS).group_by_key().count_with(Materialized::as_store(&COUNTS));
}
