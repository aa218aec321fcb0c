//! Grouping by something that may be missing.

use streams_core::{StreamsBuilder, Topic};

const VISITS: Topic<String, Option<String>> = Topic::new("visits");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&VISITS).group_by(|_page, visitor| visitor.clone()).count();
}
