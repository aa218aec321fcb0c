//! A closure that changes what it holds: there is one for all tasks, which run side by side.

#![allow(unused)]

use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");

fn main() {
    let builder = StreamsBuilder::new();
    let mut count = 0;
    builder.stream(&WORDS).for_each(move |_, _| count += 1);
}
