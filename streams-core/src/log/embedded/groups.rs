//! Consumer groups as one value: members, what they own and what they are to own.
//!
//! A partition has at most one owner. It changes hands only after its owner acknowledged the revocation, left or
//! was expired. Time is an argument; nothing here waits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

use super::assignment::{Subscriber, assign};
use crate::assignment::{Assignor, StickyAssignor};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::TopicPartition;
use crate::log::{GroupEvent, GroupOptions, MemberInfo, Wakeup};
use crate::time::{Timestamp, millis};

const DEFAULT_SESSION_MS: i64 = 45_000;

/// All groups that have members.
#[derive(Debug)]
pub(super) struct Groups {
    assignor: Arc<dyn Assignor>,
    groups: BTreeMap<String, Group>,
    next_member: u64,
}

#[derive(Debug, Default)]
struct Group {
    generation: i32,
    members: BTreeMap<String, Member>,
    owned: BTreeMap<TopicPartition, String>,
    target: BTreeMap<TopicPartition, String>,
}

#[derive(Debug)]
struct Member {
    name: String,
    subscription: Vec<Vec<String>>,
    session_ms: i64,
    last_poll: Timestamp,
    /// Told to give these up; done with them at the next poll.
    revoking: BTreeSet<TopicPartition>,
    /// Owned until their topic was deleted.
    lost: Vec<TopicPartition>,
    wakeup: Weak<Wakeup>,
}

/// What a poll found.
#[derive(Debug)]
pub(super) enum Polled {
    /// Still a member.
    Member(Option<GroupEvent>),
    /// Expired meanwhile.
    Expired,
}

impl Default for Groups {
    fn default() -> Self {
        Groups::new(Arc::new(StickyAssignor))
    }
}

impl Groups {
    /// No groups yet; members share what there is as `assignor` says.
    pub(super) fn new(assignor: Arc<dyn Assignor>) -> Self {
        Groups { assignor, groups: BTreeMap::new(), next_member: 0 }
    }

    /// Adds a member; its id.
    pub(super) fn join(
        &mut self,
        options: &GroupOptions,
        wakeup: &Arc<Wakeup>,
        topics: &BTreeMap<String, u32>,
        now: Timestamp,
    ) -> String {
        self.expire(&options.group, topics, now);
        self.next_member += 1;
        let id = format!("{}-{:06}", options.member_name, self.next_member);
        let session_ms = match millis(options.session_timeout) {
            0 => DEFAULT_SESSION_MS,
            ms => ms,
        };
        let member = Member {
            name: options.member_name.clone(),
            subscription: options.subscription.clone(),
            session_ms,
            last_poll: now,
            revoking: BTreeSet::new(),
            lost: Vec::new(),
            wakeup: Arc::downgrade(wakeup),
        };
        let group = self.groups.entry(options.group.clone()).or_default();
        group.members.insert(id.clone(), member);
        group.rebalance(&*self.assignor, topics);
        id
    }

    /// The next event for a member, which acknowledges the one before.
    pub(super) fn poll(
        &mut self,
        group: &str,
        member: &str,
        topics: &BTreeMap<String, u32>,
        now: Timestamp,
    ) -> Polled {
        self.expire(group, topics, now);
        let Some(group) = self.groups.get_mut(group) else {
            return Polled::Expired;
        };
        group.poll(member, now)
    }

    /// Takes a member out at once.
    pub(super) fn leave(&mut self, group: &str, member: &str, topics: &BTreeMap<String, u32>) {
        if let Some(state) = self.groups.get_mut(group) {
            state.remove(member);
            state.rebalance(&*self.assignor, topics);
            if state.members.is_empty() {
                self.groups.remove(group);
            }
        }
    }

    /// Errs with `Fenced` unless the member owns all of the partitions.
    pub(super) fn check_owner(
        &mut self,
        group: &str,
        member: &str,
        partitions: &mut dyn Iterator<Item = &TopicPartition>,
        topics: &BTreeMap<String, u32>,
        now: Timestamp,
    ) -> Result<()> {
        self.expire(group, topics, now);
        let state = self.groups.get(group).filter(|g| g.members.contains_key(member));
        let Some(state) = state else {
            let message = format!("{member} is no longer a member of group {group}; poll to join it again");
            return Err(Error::new(ErrorKind::Fenced, message));
        };
        for partition in partitions {
            if state.owned.get(partition).map(String::as_str) != Some(member) {
                let message = format!("partition {partition} is not owned by {member} of group {group}");
                return Err(Error::new(ErrorKind::Fenced, message));
            }
        }
        Ok(())
    }

