//! Topics whose partitions of one number belong together although they differ in count.
//!
//! `range` gives partition `n` of all topics with equally many partitions to one member. Where the topics of a list
//! differ, the one with the most partitions leads: who has its partition `n` has partition `n` of the others, whatever
//! `range` says of them. The group is subscribed to all of them all the same, so that the broker keeps their offsets.

use std::collections::{BTreeMap, BTreeSet};

use streams_core::ids::TopicPartition;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Families {
    /// Topics that follow another, which leads.
    followers: BTreeMap<String, Vec<(String, u32)>>,
    following: BTreeSet<String>,
}

impl Families {
    /// `counts` are the partitions of the topics that exist.
    pub(super) fn of(subscription: &[Vec<String>], counts: &BTreeMap<String, u32>) -> Self {
        let mut families: Vec<BTreeSet<&str>> = Vec::new();
        for list in subscription {
            let mut family: BTreeSet<&str> =
                list.iter().map(String::as_str).filter(|topic| counts.contains_key(*topic)).collect();
            families.retain(|other| {
                let apart = other.is_disjoint(&family);
                if !apart {
                    family.extend(other);
                }
                apart
            });
            families.push(family);
        }
        let mut found = Families::default();
        for family in families {
            let count = |topic: &str| counts.get(topic).copied().unwrap_or(0);
            let Some(leader) = family.iter().copied().rev().max_by_key(|topic| count(topic)) else {
                continue;
            };
            if family.iter().all(|topic| count(topic) == count(leader)) {
                continue;
            }
            let others = || family.iter().filter(|topic| **topic != leader).map(|topic| (*topic).to_owned());
            found.following.extend(others());
            let followers = others().map(|topic| (topic.clone(), count(&topic))).collect();
            found.followers.insert(leader.to_owned(), followers);
        }
        found
    }

    /// What belongs to a member to whom `range` gave these partitions.
    pub(super) fn owned(&self, assigned: &[TopicPartition]) -> Vec<TopicPartition> {
        let mut owned = Vec::with_capacity(assigned.len());
        for partition in assigned.iter().filter(|p| !self.following.contains(&p.topic)) {
            owned.push(partition.clone());
            for (topic, count) in self.followers.get(&partition.topic).into_iter().flatten() {
                if partition.partition < *count {
                    owned.push(TopicPartition::new(topic, partition.partition));
                }
            }
        }
        owned.sort();
        owned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families(lists: &[&[&str]], counts: &[(&str, u32)]) -> Families {
        let lists: Vec<Vec<String>> =
            lists.iter().map(|list| list.iter().map(|topic| (*topic).to_owned()).collect()).collect();
        Families::of(&lists, &counts.iter().map(|(topic, count)| ((*topic).to_owned(), *count)).collect())
    }

    fn tp(topic: &str, partition: u32) -> TopicPartition {
        TopicPartition::new(topic, partition)
    }

    #[test]
    fn equal_counts_need_no_leader() {
        let same = families(&[&["a", "b"], &["c"]], &[("a", 4), ("b", 4), ("c", 2)]);
        assert_eq!(same, Families::default());
        assert_eq!(same.owned(&[tp("a", 1), tp("b", 1)]), [tp("a", 1), tp("b", 1)]);
    }

    #[test]
    fn the_largest_topic_decides_for_the_others() {
        let mixed = families(&[&["a", "b"], &["b", "d"]], &[("a", 2), ("b", 4), ("d", 3)]);
        // What range says: partitions 2 and 3 of b, but 1 of a and 2 of d.
        let assigned = [tp("b", 2), tp("b", 3), tp("a", 1), tp("d", 2)];
        assert_eq!(mixed.owned(&assigned), [tp("b", 2), tp("b", 3), tp("d", 2)]);
        let assigned = [tp("b", 0), tp("b", 1), tp("a", 0), tp("d", 0), tp("d", 1)];
        let owned = [tp("a", 0), tp("a", 1), tp("b", 0), tp("b", 1), tp("d", 0), tp("d", 1)];
        assert_eq!(mixed.owned(&assigned), owned);
    }

    #[test]
    fn topics_that_do_not_exist_yet_are_left_out() {
        assert_eq!(families(&[&["a", "later"]], &[("a", 2)]), Families::default());
    }
}
