//! A stream joined with a table of other keys.

use streams_core::{StreamsBuilder, Topic};

const ORDERS: Topic<String, i64> = Topic::new("orders");
const PRICES: Topic<i64, i64> = Topic::new("prices");

fn main() {
    let builder = StreamsBuilder::new();
    let prices = builder.table(&PRICES);
    builder.stream(&ORDERS).join_table(prices, |pieces, price| pieces * price).for_each(|_, _| {});
}
