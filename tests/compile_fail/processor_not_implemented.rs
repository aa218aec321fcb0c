//! A processor of a type that is none.

use streams_core::{StreamsBuilder, Topic};

const NUMBERS: Topic<String, i64> = Topic::new("numbers");

struct Double;

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&NUMBERS).process(|| Double).for_each(|_: &String, _: &i64| {});
}
