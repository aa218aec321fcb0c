//! W6: the changelog into a hash map.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use foldhash::fast::RandomState;
use streams_core::Result;
use streams_core::ids::TopicPartition;
use streams_core::log::Log;
use streams_kafka::testing::RawReader;
use streams_kafka::{KafkaConfig, KafkaLog};

use crate::program::{Arguments, say};

pub(super) fn run(config: &KafkaConfig, arguments: &Arguments, stop: &AtomicBool) -> Result<()> {
    let partition = TopicPartition::new(format!("{}-store-changelog", arguments.app_id), 0);
    let end = KafkaLog::connect(config.clone())?.end_offset(&partition)?;
    let mut reader = RawReader::open(config, &[(partition, 0)])?;
    say("restoring", "n", end as u64);
    let mut rows: HashMap<Box<[u8]>, (i64, Box<[u8]>), RandomState> = HashMap::default();
    let (mut next, mut count) = (0, 0);
    while next < end {
        count += reader.batch(Duration::from_secs(1), |_, record| {
            next = record.offset() + 1;
            rows.insert(record.key().into(), (record.timestamp(), record.value().into()));
        });
    }
    say("running", "restored", count as u64);
    while !stop.load(Ordering::Acquire) {
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(rows);
    Ok(())
}
