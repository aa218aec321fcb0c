//! Even shares with as few moves as these allow.

use std::collections::BTreeMap;

use crate::assignment::{Assignment, Assignor, Family, GroupView};

/// Spreads the tasks of every sub-topology evenly, and all of them together too: who gets one more of one sub-topology
/// than others gets fewer of the next. Within these bounds tasks stay with whoever runs them, and the rest go out in
/// order, so that a fresh group gets ranges. There are no standbys, and lags are not looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct StickyAssignor;

impl Assignor for StickyAssignor {
    fn name(&self) -> &'static str {
        "sticky"
    }

    fn assign(&self, group: &GroupView) -> Assignment {
        let mut assignment = Assignment::default();
        let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
        for family in group.families().iter().filter(|family| !family.members.is_empty()) {
            for (task, member) in family.tasks.iter().zip(place(family, &totals)) {
                let member = family.members[member].id.as_str();
                *totals.entry(member).or_default() += 1;
                assignment.give(*task, member);
            }
        }
        assignment
    }
}

/// Who gets each task of the family, by the member's index; `totals` is what members have got so far.
fn place(family: &Family<'_>, totals: &BTreeMap<&str, usize>) -> Vec<usize> {
    let owner = |task| family.members.iter().position(|member| member.owned.contains(task));
    let owners: Vec<Option<usize>> = family.tasks.iter().map(owner).collect();
    let mut has = vec![0; family.members.len()];
    for owner in owners.iter().flatten() {
        has[*owner] += 1;
    }
    let mut room = quotas(family, &has, totals);
    let mut keep = |owner: Option<usize>| {
        let owner = owner.filter(|owner| room[*owner] > 0)?;
        room[owner] -= 1;
        Some(owner)
    };
    let kept: Vec<Option<usize>> = owners.into_iter().map(&mut keep).collect();
    let mut next = 0;
    let mut fill = || {
        while room.get(next) == Some(&0) {
            next += 1;
        }
        room[next] -= 1;
        next
    };
    kept.into_iter().map(|owner| owner.unwrap_or_else(&mut fill)).collect()
}

/// How many tasks each member gets: equal shares, and one more for those with the least so far; among these, for those
/// who have the most of this family now.
fn quotas(family: &Family<'_>, has: &[usize], totals: &BTreeMap<&str, usize>) -> Vec<usize> {
    let (tasks, members) = (family.tasks.len(), &family.members);
    let mut order: Vec<usize> = (0..members.len()).collect();
    let total = |member: usize| totals.get(members[member].id.as_str()).copied().unwrap_or(0);
    order.sort_by_key(|&member| (total(member), usize::MAX - has[member], member));
    let mut quotas = vec![tasks / members.len(); members.len()];
    for &member in order.iter().take(tasks % members.len()) {
        quotas[member] += 1;
    }
    quotas
}
