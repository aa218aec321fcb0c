//! A key of one's own that does not say that it is never null.

use streams_core::serde::{DefaultSerde, SerdeRef};
use streams_core::{StreamsBuilder, Topic};

#[derive(Clone)]
struct OrderId(i64);

impl DefaultSerde for OrderId {
    fn serde() -> SerdeRef<Self> {
        unimplemented!()
    }
}

const ORDERS: Topic<String, i64> = Topic::new("orders");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&ORDERS).group_by(|_, order| OrderId(*order)).count();
}
