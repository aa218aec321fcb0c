//! A test that pipes a record of another type than that of the topic.

use streams_core::testing::TestDriver;
use streams_core::{StreamsBuilder, Topic};

const NUMBERS: Topic<String, i64> = Topic::new("numbers");

fn main() -> streams_core::Result<()> {
    let builder = StreamsBuilder::new();
    builder.stream(&NUMBERS).for_each(|_, _| {});
    TestDriver::new(&builder.build()?)?.pipe(&NUMBERS, "a".to_owned(), "7".to_owned(), 0)
}
