//! Only windows close: a count per key has no end.

use streams_core::EmitStrategy;
use streams_core::{StreamsBuilder, Topic};

const CLICKS: Topic<String, i64> = Topic::new("clicks");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&CLICKS).group_by_key().emit_strategy(EmitStrategy::OnWindowClose).count();
}
