//! The one boundary to the outside: topics, partitions, consumer groups and transactions.
//!
//! A [`Log`] is a cluster as the runtime sees it. All of it is synchronous and never waits unless a method says
//! so; whoever has nothing to do waits on a [`Wakeup`] that the log rings when there is more to read or a group
//! changes. Every implementation must pass the same contract tests.

#[cfg(any(test, feature = "testing"))]
pub mod contract;
pub mod embedded;
mod partitioner;
mod remedy;
mod topics;
mod wakeup;

pub use partitioner::{murmur2, partition_for_key};
pub use remedy::TopicFix;
pub use topics::{CleanupPolicy, NewTopic, Replication, TopicConfig, TopicInfo};
pub use wakeup::Wakeup;

use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::ids::{Offset, TopicPartition};
use crate::record::{RecordBatch, RecordView};
use crate::time::Timestamp;

/// A cluster of topics: the embedded log, or Apache Kafka.
pub trait Log: Send + Sync + 'static {
    /// Creates topics. Errs with [`ErrorKind::Exists`](crate::ErrorKind::Exists) if one exists already, and then
    /// creates none of them.
    fn create_topics(&self, topics: &[NewTopic]) -> Result<()>;

    /// What is known of a topic; `None` if it does not exist.
    fn describe_topic(&self, topic: &str) -> Result<Option<TopicInfo>>;

    /// The names of all topics, sorted.
    fn list_topics(&self) -> Result<Vec<String>>;

    /// Deletes topics with all their records. Errs with `NotFound` if one does not exist.
    fn delete_topics(&self, topics: &[&str]) -> Result<()>;

    /// Deletes the records of each partition below the offset given with it.
    fn delete_records(&self, before: &[(TopicPartition, Offset)]) -> Result<()>;

    /// Offset of the first record that is still there, or the end if there is none.
    fn start_offset(&self, partition: &TopicPartition) -> Result<Offset>;

    /// Offset behind the last record that a read-committed reader can see.
    fn end_offset(&self, partition: &TopicPartition) -> Result<Offset>;

    /// Offset behind the last record that was written, also in transactions that are still open or that readers do
    /// not see yet. A reader's position gets there once these have ended. What was committed before the call is below
    /// it, where it may still be above [`end_offset`](Self::end_offset): in a cluster the end of a transaction takes a
    /// moment to reach every partition.
    fn written_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        self.end_offset(partition)
    }

    /// Offset of the first record whose timestamp is this or a later one; [`end_offset`](Self::end_offset) if there is
    /// none.
    fn offset_at(&self, partition: &TopicPartition, timestamp: Timestamp) -> Result<Offset> {
        let (start, end) = (self.start_offset(partition)?, self.end_offset(partition)?);
        let wakeup = Arc::new(Wakeup::new());
        let mut reader = self.open_reader(partition, start, &wakeup)?;
        let mut batch = RecordBatch::new();
        while reader.position() < end {
            batch.clear();
            if reader.read(&mut batch, 1 << 20)? == 0 {
                wakeup.wait(Duration::from_millis(10));
            }
            if let Some(found) = batch.iter().find(|record| record.timestamp >= timestamp) {
                return Ok(found.offset.min(end));
            }
        }
        Ok(end)
    }

    /// The members that a group has now, sorted by their ids; none if there is no such group. One that died is among
    /// them until its session timeout is over.
    fn group_members(&self, group: &str) -> Result<Vec<MemberInfo>>;

    /// How somebody makes this change, for messages: a command, or a line of code.
    fn remedy(&self, fix: &TopicFix) -> String {
        fix.to_string()
    }

    /// What kind of log it is and where, for messages.
    fn place(&self) -> String {
        "a log of its own kind".to_owned()
    }

    /// What the group has committed, in the order asked; `None` for partitions without a commit. Errs with `Timeout`
    /// while a transaction that may change it is not decided, as that of a process that died.
    fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<Committed>>>;

    /// Sets or (with `None`) removes what the group has committed. Errs with `Fenced` while it has members.
    fn alter_committed(&self, group: &str, offsets: &[(TopicPartition, Option<Committed>)]) -> Result<()>;

    /// Reads one partition from `from` without a group; `wakeup` is rung when there is more.
    fn open_reader(
        &self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Box<dyn PartitionReader>>;

    /// Joins a consumer group; assignments arrive by [`GroupMember::poll`].
    fn join_group(&self, options: GroupOptions, wakeup: &Arc<Wakeup>) -> Result<Box<dyn GroupMember>>;

    /// A producer. With a transactional id it fences the older producer of that id, whose open transaction is
    /// aborted.
    fn open_producer(&self, options: ProducerOptions) -> Result<Box<dyn Producer>>;
}

/// How to join a consumer group.
#[derive(Debug, Clone, Default)]
pub struct GroupOptions {
    /// The group's id: for an application its application id.
    pub group: String,
    /// A name for this member in messages.
    pub member_name: String,
    /// Lists of topics. Partition `n` of every topic of one list goes to the same member, for every `n`.
    pub subscription: Vec<Vec<String>>,
    /// A member that does not poll for this long is taken out of the group. Zero stands for 45 seconds.
    pub session_timeout: Duration,
}

