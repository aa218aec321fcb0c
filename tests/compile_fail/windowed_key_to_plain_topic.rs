//! Results of windows into a topic of plain keys: the window would be lost.

use std::time::Duration;

use streams_core::windows::TimeWindows;
use streams_core::{StreamsBuilder, Topic};

const CLICKS: Topic<String, i64> = Topic::new("clicks");
const COUNTS: Topic<String, i64> = Topic::new("counts");

fn main() {
    let builder = StreamsBuilder::new();
    let minutes = TimeWindows::tumbling(Duration::from_secs(60)).no_grace();
    builder.stream(&CLICKS).group_by_key().windowed_by(minutes).count().to_stream().to(&COUNTS);
}
