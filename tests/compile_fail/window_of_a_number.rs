//! A window size without a unit.

use streams_core::windows::TimeWindows;
use streams_core::{StreamsBuilder, Topic};

const CLICKS: Topic<String, i64> = Topic::new("clicks");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&CLICKS).group_by_key().windowed_by(TimeWindows::tumbling(60).no_grace()).count();
}
