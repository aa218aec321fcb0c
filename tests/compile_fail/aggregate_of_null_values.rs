//! Values that may be null, added up as if they were not.

use streams_core::{StreamsBuilder, Topic};

const BIDS: Topic<String, Option<i64>> = Topic::new("bids");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&BIDS).group_by_key().aggregate(|| 0_i64, |_, bid: i64, sum| sum + bid);
}
