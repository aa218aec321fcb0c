//! Records have fields with names.

use streams_core::Record;

#[derive(Record)]
struct OrderId(String);

#[derive(Record)]
struct Unit;

#[derive(Record)]
struct Empty {}

#[derive(Record)]
struct AllSkipped {
    #[record(skip)]
    cache: u64,
}

#[derive(Record)]
union Bits {
    number: u32,
    float: f32,
}

fn main() {}