    /// Whether the group has members.
    pub(super) fn is_active(&mut self, group: &str, topics: &BTreeMap<String, u32>, now: Timestamp) -> bool {
        self.expire(group, topics, now);
        self.groups.contains_key(group)
    }

    /// The members of a group.
    pub(super) fn members(
        &mut self,
        group: &str,
        topics: &BTreeMap<String, u32>,
        now: Timestamp,
    ) -> Vec<MemberInfo> {
        self.expire(group, topics, now);
        let members = self.groups.get(group).into_iter().flat_map(|group| &group.members);
        let info = |(id, member): (&String, &Member)| MemberInfo {
            id: id.clone(),
            name: member.name.clone(),
            host: None,
        };
        members.map(info).collect()
    }

    /// Number of times the group was rebalanced.
    pub(super) fn generation(&self, group: &str) -> i32 {
        self.groups.get(group).map_or(0, |g| g.generation)
    }

    /// Topics appeared or went: `gone` are those that went.
    pub(super) fn topics_changed(&mut self, gone: &[&str], topics: &BTreeMap<String, u32>) {
        for group in self.groups.values_mut() {
            group.forget_topics(gone);
            group.rebalance(&*self.assignor, topics);
        }
    }

    fn expire(&mut self, name: &str, topics: &BTreeMap<String, u32>, now: Timestamp) {
        let Some(group) = self.groups.get_mut(name) else {
            return;
        };
        let late = |m: &Member| now.saturating_sub(m.last_poll) > m.session_ms;
        let expired: Vec<String> =
            group.members.iter().filter(|(_, m)| late(m)).map(|(id, _)| id.clone()).collect();
        if expired.is_empty() {
            return;
        }
        for member in &expired {
            tracing::warn!(group = name, member, "session timed out, its partitions go to others");
            group.remove(member);
        }
        group.rebalance(&*self.assignor, topics);
        if group.members.is_empty() {
            self.groups.remove(name);
        }
    }
}

impl Group {
    fn poll(&mut self, id: &str, now: Timestamp) -> Polled {
        let Some(member) = self.members.get_mut(id) else {
            return Polled::Expired;
        };
        member.last_poll = now;
        let acknowledged = std::mem::take(&mut member.revoking);
        let lost = std::mem::take(&mut member.lost);
        if !acknowledged.is_empty() {
            self.owned.retain(|partition, _| !acknowledged.contains(partition));
            self.ring();
        }
        if !lost.is_empty() {
            return Polled::Member(Some(GroupEvent::Lost(lost)));
        }
        let mine = |owner: Option<&String>| owner.is_some_and(|owner| owner == id);
        let revoked: BTreeSet<TopicPartition> = self
            .owned
            .iter()
            .filter(|(partition, owner)| mine(Some(owner)) && !mine(self.target.get(*partition)))
            .map(|(partition, _)| partition.clone())
            .collect();
        if !revoked.is_empty() {
            let list = revoked.iter().cloned().collect();
            if let Some(member) = self.members.get_mut(id) {
                member.revoking = revoked;
            }
            return Polled::Member(Some(GroupEvent::Revoked(list)));
        }
        let assigned: Vec<TopicPartition> = self
            .target
            .iter()
            .filter(|(partition, owner)| mine(Some(owner)) && !self.owned.contains_key(*partition))
            .map(|(partition, _)| partition.clone())
            .collect();
        for partition in &assigned {
            self.owned.insert(partition.clone(), id.to_owned());
        }
        Polled::Member((!assigned.is_empty()).then_some(GroupEvent::Assigned(assigned)))
    }

    fn remove(&mut self, id: &str) {
        self.members.remove(id);
        self.owned.retain(|_, owner| owner != id);
    }

    fn forget_topics(&mut self, gone: &[&str]) {
        let members = &mut self.members;
        self.owned.retain(|partition, owner| {
            let keep = !gone.contains(&partition.topic.as_str());
            if !keep && let Some(member) = members.get_mut(owner) {
                member.revoking.remove(partition);
                member.lost.push(partition.clone());
            }
            keep
        });
    }

    fn rebalance(&mut self, assignor: &dyn Assignor, topics: &BTreeMap<String, u32>) {
        let members: Vec<Subscriber<'_>> = self
            .members
            .iter()
            .map(|(id, m)| Subscriber { member: id, subscription: &m.subscription })
            .collect();
        self.target = assign(assignor, &members, topics, &self.owned);
        self.generation += 1;
        self.ring();
    }

    fn ring(&self) {
        for wakeup in self.members.values().filter_map(|m| m.wakeup.upgrade()) {
            wakeup.ring();
        }
    }
}
