//! Topics as they are: bytes, times, headers and positions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::ErrorKind;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{Committed, Log, Wakeup};
use streams_core::record::RecordBatch;
use streams_core::testing::{PATIENCE, wait_for, wait_until};

/// A record without its offset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Raw {
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) timestamp: i64,
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Partition and key.
pub(crate) type Place = (u32, Option<Vec<u8>>);

/// All records of a topic by partition and key, in order.
pub(crate) fn by_key(log: &dyn Log, topic: &str) -> BTreeMap<Place, Vec<Raw>> {
    let mut found: BTreeMap<Place, Vec<Raw>> = BTreeMap::new();
    for partition in partitions(log, topic) {
        let from = log.start_offset(&partition).unwrap();
        let number = partition.partition;
        each(log, &partition, from, |batch| {
            for record in batch.iter() {
                let headers = record.headers.iter();
                let raw = Raw {
                    value: record.value.map(<[u8]>::to_vec),
                    timestamp: record.timestamp,
                    headers: headers.map(|(n, v)| (n.to_owned(), v.map(<[u8]>::to_vec))).collect(),
                };
                found.entry((number, record.key.map(<[u8]>::to_vec))).or_default().push(raw);
            }
        });
    }
    found
}

/// The committed positions of `group` in these topics.
pub(crate) fn committed(
    log: &dyn Log,
    group: &str,
    topics: &[String],
) -> BTreeMap<TopicPartition, Committed> {
    let all: Vec<_> = topics.iter().flat_map(|topic| partitions(log, topic)).collect();
    // Not while a transaction of the group is being committed.
    let found = wait_for(format_args!("positions of {group}"), || log.committed(group, &all).ok());
    all.into_iter().zip(found).filter_map(|(p, c)| Some((p, c?))).collect()
}

/// How many committed records of these topics lie behind the committed positions of `group`.
pub(crate) fn pending(log: &dyn Log, group: &str, topics: &[String]) -> usize {
    let committed = committed(log, group, topics);
    let mut count = 0;
    for partition in topics.iter().flat_map(|topic| partitions(log, topic)) {
        let position = committed.get(&partition).map(|committed| committed.offset);
        let from = position.unwrap_or(0).max(log.start_offset(&partition).unwrap());
        each(log, &partition, from, |batch| count += batch.len());
    }
    count
}

/// Waits until `group` has committed everything in `inputs`, and then everything in `repartitions`.
pub(crate) fn wait_drained(log: &dyn Log, group: &str, inputs: &[String], repartitions: &[String]) {
    for topics in [inputs, repartitions] {
        let what = format_args!("{group} to come to the end of {topics:?}");
        wait_until(what, || pending(log, group, topics) == 0);
    }
}

pub(crate) fn partitions(log: &dyn Log, topic: &str) -> Vec<TopicPartition> {
    let count = log.describe_topic(topic).unwrap().map_or(0, |info| info.partitions);
    (0..count).map(|partition| TopicPartition::new(topic, partition)).collect()
}

fn each(log: &dyn Log, partition: &TopicPartition, from: Offset, mut take: impl FnMut(&RecordBatch)) {
    let end = log.end_offset(partition).unwrap();
    if from >= end {
        return;
    }
    let wakeup = Arc::new(Wakeup::new());
    let mut reader = log.open_reader(partition, from, &wakeup).unwrap();
    let mut batch = RecordBatch::new();
    let until = Instant::now() + PATIENCE;
    while reader.position() < end {
        assert!(Instant::now() < until, "{partition} ends at {end}, but is read to {}", reader.position());
        batch.clear();
        match reader.read(&mut batch, 1 << 20) {
            // Applications delete records of repartition topics that they have processed, also while these are read.
            Err(error) if error.kind() == ErrorKind::OffsetOutOfRange => {
                reader.seek(log.start_offset(partition).unwrap());
            }
            Ok(0) => {
                wakeup.wait(Duration::from_millis(20));
            }
            read => drop(read.unwrap()),
        }
        take(&batch);
    }
}
