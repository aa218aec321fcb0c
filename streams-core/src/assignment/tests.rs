//! What every assignor must keep to, and what each of them does besides.

use proptest::prelude::*;

use super::*;

/// Sub-topologies with the partition counts of their topics, and the topics that members are not subscribed to.
fn groups() -> impl Strategy<Value = GroupView> {
    let subs = prop::collection::vec(prop::collection::vec(1..9_u32, 1..4), 1..4);
    let members = prop::collection::vec(prop::collection::vec((0..4_usize, 0..4_usize), 0..2), 1..6);
    (subs, members, prop::collection::vec(0..6_usize, 0..40)).prop_map(|(subs, members, owners)| {
        let topic = |sub: usize, topic: usize| format!("{sub}-{topic}");
        let mut tasks = Vec::new();
        for (sub, counts) in subs.iter().enumerate() {
            for partition in 0..counts.iter().copied().max().unwrap_or(0) {
                let with = counts.iter().enumerate().filter(|(_, count)| partition < **count);
                let inputs = with.map(|(t, _)| TopicPartition::new(topic(sub, t), partition)).collect();
                let id = TaskId { sub_topology: sub as u32, partition };
                tasks.push(TaskView { id, inputs, has_state: true });
            }
        }
        let all: BTreeSet<String> =
            subs.iter().enumerate().flat_map(|(sub, c)| (0..c.len()).map(move |t| topic(sub, t))).collect();
        let member = |(index, without): (usize, &Vec<(usize, usize)>)| {
            let mut topics = all.clone();
            without.iter().for_each(|(sub, t)| _ = topics.remove(&topic(*sub, *t)));
            let owned = tasks.iter().zip(&owners).filter(|(_, owner)| **owner == index);
            let owned = owned.map(|(task, _)| task.id).collect();
            MemberView { id: format!("m{index}"), topics, owned, ..MemberView::default() }
        };
        GroupView { members: members.iter().enumerate().map(member).collect(), tasks }
    })
}

/// What every assignor must keep to.
fn keeps_the_contract(assignor: &dyn Assignor, group: &GroupView) -> Result<Assignment, TestCaseError> {
    let assignment = assignor.assign(group);
    for family in group.families() {
        let ids: Vec<&str> = family.members.iter().map(|member| member.id.as_str()).collect();
        let mut shares: BTreeMap<&str, usize> = ids.iter().map(|id| (*id, 0)).collect();
        for task in &family.tasks {
            let owners: Vec<&String> = assignment
                .members
                .iter()
                .filter(|(_, share)| share.owned.contains(task))
                .map(|(member, _)| member)
                .collect();
            prop_assert_eq!(owners.len(), usize::from(!ids.is_empty()), "owners of {}", task);
            for owner in owners {
                // Who may run it reads all of its inputs.
                prop_assert!(ids.contains(&owner.as_str()), "{} may not run {}", owner, task);
                *shares.entry(owner).or_default() += 1;
            }
        }
        let (least, most) = (shares.values().min(), shares.values().max());
        prop_assert!(most.zip(least).is_none_or(|(most, least)| most - least <= 1), "{:?}", shares);
    }
    prop_assert!(assignment.members.values().all(|share| share.standbys.is_empty()));
    let mut turned = group.clone();
    turned.members.reverse();
    turned.tasks.reverse();
    prop_assert_eq!(&assignor.assign(&turned), &assignment, "the order decided");
    Ok(assignment)
}

proptest! {
    #[test]
    fn every_task_has_one_owner_that_reads_all_its_inputs_and_shares_are_even(group in groups()) {
        keeps_the_contract(&RangeAssignor, &group)?;
        keeps_the_contract(&StickyAssignor, &group)?;
    }

    #[test]
    fn ranges_depend_on_nothing_but_ids_and_topics(group in groups()) {
        let mut fresh = group.clone();
        fresh.members.iter_mut().for_each(|member| member.owned.clear());
        prop_assert_eq!(RangeAssignor.assign(&group), RangeAssignor.assign(&fresh));
        for family in group.families().iter().filter(|family| !family.members.is_empty()) {
            let assignment = RangeAssignor.assign(&group);
            let owners: Vec<_> = family.tasks.iter().map(|task| assignment.owner(*task)).collect();
            prop_assert!(owners.is_sorted(), "{:?}", owners);
        }
    }

    #[test]
    fn a_sticky_assignment_moves_nothing_when_nothing_has_changed(group in groups()) {
        let first = StickyAssignor.assign(&group);
        let mut again = group;
        for member in &mut again.members {
            member.owned = first.members.get(&member.id).map(|share| share.owned.clone()).unwrap_or_default();
        }
        prop_assert_eq!(StickyAssignor.assign(&again), first);
    }
}

#[test]
fn a_fresh_group_gets_ranges_from_both() {
    let id = |partition| TaskId { sub_topology: 0, partition };
    let task = |partition| TaskView {
        id: id(partition),
        inputs: vec![TopicPartition::new("t", partition)],
        has_state: false,
    };
    let member = |id: &str| MemberView {
        id: id.to_owned(),
        topics: BTreeSet::from(["t".to_owned()]),
        ..MemberView::default()
    };
    let group = GroupView { members: ["b", "a"].map(member).into(), tasks: (0..5).map(task).collect() };
    for assignor in [&RangeAssignor as &dyn Assignor, &StickyAssignor] {
        let assignment = assignor.assign(&group);
        let owners: Vec<_> =
            (0..5).map(|partition| assignment.owner(id(partition)).unwrap_or_default()).collect();
        assert_eq!(owners, ["a", "a", "a", "b", "b"], "{}", assignor.name());
    }
}
