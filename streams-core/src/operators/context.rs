//! What operators may see and change of the task that runs them.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{NodeId, Offset, TaskId};
use crate::operators::outputs::Partition;
use crate::operators::policies::{ErrorPolicies, ErrorPolicy};
use crate::operators::process::Punctuations;
pub(crate) use crate::operators::topics::{TopicCounts, TopicTable};
use crate::operators::{DropCounts, DropReason, Outputs, Target, Whereabouts};
use crate::record::{RecordBatch, RecordView};
use crate::time::{StreamTime, Timestamp};

/// The input record whose processing is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    /// Number of its topic in the task's table.
    pub(crate) topic: u32,
    pub(crate) partition: u32,
    pub(crate) offset: Offset,
}

/// Stage of processing that failed: each has its own policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failing {
    Deserialization,
    Processing,
    Production,
}

/// The part of a task that operators work on.
pub(crate) struct TaskContext {
    pub(crate) task: TaskId,
    pub(crate) application_id: Arc<str>,
    /// The node that runs, for messages and counts.
    pub(crate) node: NodeId,
    /// Where the task is, for other threads.
    pub(crate) whereabouts: Arc<Whereabouts>,
    /// `None` inside punctuations and at the end of the input.
    pub(crate) origin: Option<Origin>,
    pub(crate) stream_time: StreamTime,
    /// In a task that follows its upstream tasks' time: that time. Windows then close by it and not by the records.
    pub(crate) aligned_time: Option<Timestamp>,
    pub(crate) wall_clock: Timestamp,
    pub(crate) outputs: Outputs,
    pub(crate) topics: TopicTable,
    pub(crate) drops: DropCounts,
    pub(crate) punctuations: Punctuations,
    pub(crate) policies: ErrorPolicies,
    /// Describes a node for messages: its name and the user's source line.
    pub(crate) describe: Arc<dyn Fn(NodeId) -> String + Send + Sync>,
    /// The input record's bytes, kept only if dead letters may need them.
    pub(crate) raw: RecordBatch,
    pub(crate) scratch: Scratch,
    /// Set when a failure was decided to end the task, so that nodes above do not judge it again.
    pub(crate) fatal: bool,
}

/// Buffers that are used for one record at a time.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) headers: Vec<u8>,
}

impl TaskContext {
    /// This node runs from here on.
    #[inline]
    pub(crate) fn enter(&mut self, node: NodeId) {
        self.node = node;
    }

    /// This node runs from here on, and other threads may see it. Not for stateless nodes: an atomic store keeps the
    /// compiler from passing the record on where it lies, which is a third of what a hop costs.
    #[inline]
    pub(crate) fn enter_seen(&mut self, node: NodeId) {
        self.node = node;
        self.whereabouts.enter(node);
    }

    /// This record is processed from here on, or none.
    #[inline]
    pub(crate) fn take_up(&mut self, origin: Option<Origin>) {
        self.origin = origin;
        self.whereabouts.take_up(origin.map(|origin| (origin.topic, origin.offset)));
    }

    /// Counts the record under way as dropped by the node that runs.
    #[cold]
    pub(crate) fn drop_record(&mut self, reason: DropReason) -> Result<()> {
        self.drops.add(self.node, reason, 1);
        tracing::debug!(
            task = %self.task, node = %(self.describe)(self.node), reason = reason.code(),
            at = %self.place(), "record dropped"
        );
        if self.policies.dead_letter_drops {
            self.dead_letter(reason, reason.code(), "dropped by rule")?;
        }
        Ok(())
    }

    /// Judges a failure of the node that runs, by policy: `Ok` if processing goes on behind it.
    #[cold]
    pub(crate) fn fail(
        &mut self,
        stage: Failing,
        error: Box<dyn std::error::Error + Send + Sync>,
    ) -> Result<()> {
        let own = match error.downcast::<Error>() {
            Ok(own) if self.fatal || is_fatal(own.kind()) => {
                self.fatal = true;
                return Err(*own);
            }
            Ok(own) => *own,
            Err(other) => Error::new(ErrorKind::User, "user code failed").caused_by(other),
        };
        let (policy, reason) = match stage {
            Failing::Deserialization => (self.policies.deserialization, DropReason::Undecodable),
            Failing::Processing => (self.policies.processing, DropReason::ProcessingFailed),
            Failing::Production => (self.policies.production, DropReason::ProductionFailed),
        };
        let reason = if own.kind() == ErrorKind::Timestamp { DropReason::InvalidTimestamp } else { reason };
        let node = (self.describe)(self.node);
        match policy {
            ErrorPolicy::Fail => {
                self.fatal = true;
                let advice = match stage {
                    Failing::Deserialization => "errors.deserialization",
                    Failing::Processing => "errors.processing",
                    Failing::Production => "errors.production",
                };
                Err(own.context(format!(
                    "task {}, {node}, {} (`{advice}` = `skip` or `dead-letter` would go on without such records)",
                    self.task,
                    self.place()
                )))
            }
            ErrorPolicy::Skip | ErrorPolicy::DeadLetter => {
                self.drops.add(self.node, reason, 1);
                tracing::debug!(
                    task = %self.task, %node, reason = reason.code(), at = %self.place(), error = %own,
                    "record skipped"
                );
                if policy == ErrorPolicy::DeadLetter {
                    self.dead_letter(reason, &format!("{:?}", own.kind()), &own.to_string())?;
                }
                Ok(())
            }
        }
    }

    /// Where the record under way came from, for messages.
    pub(crate) fn place(&self) -> String {
        match self.origin {
            Some(origin) => {
                format!("record {}-{}@{}", self.topics.name(origin.topic), origin.partition, origin.offset)
            }
            None => "no record (a punctuation or the end of the input)".to_owned(),
        }
    }

    /// Puts the input record, if there is one, out to the dead-letter topic, with Kafka's headers about the failure and our own
    /// `__streams.errors.reason` and `__streams.errors.node`.
    fn dead_letter(&mut self, reason: DropReason, exception: &str, message: &str) -> Result<()> {
        // Without a record under way there are no bytes to send: what is in `raw` is an earlier record.
        let (Some(topic), Some(origin), false) =
            (self.policies.dead_letter_topic.clone(), self.origin, self.raw.is_empty())
        else {
            return Ok(());
        };
        let raw = self.raw.get(0);
        let mut headers = raw.headers.to_headers();
        let mut add = |name: &str, value: String| headers.add(format!("__streams.errors.{name}"), value);
        add("exception", exception.to_owned());
        add("message", message.to_owned());
        add("topic", self.topics.name(origin.topic).to_string());
        add("partition", origin.partition.to_string());
        add("offset", origin.offset.to_string());
        add("reason", reason.code().to_owned());
        add("node", (self.describe)(self.node));
        let mut encoded = Vec::new();
        headers.encode(&mut encoded);
        let topic = self.topics.number(&topic);
        let partition = raw.key.map_or(Partition::Any, |key| Partition::Hash(crate::log::murmur2(key)));
        let record = RecordView { headers: crate::record::EncodedHeaders(&encoded), ..raw };
        self.outputs.push(Target { topic, partition }, record);
        Ok(())
    }
}

/// Failures of what a task stands on; no policy for records applies to them.
fn is_fatal(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::Serde | ErrorKind::Timestamp | ErrorKind::User | ErrorKind::TooLarge)
}
