//! A table of a topic whose keys may be null: a row without a key cannot be.

use streams_core::{StreamsBuilder, Topic};

const PRICES: Topic<Option<String>, i64> = Topic::new("prices");

fn main() {
    let builder = StreamsBuilder::new();
    builder.table(&PRICES).to_stream().for_each(|_, _| {});
}
