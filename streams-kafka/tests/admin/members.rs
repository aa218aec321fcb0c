//! Members of a group, without an application.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use streams_core::Result;
use streams_core::ids::TopicPartition;
use streams_core::log::{GroupEvent, GroupMember, GroupOptions, Log, Wakeup};

use crate::support::*;

pub(crate) struct Member {
    pub(crate) member: Box<dyn GroupMember>,
    pub(crate) owned: BTreeSet<TopicPartition>,
    /// How many changes it was told.
    pub(crate) events: usize,
}

impl Member {
    pub(crate) fn join(
        log: &dyn Log,
        group: &str,
        name: &str,
        lists: &[Vec<String>],
        session: Duration,
    ) -> Member {
        let options = GroupOptions {
            group: group.to_owned(),
            member_name: name.to_owned(),
            subscription: lists.to_vec(),
            session_timeout: session,
        };
        let member = log.join_group(options, &Arc::new(Wakeup::new())).unwrap();
        Member { member, owned: BTreeSet::new(), events: 0 }
    }

    pub(crate) fn poll(&mut self) -> Result<()> {
        while let Some(event) = self.member.poll()? {
            self.events += 1;
            match event {
                GroupEvent::Assigned(partitions) => self.owned.extend(partitions),
                GroupEvent::Revoked(partitions)
                | GroupEvent::Suspended(partitions)
                | GroupEvent::Lost(partitions) => self.owned.retain(|p| !partitions.contains(p)),
            }
        }
        Ok(())
    }

    pub(crate) fn id(&self) -> String {
        self.member.metadata().member
    }
}

/// Polls the members until they own this many partitions each.
pub(crate) fn settle(members: &mut [&mut Member], counts: &[usize]) {
    wait_for(format!("an assignment of {counts:?}"), || {
        members.iter_mut().for_each(|member| member.poll().unwrap());
        members.iter().zip(counts).all(|(member, count)| member.owned.len() == *count).then_some(())
    });
}
