//! Streams of different values merged.

use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");
const NUMBERS: Topic<String, i64> = Topic::new("numbers");

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).merge(builder.stream(&NUMBERS)).for_each(|_, _| {});
}
