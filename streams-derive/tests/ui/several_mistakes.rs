//! All mistakes are reported at once.

use streams_core::Record;

#[derive(Record)]
#[record(format = "xml", nmae = "Click", rename_all = "kebab-case")]
struct Click<'a> {
    #[record(key, timestamp)]
    user: &'a str,
    #[record(key)]
    ad: u64,
    #[record(timestamp, logical = "timestamp-nanos")]
    at: i64,
    #[record(name = "at")]
    day: i32,
    #[record(logical = "decimal", scale = 2)]
    price: i128,
}

fn main() {}
