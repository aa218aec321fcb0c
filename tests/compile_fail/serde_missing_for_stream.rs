//! A topic of a type that does not say how it becomes bytes.

use streams_core::{StreamsBuilder, Topic};

struct Click;

const CLICKS: Topic<String, Click> = Topic::new("clicks");

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&CLICKS).for_each(|_, _| {});
}
