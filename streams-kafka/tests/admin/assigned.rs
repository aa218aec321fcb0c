//! What groups on a broker assign is what `RangeAssignor` computes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use streams_core::assignment::{Assignor, GroupView, MemberView, RangeAssignor, TaskView};
use streams_core::ids::{TaskId, TopicPartition};
use streams_core::log::NewTopic;
use streams_kafka::GroupProtocol;

use crate::members::Member;
use crate::support::*;

/// Sub-topologies with topics of different counts.
const COUNTS: [&[u32]; 4] = [&[4, 4], &[3, 2], &[5], &[1, 6, 6]];
const SESSION: Duration = Duration::from_secs(20);

fn topic(id: &str, sub: usize, number: usize) -> String {
    format!("{id}.{sub}.{number}")
}

/// What the assignor says of these members.
fn computed(
    id: &str,
    lists: &[Vec<String>],
    members: &[String],
) -> BTreeMap<String, BTreeSet<TopicPartition>> {
    let mut tasks = Vec::new();
    for (sub, counts) in COUNTS.iter().enumerate() {
        for partition in 0..counts.iter().copied().max().unwrap() {
            let with = counts.iter().enumerate().filter(|(_, count)| partition < **count);
            let inputs =
                with.map(|(number, _)| TopicPartition::new(topic(id, sub, number), partition)).collect();
            tasks.push(TaskView {
                id: TaskId { sub_topology: sub as u32, partition },
                inputs,
                has_state: true,
            });
        }
    }
    let topics: BTreeSet<String> = lists.iter().flatten().cloned().collect();
    let view = |id: &String| MemberView { id: id.clone(), topics: topics.clone(), ..MemberView::default() };
    let group = GroupView { members: members.iter().map(view).collect(), tasks };
    let assignment = RangeAssignor.assign(&group);
    let partitions = |member: &String| {
        let owned = group.tasks.iter().filter(|task| assignment.owner(task.id) == Some(member));
        owned.flat_map(|task| task.inputs.clone()).collect()
    };
    members.iter().map(|member| (member.clone(), partitions(member))).collect()
}

#[test]
#[allow(clippy::print_stderr, reason = "shown if the test fails")]
fn groups_of_both_protocols_assign_what_the_range_assignor_computes() {
    for protocol in [GroupProtocol::Classic, GroupProtocol::Consumer] {
        let log = log_with(|config| config.group_protocol = protocol);
        let id = unique("range");
        let list = |(sub, counts): (usize, &&[u32])| -> Vec<String> {
            (0..counts.len()).map(|number| topic(id, sub, number)).collect()
        };
        let lists: Vec<Vec<String>> = COUNTS.iter().enumerate().map(list).collect();
        let topics = lists.iter().zip(COUNTS).flat_map(|(list, counts)| list.iter().zip(counts));
        let topics: Vec<NewTopic> = topics.map(|(name, count)| NewTopic::new(name, *count)).collect();
        log.create_topics(&topics).unwrap();
        let mut members: Vec<Member> = Vec::new();
        for count in 1..=3 {
            members.push(Member::join(&*log, id, &format!("m{count}"), &lists, SESSION));
            let mut last = String::new();
            let found = wait_for("the assignment to be computed", || {
                members.iter_mut().for_each(|member| member.poll().unwrap());
                let ids: Vec<String> = members.iter().map(Member::id).collect();
                let expected = computed(id, &lists, &ids);
                let found: BTreeMap<_, _> =
                    members.iter().map(|member| (member.id(), member.owned.clone())).collect();
                let text = format!("{found:?} instead of {expected:?}");
                if text != last {
                    eprintln!("{protocol:?}, {count} members: {text}");
                    last = text;
                }
                (found == expected).then_some(found)
            });
            assert_eq!(found.values().map(BTreeSet::len).sum::<usize>(), 31);
        }
        members.iter_mut().for_each(|member| member.member.leave().unwrap());
    }
}
