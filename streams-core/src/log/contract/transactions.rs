//! Laws of transactions.

use std::time::Duration;

use super::Law;
use super::helpers::{TestMember, append, at, nothing_from, send, topic, tp, transactional, unique, values};
use crate::error::ErrorKind;
use crate::log::Log;
use crate::testing::wait_for;

const SESSION: Duration = Duration::from_secs(10);

pub const LAWS: &[Law] = &[
    ("nothing of a transaction is read before its commit, all of it after", visible_at_commit),
    ("an aborted transaction is never read", aborted_is_never_read),
    ("a commit covers offsets", commit_covers_offsets),
    ("an abort forgets offsets", abort_forgets_offsets),
    ("a newer producer fences the older one and its open transaction", newer_producer_fences),
    ("a transaction of a member without the partition is fenced whole", foreign_offsets_fence),
    ("a large transaction is atomic", large_is_atomic),
    ("calls in an order without meaning are errors", misuse_is_an_error),
    ("transactions of several producers do not mix", producers_do_not_mix),
];

fn visible_at_commit(log: &dyn Log) {
    let (one, two) = (topic(log, 2), topic(log, 1));
    let mut producer = transactional(log, &unique("tx"));
    producer.begin().unwrap();
    for n in 0..10 {
        send(&mut *producer, &one, n % 2, &n.to_string());
        send(&mut *producer, &two, 0, &n.to_string());
    }
    for partition in [tp(&one, 0), tp(&one, 1), tp(&two, 0)] {
        nothing_from(log, &partition, 0);
        assert_eq!(log.end_offset(&partition).unwrap(), 0);
    }
    producer.commit().unwrap();
    assert_eq!(values(log, &tp(&one, 0), 5), ["0", "2", "4", "6", "8"]);
    assert_eq!(values(log, &tp(&one, 1), 5), ["1", "3", "5", "7", "9"]);
    assert_eq!(values(log, &tp(&two, 0), 10).len(), 10);
    let handle = producer.topic(&two).unwrap();
    assert!(producer.written_end(handle, 0).unwrap() <= log.end_offset(&tp(&two, 0)).unwrap());
}

fn aborted_is_never_read(log: &dyn Log) {
    let name = topic(log, 1);
    let mut producer = transactional(log, &unique("tx"));
    for (value, commit) in [("a", true), ("b", false), ("c", true), ("d", false)] {
        producer.begin().unwrap();
        send(&mut *producer, &name, 0, value);
        if commit { producer.commit().unwrap() } else { producer.abort().unwrap() }
    }
    assert_eq!(values(log, &tp(&name, 0), 2), ["a", "c"]);
}

fn commit_covers_offsets(log: &dyn Log) {
    let (input, output, group) = (topic(log, 2), topic(log, 1), unique("group"));
    append(log, &input, 0, &["a", "b", "c"]);
    let mut member = TestMember::join(log, &group, &[&[&input]], SESSION);
    member.settle(2);
    let mut producer = transactional(log, &unique("tx"));
    producer.begin().unwrap();
    send(&mut *producer, &output, 0, "out");
    let mut committed = at(3);
    committed.metadata = "stream time 9".into();
    producer.send_offsets(&member.member.metadata(), &[(tp(&input, 0), committed.clone())]).unwrap();
    assert_eq!(log.committed(&group, &[tp(&input, 0)]).unwrap(), [None]);
    producer.commit().unwrap();
    let found = log.committed(&group, &[tp(&input, 1), tp(&input, 0)]).unwrap();
    assert_eq!(found, [None, Some(committed)]);
    assert_eq!(values(log, &tp(&output, 0), 1), ["out"]);
    // Offsets alone are a transaction too.
    producer.begin().unwrap();
    producer.send_offsets(&member.member.metadata(), &[(tp(&input, 1), at(0))]).unwrap();
    producer.commit().unwrap();
    assert_eq!(log.committed(&group, &[tp(&input, 1)]).unwrap(), [Some(at(0))]);
}

