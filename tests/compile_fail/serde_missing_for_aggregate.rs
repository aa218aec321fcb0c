//! An aggregate that does not say how it becomes bytes.

use streams_core::{StreamsBuilder, Topic};

#[derive(Clone, Default)]
struct Statistics {
    sum: i64,
}

const PAYMENTS: Topic<String, i64> = Topic::new("payments");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&PAYMENTS).group_by_key().aggregate(Statistics::default, |_, amount, mut all| {
        all.sum += amount;
        all
    });
}
