//! The members that live in this process, for producers that commit in their name.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use streams_core::ids::TopicPartition;
use streams_core::log::{Committed, GroupMetadata};
use streams_core::{Error, ErrorKind, Result};

use crate::ffi::{self, Handle};

/// What a member was told that it owns, and the client that knows its generation.
pub(crate) struct Membership {
    pub(super) group: String,
    pub(super) client: Handle,
    pub(super) owned: Mutex<BTreeSet<TopicPartition>>,
}

impl Membership {
    /// Errs with `Fenced` if one of the partitions is not owned.
    pub(super) fn check<'a>(
        &self,
        member: &str,
        partitions: impl Iterator<Item = &'a TopicPartition>,
    ) -> Result<()> {
        let owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        for partition in partitions {
            if !owned.contains(partition) {
                let message = format!(
                    "partition {partition} is not owned by {member} any more: it goes on from what is committed \
                     wherever it is now"
                );
                return Err(Error::new(ErrorKind::Fenced, message));
            }
        }
        Ok(())
    }
}

/// A producer that writes for a member and has no transactions.
pub(crate) struct Bound {
    pub(crate) group: String,
    pub(crate) client: Handle,
    /// The member has lost partitions: the producer must not write any more.
    lost: AtomicBool,
}

impl Bound {
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }
}

#[derive(Default)]
pub(crate) struct Members {
    members: Mutex<Vec<Weak<Membership>>>,
    bound: Mutex<Vec<Weak<Bound>>>,
}

impl Members {
    pub(super) fn add(&self, membership: &Arc<Membership>) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|member| member.strong_count() > 0);
        members.push(Arc::downgrade(membership));
    }

    pub(super) fn remove(&self, membership: &Arc<Membership>) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|member| !std::ptr::eq(member.as_ptr(), Arc::as_ptr(membership)));
    }

    /// A producer writes for the member of this group.
    pub(crate) fn bind(&self, group: &str, client: &Handle) -> Arc<Bound> {
        let (group, client) = (group.to_owned(), client.clone());
        let bound = Arc::new(Bound { group, client, lost: AtomicBool::new(false) });
        let mut all = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|bound| bound.strong_count() > 0);
        all.push(Arc::downgrade(&bound));
        bound
    }

    /// The member of this group has lost partitions: what its producers have not written yet must not get into the log
    /// behind the results of others.
    pub(super) fn lose(&self, group: &str) {
        let all = self.bound.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for bound in all.iter().filter_map(Weak::upgrade).filter(|bound| bound.group == group) {
            bound.lost.store(true, Ordering::Release);
            ffi::purge(&bound.client);
        }
    }

    /// The client of a member of this group, if there is one.
    pub(crate) fn client_of(&self, group: &str) -> Option<Handle> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let member = members.iter().filter_map(Weak::upgrade).find(|member| member.group == group)?;
        Some(member.client.clone())
    }

    /// The same member with the generation that the group has now, if it owns the partitions; so that a rebalance
    /// among others does not fence it. One that is not here is left as it is: the broker knows.
    pub(crate) fn confirm(
        &self,
        member: &GroupMetadata,
        offsets: &[(TopicPartition, Committed)],
    ) -> Result<GroupMetadata> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for membership in members.iter().filter_map(Weak::upgrade) {
            // First the generation, then what is owned: what was lost in between is gone from `owned`, and what was
            // lost and came back has a newer generation, so that the broker refuses this one.
            let Some(now) = ffi::group_metadata(&membership.client) else { continue };
            if now.member == member.member && now.group == member.group {
                membership.check(&member.member, offsets.iter().map(|(partition, _)| partition))?;
                return Ok(now);
            }
        }
        Ok(member.clone())
    }
}
