//! A type of one's own in a record is a record too.

use streams_core::Record;

struct Place {
    street: String,
}

#[derive(Record)]
struct Delivery {
    from: Place,
    to: Vec<Option<Place>>,
}

fn main() {}
