//! Laws of consumer groups.

use std::time::Duration;

use super::Law;
use super::helpers::{TestMember, append, at, settle, topic, tp, unique};
use crate::log::{GroupEvent, Log, NewTopic};
use crate::testing::wait_for;

const SESSION: Duration = Duration::from_secs(10);

pub const LAWS: &[Law] = &[
    ("one member gets all partitions", one_gets_all),
    ("partitions are spread evenly and change hands only after an acknowledgement", hand_over),
    ("partition n of all topics of a list goes to one member", lists_stay_together),
    ("a member that leaves is replaced", leaving_hands_over),
    ("a member whose session times out loses its partitions and is fenced", timeout_loses),
    ("a topic that appears is picked up", new_topics_are_picked_up),
    ("what stays with a member is not interrupted", the_rest_stays),
    ("the members of a group are listed until they leave", members_are_listed),
];

fn one_gets_all(log: &dyn Log) {
    let (name, group) = (topic(log, 3), unique("group"));
    append(log, &name, 2, &["a"]);
    let mut member = TestMember::join(log, &group, &[&[&name]], SESSION);
    member.settle(3);
    let wakeup = std::sync::Arc::default();
    let mut reader = member.member.reader(&tp(&name, 2), 0, &wakeup).unwrap();
    let mut batch = Default::default();
    wait_for("the record", || (reader.read(&mut batch, 1000).unwrap() == 1).then_some(()));
    assert!(member.member.reader(&tp(&topic(log, 1), 0), 0, &wakeup).is_err());
    member.member.leave().unwrap();
}

fn hand_over(log: &dyn Log) {
    let (name, group) = (topic(log, 4), unique("group"));
    let mut one = TestMember::join(log, &group, &[&[&name]], SESSION);
    one.settle(4);
    let mut two = TestMember::join(log, &group, &[&[&name]], SESSION);
    let given_up = wait_for("partitions to be given up", || {
        two.poll();
        assert!(two.owned.is_empty(), "assigned before the owner gave it up");
        match one.poll() {
            Some(GroupEvent::Revoked(list) | GroupEvent::Suspended(list)) => Some(list),
            _ => None,
        }
    });
    // It is still the owner: what it has done so far can be committed.
    two.poll();
    assert!(two.owned.is_empty(), "assigned before the owner acknowledged");
    for partition in &given_up {
        one.member.commit(&[(partition.clone(), at(1))]).unwrap();
    }
    settle(&mut [&mut one, &mut two], &[2, 2]);
    let moved: Vec<_> = given_up.into_iter().filter(|p| !one.owned.contains(p)).collect();
    assert_eq!(moved.len(), 2);
    for partition in moved {
        assert!(one.member.commit(&[(partition.clone(), at(2))]).unwrap_err().is_fenced());
        assert_eq!(log.committed(&group, &[partition]).unwrap(), [Some(at(1))]);
    }
    one.member.leave().unwrap();
    two.member.leave().unwrap();
}

fn lists_stay_together(log: &dyn Log) {
    let (a, b, c) = (topic(log, 4), topic(log, 4), topic(log, 2));
    let group = unique("group");
    let lists: &[&[&str]] = &[&[&a, &b], &[&c]];
    let mut one = TestMember::join(log, &group, lists, SESSION);
    let mut two = TestMember::join(log, &group, lists, SESSION);
    settle(&mut [&mut one, &mut two], &[5, 5]);
    for n in 0..4 {
        assert_eq!(one.owned.contains(&tp(&a, n)), one.owned.contains(&tp(&b, n)), "partition {n}");
    }
    assert_ne!(one.owned.contains(&tp(&c, 0)), one.owned.contains(&tp(&c, 1)));
    one.member.leave().unwrap();
    two.member.leave().unwrap();
}

