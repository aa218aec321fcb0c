//! Who gets which partition: what members are subscribed to as tasks of an [`Assignor`], and its answer as partitions.
//!
//! Topics that are subscribed in one list, and lists that share a topic, are one *family*: partition `n` of all its
//! topics is one task and goes to one member. Where no member is subscribed to all of a family, as while a new version
//! is rolled out, each of its topics is a family of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::assignment::{Assignor, GroupView, MemberView, TaskView};
use crate::ids::{TaskId, TopicPartition};

/// A member of a group, by its id; ids sort as members should.
#[derive(Debug, Clone)]
pub(super) struct Subscriber<'a> {
    pub(super) member: &'a str,
    pub(super) subscription: &'a [Vec<String>],
}

/// The owner of every partition of the subscribed topics that exist (`topics`: name and number of partitions).
pub(super) fn assign(
    assignor: &dyn Assignor,
    members: &[Subscriber<'_>],
    topics: &BTreeMap<String, u32>,
    owned: &BTreeMap<TopicPartition, String>,
) -> BTreeMap<TopicPartition, String> {
    let group = view(members, topics, owned);
    let assignment = assignor.assign(&group);
    let mut target = BTreeMap::new();
    for (member, share) in &assignment.members {
        for task in group.tasks.iter().filter(|task| share.owned.contains(&task.id)) {
            target.extend(task.inputs.iter().map(|input| (input.clone(), member.clone())));
        }
    }
    target
}

/// The group as an assignor sees it.
fn view(
    members: &[Subscriber<'_>],
    topics: &BTreeMap<String, u32>,
    owned: &BTreeMap<TopicPartition, String>,
) -> GroupView {
    let mut views: Vec<MemberView> = members
        .iter()
        .map(|member| MemberView {
            id: member.member.to_owned(),
            topics: member.subscription.iter().flatten().cloned().collect(),
            ..MemberView::default()
        })
        .collect();
    let all_of =
        |family: &Vec<&str>| views.iter().any(|view| family.iter().all(|topic| view.topics.contains(*topic)));
    let agreed = families(members, topics).into_iter().flat_map(|family| match all_of(&family) {
        true => vec![family],
        false => family.into_iter().map(|topic| vec![topic]).collect(),
    });
    let count = |topic: &str| topics.get(topic).copied().unwrap_or(0);
    let mut tasks = Vec::new();
    for (family, number) in agreed.collect::<Vec<_>>().into_iter().zip(0..) {
        for partition in 0..family.iter().map(|topic| count(topic)).max().unwrap_or(0) {
            let with = family.iter().filter(|topic| partition < count(topic));
            let inputs: Vec<_> = with.map(|topic| TopicPartition::new(*topic, partition)).collect();
            let id = TaskId { sub_topology: number, partition };
            let owner = inputs.iter().find_map(|input| owned.get(input));
            if let Some(view) = views.iter_mut().find(|view| Some(&view.id) == owner) {
                view.owned.insert(id);
            }
            // A group is not told which of its tasks have state.
            tasks.push(TaskView { id, inputs, has_state: true });
        }
    }
    GroupView { members: views, tasks }
}

/// The topics that exist, put together where a list names them together; each family sorted, and their list too.
fn families<'a>(members: &[Subscriber<'a>], topics: &BTreeMap<String, u32>) -> Vec<Vec<&'a str>> {
    let mut families: Vec<BTreeSet<&str>> = Vec::new();
    for list in members.iter().flat_map(|m| m.subscription) {
        let mut family: BTreeSet<&str> =
            list.iter().map(String::as_str).filter(|t| topics.contains_key(*t)).collect();
        if family.is_empty() {
            continue;
        }
        families.retain(|other| {
            let apart = other.is_disjoint(&family);
            if !apart {
                family.extend(other);
            }
            apart
        });
        families.push(family);
    }
    let mut sorted: Vec<Vec<&str>> = families.into_iter().map(|f| f.into_iter().collect()).collect();
    sorted.sort();
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignment::StickyAssignor;
    use proptest::prelude::*;

    /// Lists over distinct topics, with their numbers of partitions.
    fn lists() -> impl Strategy<Value = Vec<Vec<u32>>> {
        prop::collection::vec(prop::collection::vec(1..9_u32, 1..3), 1..4)
    }

    proptest! {
        #[test]
        fn every_partition_has_one_owner_spread_evenly_and_what_can_stay_stays(
            lists in lists(),
            joins in prop::collection::vec(1..6_usize, 1..5),
        ) {
            let mut topics = BTreeMap::new();
            let mut subscription: Vec<Vec<String>> = Vec::new();
            for (l, list) in lists.iter().enumerate() {
                subscription.push((0..list.len()).map(|t| format!("{l}-{t}")).collect());
                topics.extend(list.iter().enumerate().map(|(t, count)| (format!("{l}-{t}"), *count)));
            }
            let mut owned = BTreeMap::new();
            for count in joins {
                let ids: Vec<String> = (0..count).map(|m| format!("m{m}")).collect();
                let members: Vec<Subscriber<'_>> =
                    ids.iter().map(|member| Subscriber { member, subscription: &subscription }).collect();
                owned.retain(|_, owner| ids.contains(owner));
                let target = assign(&StickyAssignor, &members, &topics, &owned);
                prop_assert_eq!(target.len() as u32, topics.values().sum::<u32>());
                let mut totals = vec![0; count];
                for (l, list) in lists.iter().enumerate() {
                    let units = list.iter().max().copied().unwrap_or(0);
                    let mut shares = vec![0; count];
                    for unit in 0..units {
                        let owners: BTreeSet<&String> = (0..list.len())
                            .filter_map(|t| target.get(&TopicPartition::new(format!("{l}-{t}"), unit)))
                            .collect();
                        prop_assert_eq!(owners.len(), 1, "a unit was split");
                        let member = ids.iter().position(|id| owners.contains(id));
                        shares[member.unwrap_or(0)] += 1;
                    }
                    prop_assert!(shares.iter().max() <= shares.iter().min().map(|m| m + 1).as_ref());
                    totals.iter_mut().zip(shares).for_each(|(total, share)| *total += share);
                }
                prop_assert!(totals.iter().max() <= totals.iter().min().map(|m| m + 1).as_ref(), "{:?}", totals);
                prop_assert_eq!(&assign(&StickyAssignor, &members, &topics, &target), &target, "moved without a reason");
                owned = target;
            }
        }
    }

    #[test]
    fn a_fresh_group_gets_ranges() {
        let topics = BTreeMap::from([("t".to_owned(), 5)]);
        let subscription = [vec!["t".to_owned()]];
        let members = ["a", "b"].map(|member| Subscriber { member, subscription: &subscription });
        let target = assign(&StickyAssignor, &members, &topics, &BTreeMap::new());
        let owners: Vec<&str> = target.values().map(String::as_str).collect();
        assert_eq!(owners, ["a", "a", "a", "b", "b"]);
    }
}
