//! Commits, reads, cleaning and syncing at the same time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::log::embedded::{EmbeddedLogOptions, FsyncPolicy};
use crate::log::{CleanupPolicy, NewTopic, ProducerOptions, TopicConfig};
use crate::record::RecordView;

const COMMITS: i64 = 400;

/// Reads to the end; the position there.
fn read_on(reader: &mut dyn crate::log::PartitionReader, batch: &mut RecordBatch) -> Offset {
    batch.clear();
    while reader.read(batch, 300).unwrap() > 0 {}
    assert!(batch.iter().map(|r| r.offset).is_sorted_by(|a, b| a < b));
    reader.position()
}

#[test]
fn a_reader_that_has_seen_a_commit_in_one_partition_sees_it_in_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let fsync = FsyncPolicy::Interval(Duration::from_millis(1));
    let options = EmbeddedLogOptions { fsync, journal_bytes: 500, max_open_files: 2, ..Default::default() };
    for log in [EmbeddedLog::in_memory(), EmbeddedLog::open(dir.path(), options.clone()).unwrap()] {
        let config = TopicConfig {
            cleanup_policy: CleanupPolicy::Compact,
            segment_bytes: 400,
            ..TopicConfig::default()
        };
        log.create_topics(&[NewTopic::new("t", 2).with_config(config)]).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let id = Some("p".to_owned());
                let mut producer = log.open_producer(ProducerOptions { transactional_id: id }).unwrap();
                let topic = producer.topic("t").unwrap();
                for n in 0..COMMITS {
                    producer.begin().unwrap();
                    let key = [(n % 11) as u8];
                    for partition in 0..2 {
                        let record = RecordView { key: Some(&key), value: Some(b"v"), ..Default::default() };
                        producer.send(topic, partition, record).unwrap();
                    }
                    producer.commit().unwrap();
                }
                done.store(true, Ordering::Release);
            });
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    log.clean(0).unwrap();
                    log.sync().unwrap();
                }
            });
            let wakeup = Arc::new(Wakeup::new());
            let mut readers =
                [0, 1].map(|n| log.open_reader(&TopicPartition::new("t", n), 0, &wakeup).unwrap());
            let mut batch = RecordBatch::new();
            loop {
                let first = read_on(&mut *readers[0], &mut batch);
                let second = read_on(&mut *readers[1], &mut batch);
                assert!(second >= first, "a commit is seen in one partition only: {first}, {second}");
                if first == COMMITS {
                    break;
                }
                wakeup.wait(Duration::from_secs(10));
            }
        });
        log.roll("t").unwrap();
        log.clean(0).unwrap();
        assert_eq!(read_all(&log, &TopicPartition::new("t", 0), 0).len(), 11);
    }
    let log = EmbeddedLog::open(dir.path(), options).unwrap();
    assert_eq!(read_all(&log, &TopicPartition::new("t", 1), 0).len(), 11);
}
