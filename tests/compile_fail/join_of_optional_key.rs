//! An inner join of a stream whose keys may be null: records without a key have no partner.

use std::time::Duration;

use streams_core::windows::JoinWindows;
use streams_core::{StreamsBuilder, Topic};

const CLICKS: Topic<Option<String>, i64> = Topic::new("clicks");
const VIEWS: Topic<Option<String>, i64> = Topic::new("views");

fn main() {
    let builder = StreamsBuilder::new();
    let windows = JoinWindows::of(Duration::from_secs(60)).no_grace();
    let views = builder.stream(&VIEWS);
    builder.stream(&CLICKS).join(views, windows, |click, view| click - view).for_each(|_, _| {});
}
