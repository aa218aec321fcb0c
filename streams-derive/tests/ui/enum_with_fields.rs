//! The enums of records are lists of names.

use streams_core::Record;

#[derive(Record)]
enum Event {
    Opened,
    Clicked { ad: i64 },
    Closed(String),
}

#[derive(Record)]
enum Nothing {}

#[derive(Record)]
enum Two {
    #[record(default)]
    One,
    #[record(default)]
    Other,
}

fn main() {}
