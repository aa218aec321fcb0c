//! What a processor forwards, into a topic of another type.

use streams_core::Record;
use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");
const LENGTHS: Topic<String, String> = Topic::new("lengths");

struct Length;

impl Processor<String, String, String, i64> for Length {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, i64>,
        record: Record<String, String>,
    ) -> UserResult {
        let length = record.value.len() as i64;
        ctx.forward(record.with_value(length))?;
        Ok(())
    }
}

fn main() {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).process(|| Length).to(&LENGTHS);
}
