//! W4: each record with the row of its key, of a table that is read before.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;
use streams_core::Result;
use streams_core::ids::TopicPartition;
use streams_core::log::Log;
use streams_core::record::EncodedHeaders;
use streams_kafka::testing::{RawProducer, RawReader, RawRecord};
use streams_kafka::{KafkaConfig, KafkaLog};

use super::Work;

pub(super) type Rows = HashMap<Box<[u8]>, Box<[u8]>, RandomState>;

/// All of the table.
pub(super) fn rows(config: &KafkaConfig, topic: &str) -> Result<Rows> {
    let partition = TopicPartition::new(topic, 0);
    let end = KafkaLog::connect(config.clone())?.end_offset(&partition)?;
    let mut reader = RawReader::open(config, &[(partition, 0)])?;
    let (mut rows, mut next) = (Rows::default(), 0);
    while next < end {
        reader.batch(Duration::from_secs(1), |_, record| {
            next = record.offset() + 1;
            rows.insert(record.key().into(), record.value().into());
        });
    }
    Ok(rows)
}

pub(super) struct Joined {
    rows: Rows,
    buffer: Vec<u8>,
}

impl Joined {
    pub(super) fn new(rows: Rows) -> Self {
        Joined { rows, buffer: Vec::new() }
    }
}

impl Work for Joined {
    fn take(&mut self, out: &RawProducer, _: usize, record: &RawRecord<'_>) -> Result<bool> {
        if let Some(row) = self.rows.get(record.key()) {
            self.buffer.clear();
            self.buffer.extend_from_slice(record.value());
            self.buffer.extend_from_slice(row);
            let none = EncodedHeaders::default();
            out.send(0, 0, Some(record.key()), &self.buffer, record.timestamp(), none)?;
        }
        Ok(true)
    }
}
