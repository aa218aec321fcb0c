//! Values of one type into a topic of another.

use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");
const LENGTHS: Topic<String, i32> = Topic::new("lengths");

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).map_values(|word| word.len() as i64).to(&LENGTHS);
}
