//! A processor of other records than those of the stream.

use streams_core::Record;
use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::{StreamsBuilder, Topic};

const NUMBERS: Topic<String, i64> = Topic::new("numbers");

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
    builder.stream(&NUMBERS).process(|| Length).for_each(|_: &String, _: &i64| {});
}
