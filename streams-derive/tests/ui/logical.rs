//! Logical types belong to certain types.

use streams_core::Record;

#[derive(Record)]
struct Payment {
    #[record(logical = "decimal")]
    amount: i128,
    #[record(logical = "decimal", precision = 40)]
    large: i128,
    #[record(logical = "decimal", precision = 2, scale = 3)]
    small: Option<i128>,
    #[record(logical = "decimal", precision = 2)]
    price: f64,
    #[record(precision = 2)]
    cents: i64,
    #[record(logical = "date")]
    day: i64,
    #[record(logical = "timestamp-milis")]
    at: i64,
    #[record(logical = "duration")]
    length: i64,
    #[record(fixed = "Md5")]
    digest: Vec<u8>,
}

fn main() {}
