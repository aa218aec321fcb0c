//! A grouping without an aggregation.

#![deny(unused_must_use)]

use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).group_by_key();
}
