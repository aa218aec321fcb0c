//! Defaults are values of the field's type.

use streams_core::Record;

struct NoDefault;

#[derive(Record)]
struct Order {
    #[record(default = "ten")]
    count: i32,
    #[record(default = 1)]
    text: String,
    #[record(default = 0.5)]
    maybe: Option<i64>,
    #[record(skip)]
    skipped: NoDefault,
}

fn main() {}
