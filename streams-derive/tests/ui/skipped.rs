//! What is not in the bytes has no name there.

use streams_core::Record;

#[derive(Record)]
struct Order {
    id: i64,
    #[record(skip, name = "c", aliases = ["d"])]
    cache: u64,
    #[record(skip, key)]
    shard: u32,
}

fn main() {}
