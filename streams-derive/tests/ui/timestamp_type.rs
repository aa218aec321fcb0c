//! Event times are whole numbers in a unit.

use streams_core::Record;

#[derive(Record)]
struct Text {
    #[record(timestamp)]
    at: String,
}

#[derive(Record)]
struct Unit {
    #[record(timestamp = "hours")]
    at: i64,
}

#[derive(Record)]
struct Two {
    #[record(timestamp = "seconds", logical = "timestamp-micros")]
    at: i64,
}

#[derive(Record)]
struct OfDay {
    #[record(timestamp, logical = "time-micros")]
    at: i64,
}

fn main() {}
