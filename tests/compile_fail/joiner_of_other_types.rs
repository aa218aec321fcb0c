//! A joiner that takes the two sides in the wrong order.

use streams_core::{StreamsBuilder, Topic};

const ORDERS: Topic<String, i64> = Topic::new("orders");
const NAMES: Topic<String, String> = Topic::new("names");

fn main() {
    let builder = StreamsBuilder::new();
    let names = builder.table(&NAMES);
    let line = |name: String, pieces: &i64| format!("{pieces} of {name}");
    builder.stream(&ORDERS).join_table(names, line).for_each(|_, _| {});
}
