//! A closure that borrows from the function that builds the topology, which ends before the topology runs.

use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");

fn main() {
    let builder = StreamsBuilder::new();
    let wanted = "to be".to_owned();
    builder.stream(&WORDS).filter(|_, word| *word == wanted).for_each(|_, _| {});
}
