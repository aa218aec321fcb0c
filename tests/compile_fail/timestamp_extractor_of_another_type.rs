//! A timestamp extractor for other records than those of the topic.

use streams_core::{Consumed, Record, Result};
use streams_core::{StreamsBuilder, Topic};

const NUMBERS: Topic<String, i64> = Topic::new("numbers");

fn time(record: &Record<String, String>, _partition_time: i64) -> Result<i64> {
    Ok(record.value.len() as i64)
}

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream_with(&NUMBERS, Consumed::new().timestamp_extractor(time)).for_each(|_, _| {});
}
