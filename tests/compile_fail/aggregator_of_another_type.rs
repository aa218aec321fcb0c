//! An aggregator that does not return what the initializer begins with.

use streams_core::{StreamsBuilder, Topic};

const BIDS: Topic<String, i64> = Topic::new("bids");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&BIDS).group_by_key().aggregate(|| 0_i64, |_, bid, sum| (bid + sum).to_string());
}
