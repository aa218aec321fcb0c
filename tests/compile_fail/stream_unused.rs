//! A stream that goes nowhere.

#![deny(unused_must_use)]

use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).filter(|_, word| word.len() > 3);
}
