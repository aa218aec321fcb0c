//! A fan-out of records that cannot be cloned.

use streams_core::{StreamsBuilder, Topic};

struct Connection;

const WORDS: Topic<String, String> = Topic::new("words");

fn main() {
    let builder = StreamsBuilder::new();
    let connections = builder.stream(&WORDS).map_values(|_| Connection);
    connections.clone().for_each(|_, _| {});
    connections.for_each(|_, _| {});
}