fn abort_forgets_offsets(log: &dyn Log) {
    let (input, group) = (topic(log, 1), unique("group"));
    let mut member = TestMember::join(log, &group, &[&[&input]], SESSION);
    member.settle(1);
    let mut producer = transactional(log, &unique("tx"));
    producer.begin().unwrap();
    producer.send_offsets(&member.member.metadata(), &[(tp(&input, 0), at(3))]).unwrap();
    producer.abort().unwrap();
    producer.begin().unwrap();
    producer.commit().unwrap();
    assert_eq!(log.committed(&group, &[tp(&input, 0)]).unwrap(), [None]);
}

fn newer_producer_fences(log: &dyn Log) {
    let (name, id) = (topic(log, 1), unique("tx"));
    let mut old = transactional(log, &id);
    old.begin().unwrap();
    send(&mut *old, &name, 0, "old");
    let mut new = transactional(log, &id);
    new.begin().unwrap();
    send(&mut *new, &name, 0, "new");
    new.commit().unwrap();
    let error = old.commit().unwrap_err();
    assert!(error.is_fenced(), "{error}");
    assert_eq!(values(log, &tp(&name, 0), 1), ["new"]);
    let again = old.abort().and_then(|()| old.begin()).and_then(|()| old.commit());
    assert!(again.unwrap_err().is_fenced());
}

fn foreign_offsets_fence(log: &dyn Log) {
    let (input, output, group) = (topic(log, 2), topic(log, 1), unique("group"));
    let mut member = TestMember::join(log, &group, &[&[&input]], SESSION);
    member.settle(2);
    let metadata = member.member.metadata();
    member.member.leave().unwrap();
    let mut producer = transactional(log, &unique("tx"));
    producer.begin().unwrap();
    send(&mut *producer, &output, 0, "out");
    let sent = producer.send_offsets(&metadata, &[(tp(&input, 0), at(1))]);
    let error = sent.and_then(|()| producer.commit()).unwrap_err();
    assert!(error.is_fenced(), "{error}");
    producer.abort().unwrap();
    nothing_from(log, &tp(&output, 0), 0);
    assert_eq!(log.committed(&group, &[tp(&input, 0)]).unwrap(), [None]);
}

fn large_is_atomic(log: &dyn Log) {
    let name = topic(log, 3);
    let value = "x".repeat(10_000);
    let mut producer = transactional(log, &unique("tx"));
    producer.begin().unwrap();
    for n in 0..600 {
        send(&mut *producer, &name, n % 3, &value);
    }
    assert!(producer.pending_bytes() >= 6_000_000);
    producer.commit().unwrap();
    for n in 0..3 {
        let got = values(log, &tp(&name, n), 200);
        assert!(got.len() == 200 && got.iter().all(|v| *v == value));
    }
}

fn misuse_is_an_error(log: &dyn Log) {
    let name = topic(log, 1);
    let mut producer = transactional(log, &unique("tx"));
    assert_eq!(producer.commit().unwrap_err().kind(), ErrorKind::Misuse);
    let handle = producer.topic(&name).unwrap();
    assert_eq!(producer.send(handle, 0, Default::default()).unwrap_err().kind(), ErrorKind::Misuse);
    producer.begin().unwrap();
    assert_eq!(producer.begin().unwrap_err().kind(), ErrorKind::Misuse);
    producer.commit().unwrap();
    let mut plain = log.open_producer(Default::default()).unwrap();
    assert_eq!(plain.begin().unwrap_err().kind(), ErrorKind::Misuse);
}

fn producers_do_not_mix(log: &dyn Log) {
    let name = topic(log, 1);
    let (mut one, mut two) = (transactional(log, &unique("tx")), transactional(log, &unique("tx")));
    one.begin().unwrap();
    two.begin().unwrap();
    send(&mut *one, &name, 0, "one");
    send(&mut *two, &name, 0, "two");
    two.commit().unwrap();
    one.abort().unwrap();
    wait_for("the one that was committed", || (values(log, &tp(&name, 0), 1) == ["two"]).then_some(()));
}
