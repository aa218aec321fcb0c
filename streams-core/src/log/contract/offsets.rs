//! Laws of committed offsets outside of transactions.

use std::time::Duration;

use super::Law;
use super::helpers::{TestMember, at, topic, tp, unique};
use crate::error::ErrorKind;
use crate::log::{Log, ProducerOptions};
use crate::record::RecordView;
use crate::testing::wait_for;

pub const LAWS: &[Law] = &[
    ("a member commits what it owns", members_commit),
    ("offsets of a group without members can be set and removed", offsets_are_altered),
    ("the first record of a time or later is found", times_are_found),
    ("offsets of a group with members cannot be altered", active_groups_are_fenced),
];

fn members_commit(log: &dyn Log) {
    let (name, group) = (topic(log, 2), unique("group"));
    let mut member = TestMember::join(log, &group, &[&[&name]], Duration::from_secs(10));
    member.settle(2);
    let mut committed = at(7);
    committed.metadata = "m".into();
    member.member.commit(&[(tp(&name, 1), committed.clone())]).unwrap();
    let found = log.committed(&group, &[tp(&name, 0), tp(&name, 1)]).unwrap();
    assert_eq!(found, [None, Some(committed.clone())]);
    member.member.leave().unwrap();
    assert_eq!(log.committed(&group, &[tp(&name, 1)]).unwrap(), [Some(committed)]);
    assert_eq!(member.member.poll().unwrap_err().kind(), ErrorKind::Closed);
    let other = unique("group");
    assert_eq!(log.committed(&other, &[tp(&name, 1)]).unwrap(), [None]);
}

fn offsets_are_altered(log: &dyn Log) {
    let (name, group) = (topic(log, 2), unique("group"));
    log.alter_committed(&group, &[(tp(&name, 0), Some(at(4))), (tp(&name, 1), Some(at(5)))]).unwrap();
    assert_eq!(log.committed(&group, &[tp(&name, 0)]).unwrap(), [Some(at(4))]);
    log.alter_committed(&group, &[(tp(&name, 0), None)]).unwrap();
    assert_eq!(log.committed(&group, &[tp(&name, 0), tp(&name, 1)]).unwrap(), [None, Some(at(5))]);
}

fn active_groups_are_fenced(log: &dyn Log) {
    let (name, group) = (topic(log, 1), unique("group"));
    let mut member = TestMember::join(log, &group, &[&[&name]], Duration::from_secs(10));
    member.settle(1);
    let altered = log.alter_committed(&group, &[(tp(&name, 0), Some(at(4)))]);
    assert!(altered.unwrap_err().is_fenced());
    member.member.leave().unwrap();
    wait_for("the group to be empty", || log.alter_committed(&group, &[(tp(&name, 0), Some(at(4)))]).ok());
}

fn times_are_found(log: &dyn Log) {
    let name = topic(log, 2);
    let partition = tp(&name, 0);
    let mut producer = log.open_producer(ProducerOptions::default()).unwrap();
    let handle = producer.topic(&name).unwrap();
    for timestamp in [10, 30, 20, 40] {
        producer.send(handle, 0, RecordView { timestamp, value: Some(b"v"), ..Default::default() }).unwrap();
    }
    producer.flush().unwrap();
    let start = log.start_offset(&partition).unwrap();
    for (timestamp, index) in [(5, 0), (10, 0), (11, 1), (20, 1), (31, 3)] {
        assert_eq!(log.offset_at(&partition, timestamp).unwrap(), start + index, "at {timestamp}");
    }
    assert_eq!(log.offset_at(&partition, 41).unwrap(), log.end_offset(&partition).unwrap());
    assert_eq!(log.offset_at(&tp(&name, 1), 5).unwrap(), log.end_offset(&tp(&name, 1)).unwrap());
}
