//! A closure of `map_values` that asks for the key.

use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).map_values(|key, word| format!("{key} {word}")).for_each(|_, _| {});
}
