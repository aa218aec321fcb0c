//! A stream whose keys may be null as a table.

use streams_core::{StreamsBuilder, Topic};

const PRICES: Topic<Option<String>, i64> = Topic::new("prices");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&PRICES).to_table::<i64>();
}
