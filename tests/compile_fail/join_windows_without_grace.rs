//! Join windows whose grace period was not decided.

use std::time::Duration;

use streams_core::windows::JoinWindows;
use streams_core::{StreamsBuilder, Topic};

const CLICKS: Topic<String, i64> = Topic::new("clicks");
const VIEWS: Topic<String, i64> = Topic::new("views");

fn main() {
    let builder = StreamsBuilder::new();
    let windows = JoinWindows::of(Duration::from_secs(60));
    let views = builder.stream(&VIEWS);
    builder.stream(&CLICKS).join(views, windows, |click, view| click - view).for_each(|_, _| {});
}
