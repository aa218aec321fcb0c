//! A grouping by a type that is no key: floating-point numbers that look equal need not be.

use streams_core::{StreamsBuilder, Topic};

const PRICES: Topic<String, f64> = Topic::new("prices");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&PRICES).group_by(|_, price| *price).count();
}
