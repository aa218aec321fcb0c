//! Laws of records: what is sent is what is read, in order.

use std::sync::Arc;
use std::time::Duration;

use super::Law;
use super::helpers::{append, read, send, topic, tp, unique, values};
use crate::error::ErrorKind;
use crate::log::{CleanupPolicy, Log, NewTopic, ProducerOptions, TopicConfig, Wakeup};
use crate::record::{EncodedHeaders, Header, Headers, RecordBatch, RecordView};
use crate::testing::wait_for;

pub const LAWS: &[Law] = &[
    ("records come back with key, value, time and headers", records_come_back_whole),
    ("records of a partition stay in order, over many reads", order_is_kept),
    ("a record above the limit is refused with topic, size and limit", too_large_is_named),
    ("a compacted topic takes no null key", compacted_needs_keys),
    ("a reader is woken when there is more", readers_are_woken),
    ("positions outside of the partition are an error", out_of_range),
    ("a seek reads the same records again", seek_repeats),
    ("a topic or partition that does not exist is not found", unknown_is_not_found),
    ("written_end is behind the last record written", written_end_is_behind),
];

fn records_come_back_whole(log: &dyn Log) {
    let name = topic(log, 1);
    let mut headers = Headers::new();
    headers.add("a", b"1".to_vec());
    headers.push(Header { name: "ü".into(), value: None });
    headers.add("a", Vec::new());
    let mut encoded = Vec::new();
    headers.encode(&mut encoded);
    let record = |key, value, timestamp, headers| RecordView { offset: 0, timestamp, key, value, headers };
    let sent = [
        record(Some(&b"key"[..]), Some(&b"value"[..]), 1_700_000_000_000, EncodedHeaders(&encoded)),
        record(None, Some(&b""[..]), 1, EncodedHeaders::default()),
        record(Some(&b""[..]), None, 1_700_000_000_001, EncodedHeaders::default()),
        record(None, None, 5, EncodedHeaders(&encoded)),
    ];
    let mut producer = log.open_producer(ProducerOptions::default()).unwrap();
    let handle = producer.topic(&name).unwrap();
    assert_eq!(producer.partitions(handle), 1);
    for record in sent {
        producer.send(handle, 0, record).unwrap();
    }
    producer.flush().unwrap();
    let mut reader = log.open_reader(&tp(&name, 0), 0, &Arc::new(Wakeup::new())).unwrap();
    let mut batch = RecordBatch::new();
    wait_for("the records", || {
        reader.read(&mut batch, 1 << 20).unwrap();
        (batch.len() == sent.len()).then_some(())
    });
    for (sent, got) in sent.iter().zip(batch.iter()) {
        assert_eq!((sent.key, sent.value, sent.timestamp), (got.key, got.value, got.timestamp));
        assert_eq!(sent.headers.to_headers(), got.headers.to_headers());
    }
    assert_eq!(reader.position(), log.end_offset(&tp(&name, 0)).unwrap());
}

fn order_is_kept(log: &dyn Log) {
    let name = topic(log, 1);
    let mut producer = log.open_producer(ProducerOptions::default()).unwrap();
    const COUNT: usize = 20_000;
    for n in 0..COUNT {
        send(&mut *producer, &name, 0, &n.to_string());
        if n % 977 == 0 {
            producer.flush().unwrap();
        }
    }
    producer.flush().unwrap();
    for max_bytes in [1_usize, 100, 5_000, 1 << 20] {
        let from = log.start_offset(&tp(&name, 0)).unwrap();
        let mut reader = log.open_reader(&tp(&name, 0), from, &Arc::new(Wakeup::new())).unwrap();
        let mut batch = RecordBatch::new();
        let wanted = COUNT.min(max_bytes.saturating_mul(100));
        let (mut seen, mut last) = (0, -1);
        wait_for("all records", || {
            batch.clear();
            reader.read(&mut batch, max_bytes).unwrap();
            for record in batch.iter() {
                assert!(record.offset > last, "{} after {last}", record.offset);
                assert_eq!(record.value, Some(seen.to_string().as_bytes()));
                (last, seen) = (record.offset, seen + 1);
            }
            (seen >= wanted).then_some(())
        });
    }
}

