//! Offsets of partitions and of groups.

use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode as Code;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{Committed, MemberInfo};
use streams_core::{Error, ErrorKind, Result};

use super::{Admin, native};
use crate::error::failed;
use crate::ffi::{self, Handle, NativeError, OffsetSpec, Position};

/// How long to wait for transactions that hold back a group's positions. One whose process died does so for the time
/// that transactions may take; whoever asks can do something else meanwhile.
const STABLE: Duration = Duration::from_secs(1);

/// The first part of an answer that was refused.
#[allow(clippy::ptr_arg, reason = "the answer's own type")]
fn refused(answer: &Vec<Position>) -> Option<Code> {
    answer.iter().find_map(|position| position.error)
}

impl Admin {
    /// One offset of a partition.
    pub(crate) fn offset(&self, partition: &TopicPartition, spec: OffsetSpec) -> Result<Offset> {
        let what = format!("looking up an offset of {partition}");
        // Asked for a partition that does not exist, librdkafka would look for it until its time is over.
        match self.describe(&partition.topic)? {
            Some(found) if partition.partition < found.partitions => {}
            Some(found) => {
                let (topic, count) = (&partition.topic, found.partitions);
                let message = format!("{partition} does not exist: topic {topic} has {count} partitions");
                return Err(Error::new(ErrorKind::NotFound, message));
            }
            None => {
                let message = format!("{partition} does not exist: there is no such topic");
                return Err(Error::new(ErrorKind::NotFound, message));
            }
        }
        let asked = [(partition.clone(), spec)];
        let request = || ffi::list_offsets(&self.handle, &asked, self.once());
        // It was found above: the broker that leads it has not heard of it yet.
        let refused = |answer: &Vec<Position>| match refused(answer) {
            Some(Code::UnknownTopicOrPartition) => Some(Code::LeaderNotAvailable),
            other => other,
        };
        let found = self.retried(&what, request, refused).map_err(|e| native(&what, &e))?;
        match found.first() {
            Some(Position { error: Some(code), .. }) => Err(failed(what, *code)),
            Some(position) if position.offset < 0 => self.offset(partition, OffsetSpec::CommittedEnd),
            Some(position) => Ok(position.offset),
            None => Err(failed(what, Code::UnknownPartition)),
        }
    }

    /// The members of a group, by their ids.
    pub(crate) fn group_members(&self, group: &str) -> Result<Vec<MemberInfo>> {
        let mut members = self.describe_group(group)?.map(|found| found.members).unwrap_or_default();
        members.sort();
        Ok(members)
    }

    /// What is known of a group of consumers; `None` if there is none of that name.
    pub(crate) fn describe_group(&self, group: &str) -> Result<Option<ffi::GroupInfo>> {
        let what = format!("looking up group {group}");
        let client = self.client_of_its_own()?;
        let request = || ffi::describe_group(&client, group, self.once());
        match self.retried(&what, request, |_| None) {
            Err(error) if error.code == Code::GroupIdNotFound => Ok(None),
            other => other.map_err(|e| native(&what, &e)),
        }
    }

    /// `consumer` belongs to the group, as a member or not.
    pub(crate) fn committed(
        &self,
        consumer: &Handle,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<Vec<Option<Committed>>> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let what = format!("reading what group {group} has committed");
        // Not with the client for administration: librdkafka 2.12 aborts the process when such a request of it gets
        // no answer in time.
        let request = || ffi::committed(consumer, partitions, self.timeout.min(STABLE));
        let found = self.retried_for(STABLE, &what, request, refused).map_err(|e| native(&what, &e))?;
        let of = |partition: &TopicPartition| match found.iter().find(|p| p.partition == *partition) {
            Some(Position { error: Some(Code::UnknownTopicOrPartition), .. }) | None => Ok(None),
            Some(Position { error: Some(code), .. }) => Err(failed(format!("{what} for {partition}"), *code)),
            Some(position) if position.offset < 0 => Ok(None),
            Some(p) => Ok(Some(Committed { offset: p.offset, metadata: p.metadata.clone() })),
        };
        partitions.iter().map(of).collect()
    }

    pub(crate) fn alter_committed(
        &self,
        group: &str,
        offsets: &[(TopicPartition, Option<Committed>)],
    ) -> Result<()> {
        let (mut set, mut removed) = (Vec::new(), Vec::new());
        for (partition, committed) in offsets {
            match committed {
                Some(committed) => set.push((partition.clone(), committed.clone())),
                None => removed.push(partition.clone()),
            }
        }
        let what = || format!("changing what group {group} has committed");
        let fenced = |error: NativeError| match error.code {
            Code::UnknownMemberId | Code::NonEmptyGroup | Code::GroupSubscribedToTopic => Error::new(
                ErrorKind::Fenced,
                format!("{}: it has members; stop the application and wait for its session timeout", what()),
            ),
            _ => native(what(), &error),
        };
        let mut answers = Vec::new();
        let client = self.client_of_its_own()?;
        if !set.is_empty() {
            let request = || ffi::alter_offsets(&client, group, &set, self.once());
            answers = self.retried(what(), request, refused).map_err(fenced)?;
        }
        if !removed.is_empty() {
            let request = || ffi::delete_offsets(&client, group, &removed, self.once());
            match self.retried(what(), request, refused) {
                Err(error) if error.code == Code::GroupIdNotFound => {}
                other => answers.extend(other.map_err(fenced)?),
            }
        }
        for Position { partition, error, .. } in answers {
            if let Some(code) = error {
                let error = failed(format!("{} for {partition}", what()), code);
                return Err(if code == Code::UnknownMemberId {
                    Error::new(ErrorKind::Fenced, format!("{error}: the group has members; stop them first"))
                } else {
                    error
                });
            }
        }
        Ok(())
    }
}
