//! Retention and compaction, in memory and in a directory.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::log::embedded::EmbeddedLogOptions;
use crate::log::{CleanupPolicy, NewTopic, ProducerOptions, TopicConfig};
use crate::record::RecordView;

fn send(log: &EmbeddedLog, records: &[(&str, Option<&str>, i64)]) {
    let mut producer = log.open_producer(ProducerOptions::default()).unwrap();
    let topic = producer.topic("t").unwrap();
    for (key, value, timestamp) in records {
        let (key, value) = (Some(key.as_bytes()), value.map(str::as_bytes));
        let record = RecordView { key, value, timestamp: *timestamp, ..Default::default() };
        producer.send(topic, 0, record).unwrap();
    }
    producer.flush().unwrap();
}

fn offsets(log: &EmbeddedLog) -> Vec<Offset> {
    let partition = TopicPartition::new("t", 0);
    let start = log.start_offset(&partition).unwrap();
    read_all(log, &partition, start).into_iter().map(|(offset, _)| offset).collect()
}

/// A log in memory and one in a directory, each with topic `t` of these settings.
fn both(config: &TopicConfig) -> (tempfile::TempDir, [EmbeddedLog; 2]) {
    let dir = tempfile::tempdir().unwrap();
    let options = EmbeddedLogOptions { clean_interval: None, max_open_files: 2, ..Default::default() };
    let logs = [EmbeddedLog::in_memory(), EmbeddedLog::open(dir.path(), options).unwrap()];
    for log in &logs {
        log.create_topics(&[NewTopic::new("t", 1).with_config(config.clone())]).unwrap();
    }
    (dir, logs)
}

fn compacted() -> TopicConfig {
    TopicConfig { cleanup_policy: CleanupPolicy::Compact, ..TopicConfig::default() }
}

#[test]
fn compaction_keeps_the_last_record_of_each_key_at_its_offset() {
    let (dir, logs) = both(&compacted());
    for log in &logs {
        send(log, &[("a", Some("1"), 1), ("b", Some("2"), 1), ("a", Some("3"), 1)]);
        log.clean(10).unwrap();
        assert_eq!(offsets(log), [0, 1, 2], "the active segment was touched");
        log.roll("t").unwrap();
        send(log, &[("b", Some("4"), 1)]);
        log.clean(10).unwrap();
        assert_eq!(offsets(log), [1, 2, 3]);
        log.roll("t").unwrap();
        log.clean(10).unwrap();
        assert_eq!(offsets(log), [2, 3]);
        assert_eq!(log.end_offset(&TopicPartition::new("t", 0)).unwrap(), 4);
    }
    drop(logs);
    let log = EmbeddedLog::open(dir.path(), EmbeddedLogOptions::default()).unwrap();
    assert_eq!(offsets(&log), [2, 3]);
}

#[test]
fn tombstones_go_only_after_the_time_they_are_to_be_kept() {
    let (_dir, logs) = both(&TopicConfig { delete_retention: Duration::from_millis(100), ..compacted() });
    for log in &logs {
        send(log, &[("a", Some("1"), 1), ("a", None, 2), ("b", Some("x"), 3)]);
        log.roll("t").unwrap();
        for (now, left) in [(1000, vec![1, 2]), (1099, vec![1, 2]), (1100, vec![2])] {
            log.clean(now).unwrap();
            assert_eq!(offsets(log), left, "at {now}");
        }
    }
}

#[test]
fn records_within_the_compaction_lag_stay() {
    let lag = Duration::from_millis(50);
    let (_dir, logs) = both(&TopicConfig { min_compaction_lag: lag, ..compacted() });
    for log in &logs {
        send(log, &[("a", Some("1"), 100), ("a", Some("2"), 101)]);
        log.roll("t").unwrap();
        log.clean(150).unwrap();
        assert_eq!(offsets(log), [0, 1]);
        log.clean(151).unwrap();
        assert_eq!(offsets(log), [1]);
    }
}

#[test]
fn retention_drops_whole_segments_by_time_and_by_size() {
    let retention = Some(Duration::from_millis(100));
    let (dir, logs) = both(&TopicConfig { retention, segment_bytes: 60, ..TopicConfig::default() });
    for log in &logs {
        for time in [1, 50, 200] {
            send(log, &[("k", Some("v"), time)]);
        }
        log.clean(150).unwrap();
        assert_eq!(offsets(log), [1, 2]);
        log.clean(1000).unwrap();
        assert_eq!(offsets(log), [] as [Offset; 0]);
        assert_eq!(log.start_offset(&TopicPartition::new("t", 0)).unwrap(), 3);
        send(log, &[("k", Some("v"), 990)]);
        assert_eq!(offsets(log), [3]);
    }
    drop(logs);
    let log = EmbeddedLog::open(dir.path(), EmbeddedLogOptions::default()).unwrap();
    assert_eq!(offsets(&log), [3]);
    let config = TopicConfig { retention_bytes: Some(130), segment_bytes: 60, ..TopicConfig::default() };
    for log in &both(&config).1 {
        for time in 0..5 {
            send(log, &[("k", Some("v"), time)]);
        }
        log.clean(0).unwrap();
        assert_eq!(offsets(log), [2, 3, 4]);
    }
}

#[test]
fn a_reader_goes_on_over_a_compaction() {
    let (_dir, logs) = both(&TopicConfig { segment_bytes: 200, ..compacted() });
    for log in &logs {
        for n in 0..100 {
            send(log, &[(&format!("{}", n % 7), Some("v"), n)]);
        }
        let partition = TopicPartition::new("t", 0);
        let mut reader = log.open_reader(&partition, 0, &Arc::new(Wakeup::new())).unwrap();
        let mut batch = RecordBatch::new();
        reader.read(&mut batch, 1).unwrap();
        log.roll("t").unwrap();
        log.clean(1000).unwrap();
        while reader.read(&mut batch, 1).unwrap() > 0 {}
        let seen: Vec<Offset> = batch.iter().map(|r| r.offset).collect();
        let mut wanted = vec![0];
        wanted.extend(93..100);
        assert_eq!(seen, wanted);
        assert_eq!(reader.position(), 100);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_table_read_from_a_compacted_topic_is_that_of_all_records(
        rounds in prop::collection::vec((prop::collection::vec((0..6_u8, any::<Option<u8>>()), 0..20), any::<bool>()), 1..8),
        segment_bytes in 60..400_u64,
    ) {
        let (_dir, logs) = both(&TopicConfig { segment_bytes, ..compacted() });
        for log in &logs {
            let mut table = BTreeMap::new();
            for (records, roll) in &rounds {
                for (key, value) in records {
                    let (k, v) = (key.to_string(), value.map(|v| v.to_string()));
                    send(log, &[(&k, v.as_deref(), 0)]);
                    table.insert(k, v);
                }
                if *roll { log.roll("t").unwrap(); }
                log.clean(0).unwrap();
            }
            let mut reader = log.open_reader(&TopicPartition::new("t", 0), 0, &Arc::new(Wakeup::new())).unwrap();
            let mut batch = RecordBatch::new();
            while reader.read(&mut batch, 100).unwrap() > 0 {}
            let text = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
            let read: BTreeMap<_, _> =
                batch.iter().map(|r| (text(r.key.unwrap()), r.value.map(text))).collect();
            prop_assert_eq!(read, table);
        }
    }
}
