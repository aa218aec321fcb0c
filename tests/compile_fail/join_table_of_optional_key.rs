//! A stream whose keys may be null joined with a table.

use streams_core::{StreamsBuilder, Topic};

const CLICKS: Topic<Option<String>, i64> = Topic::new("clicks");
const PRICES: Topic<String, i64> = Topic::new("prices");

fn main() {
    let builder = StreamsBuilder::new();
    let prices = builder.table(&PRICES);
    builder.stream(&CLICKS).join_table(prices, |clicks, price| clicks * price).for_each(|_, _| {});
}
