//! A left join whose joiner takes the other side for granted.

use streams_core::{StreamsBuilder, Topic};

const ORDERS: Topic<String, i64> = Topic::new("orders");
const PRICES: Topic<String, i64> = Topic::new("prices");

fn main() {
    let builder = StreamsBuilder::new();
    let prices = builder.table(&PRICES);
    builder.stream(&ORDERS).left_join_table(prices, |pieces, price: &i64| pieces * price).for_each(|_, _| {});
}