fn too_large_is_named(log: &dyn Log) {
    let name = unique("law");
    let config = TopicConfig { max_message_bytes: 1000, ..TopicConfig::default() };
    log.create_topics(&[NewTopic::new(&name, 1).with_config(config)]).unwrap();
    let mut producer = log.open_producer(ProducerOptions::default()).unwrap();
    let handle = producer.topic(&name).unwrap();
    let value = vec![0; 5000];
    let error =
        producer.send(handle, 0, RecordView { value: Some(&value), ..Default::default() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let text = error.to_string();
    assert!(text.contains(&name) && text.contains("1000") && text.contains("5000"), "{text}");
    send(&mut *producer, &name, 0, "small");
    producer.flush().unwrap();
    assert_eq!(values(log, &tp(&name, 0), 1), ["small"]);
}

fn compacted_needs_keys(log: &dyn Log) {
    let name = unique("law");
    let config = TopicConfig { cleanup_policy: CleanupPolicy::Compact, ..TopicConfig::default() };
    log.create_topics(&[NewTopic::new(&name, 1).with_config(config)]).unwrap();
    let mut producer = log.open_producer(ProducerOptions::default()).unwrap();
    let handle = producer.topic(&name).unwrap();
    let sent = producer.send(handle, 0, RecordView { value: Some(b"v"), ..Default::default() });
    let error = sent.and_then(|()| producer.flush()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRecord);
    assert!(error.to_string().contains(&name), "{error}");
}

fn readers_are_woken(log: &dyn Log) {
    let name = topic(log, 2);
    let wakeup = Arc::new(Wakeup::new());
    let mut readers: Vec<_> = (0..2).map(|n| log.open_reader(&tp(&name, n), 0, &wakeup).unwrap()).collect();
    let mut batch = RecordBatch::new();
    for partition in [1, 0, 1] {
        append(log, &name, partition, &["v"]);
        wait_for("a record and its bell", || {
            assert!(wakeup.wait(Duration::from_secs(30)), "nobody rang");
            (readers[partition as usize].read(&mut batch, 1 << 20).unwrap() > 0).then_some(())
        });
    }
}

fn out_of_range(log: &dyn Log) {
    let name = topic(log, 1);
    append(log, &name, 0, &["a", "b", "c"]);
    log.delete_records(&[(tp(&name, 0), 1)]).unwrap();
    let mut batch = RecordBatch::new();
    for offset in [0, 1_000] {
        let mut reader = log.open_reader(&tp(&name, 0), offset, &Arc::new(Wakeup::new())).unwrap();
        let error = wait_for("an error", || reader.read(&mut batch, 100).err());
        assert_eq!(error.kind(), ErrorKind::OffsetOutOfRange, "{error}");
        assert!(error.to_string().contains(&name), "{error}");
        reader.seek(1);
        wait_for("the records", || (reader.read(&mut batch, 1 << 20).unwrap() > 0).then_some(()));
        batch.clear();
    }
}

fn seek_repeats(log: &dyn Log) {
    let name = topic(log, 1);
    append(log, &name, 0, &["a", "b"]);
    append(log, &name, 0, &["c", "d"]);
    let all = read(log, &tp(&name, 0), 0, 4);
    for skip in 0..4 {
        assert_eq!(read(log, &tp(&name, 0), all[skip].0, 4 - skip), all[skip..]);
    }
}

fn unknown_is_not_found(log: &dyn Log) {
    let mut producer = log.open_producer(ProducerOptions::default()).unwrap();
    assert_eq!(producer.topic(&unique("never")).unwrap_err().kind(), ErrorKind::NotFound);
    let handle = producer.topic(&topic(log, 1)).unwrap();
    let error = producer.send(handle, 1, RecordView::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

fn written_end_is_behind(log: &dyn Log) {
    let name = topic(log, 2);
    let mut producer = log.open_producer(ProducerOptions::default()).unwrap();
    let handle = producer.topic(&name).unwrap();
    assert_eq!(producer.written_end(handle, 0), None);
    send(&mut *producer, &name, 0, "a");
    send(&mut *producer, &name, 0, "b");
    assert!(producer.pending_bytes() > 0);
    producer.flush().unwrap();
    assert_eq!(producer.pending_bytes(), 0);
    let last = read(log, &tp(&name, 0), 0, 2)[1].0;
    assert_eq!(producer.written_end(handle, 0), Some(last + 1));
    assert_eq!(producer.written_end(handle, 1), None);
}
