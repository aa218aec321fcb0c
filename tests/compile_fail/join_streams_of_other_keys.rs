//! Streams of different keys joined: equal keys could not meet.

use std::time::Duration;

use streams_core::windows::JoinWindows;
use streams_core::{StreamsBuilder, Topic};

const ORDERS: Topic<String, i64> = Topic::new("orders");
const PAYMENTS: Topic<i64, i64> = Topic::new("payments");

fn main() {
    let builder = StreamsBuilder::new();
    let windows = JoinWindows::of(Duration::from_secs(60)).no_grace();
    let payments = builder.stream(&PAYMENTS);
    builder.stream(&ORDERS).join(payments, windows, |order, payment| order - payment).for_each(|_, _| {});
}
