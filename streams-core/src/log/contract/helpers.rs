//! What the laws are written with.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::ids::{Offset, TopicPartition};
use crate::log::{
    Committed, GroupEvent, GroupMember, GroupOptions, Log, NewTopic, Producer, ProducerOptions, Wakeup,
};
use crate::record::{RecordBatch, RecordView};
use crate::testing::wait_for;

/// How long something that must not happen is watched for.
const QUIET: Duration = Duration::from_millis(20);

/// A name that nothing else on the cluster has.
pub(super) fn unique(what: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{what}-{}-{now}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A new topic; its name.
pub(super) fn topic(log: &dyn Log, partitions: u32) -> String {
    let name = unique("law");
    log.create_topics(&[NewTopic::new(&name, partitions)]).unwrap();
    name
}

pub(super) fn tp(topic: &str, partition: u32) -> TopicPartition {
    TopicPartition::new(topic, partition)
}

pub(super) fn at(offset: Offset) -> Committed {
    Committed { offset, metadata: String::new() }
}

pub(super) fn transactional(log: &dyn Log, id: &str) -> Box<dyn Producer> {
    log.open_producer(ProducerOptions { transactional_id: Some(id.to_owned()) }).unwrap()
}

pub(super) fn send(producer: &mut dyn Producer, topic: &str, partition: u32, value: &str) {
    let handle = producer.topic(topic).unwrap();
    let record =
        RecordView { key: Some(b"k"), value: Some(value.as_bytes()), timestamp: 7, ..Default::default() };
    producer.send(handle, partition, record).unwrap();
}

/// Sends without a transaction and waits until it is in the log.
pub(super) fn append(log: &dyn Log, topic: &str, partition: u32, values: &[&str]) {
    let mut producer = log.open_producer(ProducerOptions::default()).unwrap();
    for value in values {
        send(&mut *producer, topic, partition, value);
    }
    producer.flush().unwrap();
}

/// Reads from `from` until `count` records came; their offsets and values.
pub(super) fn read(
    log: &dyn Log,
    partition: &TopicPartition,
    from: Offset,
    count: usize,
) -> Vec<(Offset, String)> {
    let wakeup = Arc::new(Wakeup::new());
    let mut reader = log.open_reader(partition, from, &wakeup).unwrap();
    let mut batch = RecordBatch::new();
    wait_for(format!("{count} records of {partition}"), || {
        reader.read(&mut batch, 1 << 20).unwrap();
        (batch.len() >= count).then_some(())
    });
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    batch.iter().map(|r| (r.offset, text(r.value.unwrap()))).collect()
}

pub(super) fn values(log: &dyn Log, partition: &TopicPartition, count: usize) -> Vec<String> {
    read(log, partition, log.start_offset(partition).unwrap(), count).into_iter().map(|(_, v)| v).collect()
}

/// Asserts that a reader sees no record there, now and for a little while.
pub(super) fn nothing_from(log: &dyn Log, partition: &TopicPartition, from: Offset) {
    let mut reader = log.open_reader(partition, from, &Arc::new(Wakeup::new())).unwrap();
    let mut batch = RecordBatch::new();
    let until = Instant::now() + QUIET;
    while Instant::now() < until {
        assert_eq!(reader.read(&mut batch, 1 << 20).unwrap(), 0, "{partition} has records from {from} on");
        std::thread::yield_now();
    }
}

/// A member of a group with what it owns.
pub(super) struct TestMember {
    pub(super) member: Box<dyn GroupMember>,
    pub(super) owned: BTreeSet<TopicPartition>,
    /// Given up for the time being.
    suspended: BTreeSet<TopicPartition>,
    pub(super) events: Vec<GroupEvent>,
}

impl TestMember {
    pub(super) fn join(log: &dyn Log, group: &str, lists: &[&[&str]], session: Duration) -> Self {
        let options = GroupOptions {
            group: group.to_owned(),
            member_name: "law".to_owned(),
            subscription: lists.iter().map(|l| l.iter().map(|t| (*t).to_owned()).collect()).collect(),
            session_timeout: session,
        };
        let member = log.join_group(options, &Arc::new(Wakeup::new())).unwrap();
        let (owned, suspended) = (BTreeSet::new(), BTreeSet::new());
        TestMember { member, owned, suspended, events: Vec::new() }
    }

    /// Polls once.
    pub(super) fn poll(&mut self) -> Option<GroupEvent> {
        let event = self.member.poll().unwrap()?;
        match &event {
            GroupEvent::Assigned(list) => {
                for partition in list {
                    self.suspended.remove(partition);
                    assert!(self.owned.insert(partition.clone()), "{partition} assigned twice");
                }
            }
            GroupEvent::Suspended(list) => {
                for partition in list {
                    assert!(self.owned.remove(partition), "{partition} suspended but not owned");
                    self.suspended.insert(partition.clone());
                }
            }
            GroupEvent::Revoked(list) | GroupEvent::Lost(list) => {
                for partition in list {
                    let had = self.owned.remove(partition) | self.suspended.remove(partition);
                    assert!(had, "{partition} taken but not owned");
                }
            }
        }
        self.events.push(event.clone());
        Some(event)
    }

    /// Polls this member alone until it owns `count` partitions.
    pub(super) fn settle(&mut self, count: usize) {
        wait_for(format!("{count} partitions"), || {
            self.poll();
            (self.owned.len() == count).then_some(())
        });
    }
}

/// Polls all members in turn until they own as many partitions as `counts` says, each at most once at any time.
pub(super) fn settle(members: &mut [&mut TestMember], counts: &[usize]) {
    wait_for(format!("an assignment of {counts:?}"), || {
        for member in members.iter_mut() {
            member.poll();
        }
        let all: Vec<_> = members.iter().flat_map(|m| m.owned.iter()).collect();
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), distinct.len(), "a partition has two owners");
        members.iter().zip(counts).all(|(m, count)| m.owned.len() == *count).then_some(())
    });
}
