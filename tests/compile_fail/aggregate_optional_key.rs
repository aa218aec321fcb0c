//! A grouping by a key that may be null: the records without a key have to be dropped first.

use streams_core::{StreamsBuilder, Topic};

const VISITS: Topic<Option<String>, i64> = Topic::new("visits");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&VISITS).group_by_key().count();
}
