//! A joiner that asks for the key.

use streams_core::{StreamsBuilder, Topic};

const ORDERS: Topic<String, i64> = Topic::new("orders");
const PRICES: Topic<String, i64> = Topic::new("prices");

fn main() {
    let builder = StreamsBuilder::new();
    let prices = builder.table(&PRICES);
    builder.stream(&ORDERS).join_table(prices, |key, pieces, price| format!("{key} {pieces} {price}")).for_each(|_, _| {});
}
