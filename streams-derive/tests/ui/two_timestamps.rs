//! A record has one event time.

use streams_core::Record;

#[derive(Record)]
struct Click {
    #[record(timestamp)]
    shown: i64,
    #[record(timestamp = "seconds")]
    clicked: Option<i64>,
}

fn main() {}
