//! A stream used twice without being cloned.

use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");

fn main() {
    let builder = StreamsBuilder::new();
    let words = builder.stream(&WORDS);
    words.filter(|_, word| word.len() > 3).for_each(|_, _| {});
    words.for_each(|_, _| {});
}
