//! `keyed` needs to know the key.

use streams_core::{Record, StreamsBuilder, Topic};

#[derive(Record)]
struct Order {
    customer: String,
}

const ORDERS: Topic<Option<String>, Order> = Topic::new("orders");

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&ORDERS).keyed().to(&ORDERS);
}