/// A change in what a member owns. Partitions that stay are not named and not interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupEvent {
    /// These are owned from now on.
    Assigned(Vec<TopicPartition>),
    /// These are to be given up: finish and commit what belongs to them, then poll again, which hands them over.
    Revoked(Vec<TopicPartition>),
    /// Everything is handed out anew: commit what belongs to these, process no more of them, then poll again, which
    /// lets the group go on. Each of them comes back with `Assigned`, and goes on where it was, or is `Revoked`, when
    /// others may have it already. Only groups that cannot take back single partitions do this.
    Suspended(Vec<TopicPartition>),
    /// These are owned by others already (this member was too slow): drop what belongs to them uncommitted.
    Lost(Vec<TopicPartition>),
}

/// Proof of membership for commits; cheap to clone and to send to the threads that commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMetadata {
    /// The group's id.
    pub group: String,
    /// The member's id, given by the group.
    pub member: String,
    /// Generation of the group when this was asked for.
    pub generation: i32,
}

/// A member as others see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberInfo {
    /// The id that the group gave it.
    pub id: String,
    /// The name that it joined with; see [`GroupOptions::member_name`].
    pub name: String,
    /// Where it runs, if that is known.
    pub host: Option<String>,
}

/// A committed position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Offset of the next record to process.
    pub offset: Offset,
    /// Free text kept with it.
    pub metadata: String,
}

/// One member of a consumer group: one per process.
pub trait GroupMember: Send {
    /// The next change of the assignment, if there is one; does not wait. Calling it keeps the membership alive,
    /// and acknowledges the event returned before.
    fn poll(&mut self) -> Result<Option<GroupEvent>>;

    /// Membership as of now, for [`Producer::send_offsets`].
    fn metadata(&self) -> GroupMetadata;

    /// Reads an owned partition from `from`; `wakeup` is rung when there is more.
    fn reader(
        &mut self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Box<dyn PartitionReader>>;

    /// Commits positions outside of a transaction. Errs with `Fenced` if one of the partitions is not owned.
    fn commit(&mut self, offsets: &[(TopicPartition, Committed)]) -> Result<()>;

    /// Leaves the group at once, so that others take over without waiting. Dropping a member is a crash instead:
    /// the others wait for its session timeout.
    fn leave(&mut self) -> Result<()>;
}

/// Reads one partition in order, committed records only.
pub trait PartitionReader: Send {
    /// Appends records to `batch`, about `max_bytes` of them but at least one if there is one; the number
    /// appended. Does not wait. 0 means the end was reached. Errs with `OffsetOutOfRange` if the position was deleted or is behind the end.
    fn read(&mut self, batch: &mut RecordBatch, max_bytes: usize) -> Result<usize>;

    /// Offset of the record that the next `read` starts at.
    fn position(&self) -> Offset;

    /// Moves to `offset`.
    fn seek(&mut self, offset: Offset);

    /// Offset behind the last committed record, as far as known here; `None` if unknown.
    fn end(&self) -> Option<Offset>;
}

/// How to open a producer.
#[derive(Debug, Clone, Default)]
pub struct ProducerOptions {
    /// With an id, everything is sent in transactions; without, records are in the log after `flush`.
    pub transactional_id: Option<String>,
}

/// A topic as one producer knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TopicHandle(pub u32);

/// Appends records. One thread owns it.
pub trait Producer: Send {
    /// Looks a topic up. Errs with `NotFound` if it does not exist.
    fn topic(&mut self, name: &str) -> Result<TopicHandle>;

    /// Number of partitions of the topic.
    fn partitions(&self, topic: TopicHandle) -> u32;

    /// Says that it writes for this process's member of a group: what it has not written yet when partitions are lost
    /// is thrown away, as is what could not be written for as long as `_session`, after which others have the
    /// partitions; and everything after a loss errs with `Fenced`. For producers without transactions, whose late
    /// records nothing else keeps from the log; one that writes at once has nothing to do. To be called before the
    /// first topic is looked up.
    fn bind(&mut self, _group: &str, _session: Duration) {}

    /// Begins a transaction.
    fn begin(&mut self) -> Result<()>;

    /// Takes a copy of `record` for this partition. Errs with `TooLarge` if the topic does not take it.
    fn send(&mut self, topic: TopicHandle, partition: u32, record: RecordView<'_>) -> Result<()>;

    /// Adds consumed positions to the transaction. Whether the member still owns the partitions is decided at
    /// `commit`.
    fn send_offsets(&mut self, group: &GroupMetadata, offsets: &[(TopicPartition, Committed)]) -> Result<()>;

    /// Makes everything since `begin` visible at once, over all partitions and positions. Errs with `Fenced` if a
    /// newer producer of the id exists or a position's partition is not owned: then nothing of it is visible.
    fn commit(&mut self) -> Result<()>;

    /// Forgets everything since `begin`.
    fn abort(&mut self) -> Result<()>;

    /// Without a transaction: waits until everything sent is in the log.
    fn flush(&mut self) -> Result<()>;

    /// Offset behind the last record of the partition that this producer's last `commit` or `flush` wrote there;
    /// `None` if it wrote none.
    fn written_end(&self, topic: TopicHandle, partition: u32) -> Option<Offset>;

    /// Bytes taken by `send` since the last `begin`, `commit` or `flush`.
    fn pending_bytes(&self) -> usize;
}
