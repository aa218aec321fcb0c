//! W1: a byte is changed, and nine of ten go on.

use streams_core::Result;
use streams_core::record::EncodedHeaders;
use streams_kafka::testing::{RawProducer, RawRecord};

use super::Work;

#[derive(Default)]
pub(super) struct PassThrough {
    buffer: Vec<u8>,
}

impl Work for PassThrough {
    fn take(&mut self, out: &RawProducer, _: usize, record: &RawRecord<'_>) -> Result<bool> {
        let value = &mut self.buffer;
        value.clear();
        value.extend_from_slice(record.value());
        value[0] ^= 0x20;
        if value[1] != b'0' {
            out.send(0, 0, Some(record.key()), value, record.timestamp(), EncodedHeaders::default())?;
        }
        Ok(true)
    }
}
