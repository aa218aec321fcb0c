//! A stream joined with a table by the verb for streams.

use std::time::Duration;

use streams_core::windows::JoinWindows;
use streams_core::{StreamsBuilder, Topic};

const CLICKS: Topic<String, i64> = Topic::new("clicks");
const PRICES: Topic<String, i64> = Topic::new("prices");

fn main() {
    let builder = StreamsBuilder::new();
    let windows = JoinWindows::of(Duration::from_secs(60)).no_grace();
    let prices = builder.table(&PRICES);
    builder.stream(&CLICKS).join(prices, windows, |click, price| click * price).for_each(|_, _| {});
}