fn leaving_hands_over(log: &dyn Log) {
    let (name, group) = (topic(log, 5), unique("group"));
    let mut one = TestMember::join(log, &group, &[&[&name]], SESSION);
    let mut two = TestMember::join(log, &group, &[&[&name]], SESSION);
    let mut three = TestMember::join(log, &group, &[&[&name]], SESSION);
    wait_for("an even assignment", || {
        for member in [&mut one, &mut two, &mut three] {
            member.poll();
        }
        let mut counts = [&one, &two, &three].map(|m| m.owned.len());
        counts.sort_unstable();
        (counts == [1, 2, 2]).then_some(())
    });
    two.member.leave().unwrap();
    three.member.leave().unwrap();
    one.settle(5);
    one.member.leave().unwrap();
}

fn timeout_loses(log: &dyn Log) {
    let (name, group) = (topic(log, 2), unique("group"));
    // A broker has to allow it: `group.min.session.timeout.ms`.
    let session = Duration::from_millis(300);
    let mut slow = TestMember::join(log, &group, &[&[&name]], session);
    slow.settle(2);
    let mut quick = TestMember::join(log, &group, &[&[&name]], SESSION);
    quick.settle(2);
    assert!(slow.member.commit(&[(tp(&name, 0), at(1))]).unwrap_err().is_fenced());
    let lost = wait_for("the loss", || slow.poll());
    let mut all = vec![tp(&name, 0), tp(&name, 1)];
    let GroupEvent::Lost(mut list) = lost else { panic!("{lost:?} instead of a loss") };
    list.sort();
    all.sort();
    assert_eq!(list, all);
    // It is a member again and gets its share.
    settle(&mut [&mut slow, &mut quick], &[1, 1]);
    slow.member.leave().unwrap();
    quick.member.leave().unwrap();
}

fn new_topics_are_picked_up(log: &dyn Log) {
    let (name, later, group) = (topic(log, 1), unique("law"), unique("group"));
    let mut member = TestMember::join(log, &group, &[&[&name, &later]], SESSION);
    member.settle(1);
    log.create_topics(&[NewTopic::new(&later, 2)]).unwrap();
    member.settle(3);
    assert!(!member.events.iter().any(|event| matches!(event, GroupEvent::Revoked(_))));
    member.member.leave().unwrap();
}

fn the_rest_stays(log: &dyn Log) {
    let (name, group) = (topic(log, 6), unique("group"));
    let mut one = TestMember::join(log, &group, &[&[&name]], SESSION);
    one.settle(6);
    let mut two = TestMember::join(log, &group, &[&[&name]], SESSION);
    settle(&mut [&mut one, &mut two], &[3, 3]);
    let taken: usize = one
        .events
        .iter()
        .map(|event| if let GroupEvent::Revoked(list) = event { list.len() } else { 0 })
        .sum();
    assert_eq!(taken, 3, "more was revoked than has to move");
    one.member.leave().unwrap();
    two.member.leave().unwrap();
}

fn members_are_listed(log: &dyn Log) {
    let (name, group) = (topic(log, 2), unique("group"));
    assert_eq!(log.group_members(&group).unwrap(), []);
    let mut one = TestMember::join(log, &group, &[&[&name]], SESSION);
    let mut two = TestMember::join(log, &group, &[&[&name]], SESSION);
    settle(&mut [&mut one, &mut two], &[1, 1]);
    let mut ids = [&one, &two].map(|member| member.member.metadata().member);
    ids.sort_unstable();
    let found = log.group_members(&group).unwrap();
    assert_eq!(found.iter().map(|member| member.id.clone()).collect::<Vec<_>>(), ids);
    assert!(found.iter().all(|member| member.name == "law"), "{found:?}");
    two.member.leave().unwrap();
    one.settle(2);
    assert_eq!(log.group_members(&group).unwrap().len(), 1);
    one.member.leave().unwrap();
    wait_for("the group to be empty", || log.group_members(&group).unwrap().is_empty().then_some(()));
}
