//! Streams joined whose values do not say how they become bytes.

use std::time::Duration;

use streams_core::windows::JoinWindows;
use streams_core::{StreamsBuilder, Topic};

#[derive(Clone)]
struct Click(i64);

const CLICKS: Topic<String, i64> = Topic::new("clicks");

fn main() {
    let builder = StreamsBuilder::new();
    let windows = JoinWindows::of(Duration::from_secs(60)).no_grace();
    let clicks = builder.stream(&CLICKS);
    let views = clicks.clone();
    clicks.map_values(Click).join(views, windows, |click, view| click.0 - view).for_each(|_, _| {});
}
