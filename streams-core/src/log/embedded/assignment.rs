//! Who gets which partition: a pure function of members, topics and what is owned now.
//!
//! Topics that are subscribed in one list, and lists that share a topic, are one *family*: partition `n` of all its
//! topics is one unit and goes to one member. Every family is spread evenly over the members that subscribe to all
//! of it; who gets one more than others in one family gets fewer of those in the others. Within these bounds units
//! stay where they are, and the rest go out in order, so that a fresh group gets ranges.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::TopicPartition;

/// A member of a group, by its id; ids sort as members should.
#[derive(Debug, Clone)]
pub(super) struct Subscriber<'a> {
    pub(super) member: &'a str,
    pub(super) subscription: &'a [Vec<String>],
}

/// The owner of every partition of the subscribed topics that exist (`topics`: name and number of partitions).
pub(super) fn assign(
    members: &[Subscriber<'_>],
    topics: &BTreeMap<String, u32>,
    owned: &BTreeMap<TopicPartition, String>,
) -> BTreeMap<TopicPartition, String> {
    let mut target = BTreeMap::new();
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    for family in families(members, topics) {
        let eligible = subscribers(members, &family);
        if !eligible.is_empty() {
            assign_family(&family, &eligible, topics, owned, &mut totals, &mut target);
            continue;
        }
        // The members disagree about what belongs together, as while a new version is rolled out.
        for topic in family {
            let family = vec![topic];
            let eligible = subscribers(members, &family);
            assign_family(&family, &eligible, topics, owned, &mut totals, &mut target);
        }
    }
    target
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

/// The members that subscribe to every topic of the family, sorted.
fn subscribers<'a>(members: &[Subscriber<'a>], family: &[&str]) -> Vec<&'a str> {
    let names = |m: &Subscriber<'_>, topic: &str| m.subscription.iter().flatten().any(|t| t == topic);
    let mut found: Vec<&str> =
        members.iter().filter(|m| family.iter().all(|t| names(m, t))).map(|m| m.member).collect();
    found.sort_unstable();
    found
}

fn assign_family<'a>(
    family: &[&str],
    eligible: &[&'a str],
    topics: &BTreeMap<String, u32>,
    owned: &BTreeMap<TopicPartition, String>,
    totals: &mut BTreeMap<&'a str, usize>,
    target: &mut BTreeMap<TopicPartition, String>,
) {
    let count = |topic: &str| topics.get(topic).copied().unwrap_or(0);
    let units = family.iter().map(|t| count(t)).max().unwrap_or(0);
    if eligible.is_empty() {
        return;
    }
    let owner_of = |unit: u32| {
        let mut owners = family.iter().filter_map(|t| owned.get(&TopicPartition::new(*t, unit)));
        owners.next().and_then(|owner| eligible.iter().position(|m| m == owner))
    };
    let owners: Vec<Option<usize>> = (0..units).map(owner_of).collect();
    let mut has = vec![0; eligible.len()];
    for owner in owners.iter().flatten() {
        has[*owner] += 1;
    }
    let mut room = quotas(units as usize, eligible, &has, totals);

    let mut placed: Vec<Option<usize>> = vec![None; units as usize];
    for (unit, owner) in owners.iter().enumerate() {
        if let Some(owner) = owner
            && room[*owner] > 0
        {
            room[*owner] -= 1;
            placed[unit] = Some(*owner);
        }
    }
    let mut next = 0;
    for place in &mut placed {
        if place.is_none() {
            while room.get(next) == Some(&0) {
                next += 1;
            }
            room[next] -= 1;
            *place = Some(next);
        }
    }
    for (unit, member) in (0..units).zip(placed) {
        let Some(member) = member.map(|index| eligible[index]) else {
            continue;
        };
        *totals.entry(member).or_default() += 1;
        for topic in family.iter().filter(|t| unit < count(t)) {
            target.insert(TopicPartition::new(*topic, unit), member.to_owned());
        }
    }
}

/// How many units each member gets: equal shares, and one more for those with the least so far; among these, for
/// those who have the most of this family now.
fn quotas(units: usize, eligible: &[&str], has: &[usize], totals: &BTreeMap<&str, usize>) -> Vec<usize> {
    let share = units / eligible.len();
    let mut order: Vec<usize> = (0..eligible.len()).collect();
    order.sort_by_key(|&m| (totals.get(eligible[m]).copied().unwrap_or(0), usize::MAX - has[m], m));
    let mut quotas = vec![share; eligible.len()];
    for &member in order.iter().take(units % eligible.len()) {
        quotas[member] += 1;
    }
    quotas
}

#[cfg(test)]
mod tests {
    use super::*;
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
                let target = assign(&members, &topics, &owned);
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
                prop_assert_eq!(&assign(&members, &topics, &target), &target, "moved without a reason");
                owned = target;
            }
        }
    }

    #[test]
    fn a_fresh_group_gets_ranges() {
        let topics = BTreeMap::from([("t".to_owned(), 5)]);
        let subscription = [vec!["t".to_owned()]];
        let members = ["a", "b"].map(|member| Subscriber { member, subscription: &subscription });
        let target = assign(&members, &topics, &BTreeMap::new());
        let owners: Vec<&str> = target.values().map(String::as_str).collect();
        assert_eq!(owners, ["a", "a", "a", "b", "b"]);
    }
}
