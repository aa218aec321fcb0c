//! A result of a type that does not say how it becomes bytes.

use streams_core::{StreamsBuilder, Topic};

struct Length(usize);

const WORDS: Topic<String, String> = Topic::new("words");
const LENGTHS: Topic<String, Length> = Topic::new("lengths");

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).map_values(|word| Length(word.len())).to(&LENGTHS);
}
