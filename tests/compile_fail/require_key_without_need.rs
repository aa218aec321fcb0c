//! `require_key` where every record has a key.

use streams_core::{StreamsBuilder, Topic};

const VISITS: Topic<String, i64> = Topic::new("visits");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&VISITS).require_key().group_by_key().count();
}
