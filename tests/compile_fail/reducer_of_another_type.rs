//! A reducer that does not return what it reduces.

use streams_core::{StreamsBuilder, Topic};

const BIDS: Topic<String, i64> = Topic::new("bids");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&BIDS).group_by_key().reduce(|highest, bid| format!("{highest} {bid}"));
}
