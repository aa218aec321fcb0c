//! Windows whose grace period was not decided.

use std::time::Duration;

use streams_core::windows::TimeWindows;
use streams_core::{StreamsBuilder, Topic};

const CLICKS: Topic<String, i64> = Topic::new("clicks");

fn main() {
    let builder = StreamsBuilder::new();
    let minutes = TimeWindows::tumbling(Duration::from_secs(60));
    let _ = builder.stream(&CLICKS).group_by_key().windowed_by(minutes).count();
}
