//! A record has one key.

use streams_core::Record;

#[derive(Record)]
struct Click {
    #[record(key)]
    user: String,
    #[record(key)]
    ad: i64,
}

fn main() {}
