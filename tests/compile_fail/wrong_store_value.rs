//! A processor that puts a value of another type into its store.

use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::{Record, Store};

const LAST: Store<String, i64> = Store::new("last");

struct Remember;

impl Processor<String, String, String, String> for Remember {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        ctx.store(&LAST)?.put(&record.key, record.value, record.timestamp)?;
        Ok(())
    }
}

fn main() {}
