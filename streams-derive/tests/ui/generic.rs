//! A schema has one name and one shape.

use streams_core::Record;

#[derive(Record)]
struct Pair<T> {
    one: T,
    other: T,
}

#[derive(Record)]
struct Borrowed<'a> {
    text: &'a str,
}

fn main() {}
