//! Keys of one type into a topic of another.

use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");
const BY_LENGTH: Topic<i64, String> = Topic::new("by-length");

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).to(&BY_LENGTH);
}
