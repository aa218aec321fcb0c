//! A member's handle on its group.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Shared;
use super::groups::Polled;
use super::reader::Reader;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TopicPartition};
use crate::log::{Committed, GroupEvent, GroupMember, GroupMetadata, GroupOptions, PartitionReader, Wakeup};

pub(super) struct Member {
    shared: Arc<Shared>,
    options: GroupOptions,
    wakeup: Arc<Wakeup>,
    /// The id in the group; `None` after leaving.
    id: Option<String>,
    /// What this member was told that it owns.
    told: BTreeSet<TopicPartition>,
    revoked: Vec<TopicPartition>,
}

impl Member {
    pub(super) fn join(shared: Arc<Shared>, options: GroupOptions, wakeup: &Arc<Wakeup>) -> Self {
        let id = shared.core.join(&options, wakeup);
        let wakeup = wakeup.clone();
        Member { shared, options, wakeup, id: Some(id), told: BTreeSet::new(), revoked: Vec::new() }
    }

    fn id(&self) -> Result<&str> {
        self.id.as_deref().ok_or_else(|| {
            let message = format!("{} has left group {}", self.options.member_name, self.options.group);
            Error::new(ErrorKind::Closed, message)
        })
    }
}

impl GroupMember for Member {
    fn poll(&mut self) -> Result<Option<GroupEvent>> {
        let polled = self.shared.core.poll_group(&self.options.group, self.id()?);
        for partition in self.revoked.drain(..) {
            self.told.remove(&partition);
        }
        let event = match polled {
            Polled::Member(event) => event,
            Polled::Expired => {
                self.id = Some(self.shared.core.join(&self.options, &self.wakeup));
                let lost: Vec<_> = std::mem::take(&mut self.told).into_iter().collect();
                if lost.is_empty() {
                    return self.poll();
                }
                self.wakeup.ring();
                Some(GroupEvent::Lost(lost))
            }
        };
        match &event {
            Some(GroupEvent::Assigned(partitions)) => self.told.extend(partitions.iter().cloned()),
            Some(GroupEvent::Revoked(partitions)) => self.revoked.clone_from(partitions),
            Some(GroupEvent::Lost(partitions)) => self.told.retain(|p| !partitions.contains(p)),
            // Here single partitions are taken back.
            Some(GroupEvent::Suspended(_)) | None => {}
        }
        Ok(event)
    }

    fn metadata(&self) -> GroupMetadata {
        GroupMetadata {
            group: self.options.group.clone(),
            member: self.id.clone().unwrap_or_default(),
            generation: self.shared.core.generation(&self.options.group),
        }
    }

    fn reader(
        &mut self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Box<dyn PartitionReader>> {
        self.shared.core.check_owner(&self.options.group, self.id()?, partition)?;
        let found = self.shared.core.partition(partition)?;
        Ok(Box::new(Reader::new(self.shared.clone(), found, from, wakeup)))
    }

    fn commit(&mut self, offsets: &[(TopicPartition, Committed)]) -> Result<()> {
        self.id()?;
        let metadata = self.metadata();
        self.shared.core.commit(None, &mut [], &[(metadata, offsets.to_vec())])
    }

    fn leave(&mut self) -> Result<()> {
        if let Some(id) = self.id.take() {
            self.shared.core.leave(&self.options.group, &id);
        }
        self.told.clear();
        Ok(())
    }
}
