//! A processor that does not pass on what forwarding may report.

#![deny(unused_must_use)]

use streams_core::Record;
use streams_core::processor::{Processor, ProcessorContext, UserResult};

struct Pass;

impl Processor<String, i64, String, i64> for Pass {
    fn process(&mut self, ctx: &mut ProcessorContext<'_, String, i64>, record: Record<String, i64>) -> UserResult {
        ctx.forward(record);
        Ok(())
    }
}

fn main() {}
