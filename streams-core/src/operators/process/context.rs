//! What a processor may do.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{NodeId, Offset, TaskId};
use crate::operators::process::{PunctuationId, PunctuationType};
use crate::operators::{DropReason, Port, TaskContext};
use crate::record::Record;
use crate::state::{KeyValueStore, WindowStore};
use crate::time::Timestamp;
use crate::topic::Store;

/// Where the record under way came from: behind a repartition, the repartition topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordMetadata<'a> {
    /// Topic, empty inside punctuations.
    pub topic: &'a str,
    /// Partition.
    pub partition: u32,
    /// Offset, −1 inside punctuations.
    pub offset: Offset,
    /// Event time of the record at hand, in milliseconds since the epoch.
    pub timestamp: Timestamp,
}

impl<'a> RecordMetadata<'a> {
    pub(crate) fn of(ctx: &'a TaskContext, timestamp: Timestamp) -> Self {
        match ctx.origin {
            Some(origin) => RecordMetadata {
                topic: ctx.topics.name(origin.topic),
                partition: origin.partition,
                offset: origin.offset,
                timestamp,
            },
            None => RecordMetadata { topic: "", partition: 0, offset: -1, timestamp },
        }
    }
}

/// The stores of one processor, by name; each is a `KeyValueStore` or `WindowStore` of some types.
pub(crate) type ConnectedStores = HashMap<String, Arc<dyn std::any::Any + Send + Sync>>;

/// What a processor may do while it runs: forward, schedule, use its stores, see clocks and origin.
pub struct ProcessorContext<'a, K, V> {
    pub(super) task: &'a mut TaskContext,
    pub(super) node: NodeId,
    pub(super) name: &'a str,
    pub(super) next: &'a mut dyn Port<K, V>,
    pub(super) children: &'a [Arc<str>],
    pub(super) stores: &'a ConnectedStores,
}

impl<K, V> ProcessorContext<'_, K, V> {
    /// Passes a record to all children; returns when all that follows from it is done. An error means that the
    /// task has failed: pass it on with `?`.
    #[must_use = "an error means that the task has failed: pass it on with `?`"]
    pub fn forward(&mut self, record: Record<K, V>) -> Result<()> {
        self.check(&record)?;
        self.next.push(self.task, record)?;
        self.task.enter_seen(self.node);
        Ok(())
    }

    /// Passes a record to the child of this name only. Errs if there is none, naming those there are.
    pub fn forward_to(&mut self, child: &str, record: Record<K, V>) -> Result<()> {
        self.check(&record)?;
        let Some(number) = self.children.iter().position(|name| **name == *child) else {
            let known = self.children.join(", ");
            return Err(Error::new(
                ErrorKind::User,
                format!("processor `{}` has no child `{child}`; its children are: {known}", self.name),
            ));
        };
        self.next.push_nth(self.task, number, record)?;
        self.task.enter_seen(self.node);
        Ok(())
    }

    /// Counts the record under way as dropped by this processor, for example because a window store refused it
    /// ([`Put::Expired`](crate::state::Put::Expired)). Pass an error on with `?`.
    pub fn count_dropped(&mut self, reason: DropReason) -> Result<()> {
        self.task.enter_seen(self.node);
        self.task.drop_record(reason)
    }

    /// Calls [`punctuate`](crate::processor::Processor::punctuate) every `interval` (at least 1 ms): by stream
    /// time first with the next record, by wall clock first after one interval (Kafka's rules).
    pub fn schedule(&mut self, interval: Duration, kind: PunctuationType) -> PunctuationId {
        self.task.punctuations.add(self.node, kind, interval, None, self.task.wall_clock)
    }

    /// The same on the grid `start + n * interval`; nothing fires before `start`.
    pub fn schedule_at(
        &mut self,
        start: Timestamp,
        interval: Duration,
        kind: PunctuationType,
    ) -> PunctuationId {
        self.task.punctuations.add(self.node, kind, interval, Some(start), self.task.wall_clock)
    }

    /// Ends a schedule; it does not fire again.
    pub fn cancel(&mut self, id: PunctuationId) {
        self.task.punctuations.cancel(id);
    }

    /// The key-value store of this name and types. Errs if it is not connected to this processor, or of others.
    pub fn store<SK: 'static, SV: 'static>(&self, store: &Store<SK, SV>) -> Result<KeyValueStore<SK, SV>> {
        self.find(store.name())
    }

    /// The window store of this name and types. Errs if it is not connected to this processor, or of others.
    pub fn window_store<SK: 'static, SV: 'static>(
        &self,
        store: &Store<SK, SV>,
    ) -> Result<WindowStore<SK, SV>> {
        self.find(store.name())
    }

    /// Highest event time that the task has taken up, in milliseconds since the epoch; −1 at first.
    pub fn stream_time(&self) -> Timestamp {
        self.task.stream_time.get()
    }

    /// The machine's clock (or the test's) in milliseconds since the epoch.
    pub fn wall_clock(&self) -> Timestamp {
        self.task.wall_clock
    }

    /// Where the record under way came from; `None` inside punctuations.
    pub fn record_metadata(&self) -> Option<RecordMetadata<'_>> {
        self.task.origin.map(|_| RecordMetadata::of(self.task, self.task.stream_time.get()))
    }

    /// The task.
    pub fn task_id(&self) -> TaskId {
        self.task.task
    }

    /// The application's id.
    pub fn application_id(&self) -> &str {
        &self.task.application_id
    }

    fn find<S: Clone + 'static>(&self, name: &str) -> Result<S> {
        connected(self.name, self.stores, name)
    }

    fn check(&self, record: &Record<K, V>) -> Result<()> {
        if record.timestamp < 0 {
            return Err(Error::new(
                ErrorKind::Timestamp,
                format!(
                    "processor `{}` forwards a record with the negative timestamp {}",
                    self.name, record.timestamp
                ),
            ));
        }
        Ok(())
    }
}

/// The store `name` of those that are connected to `processor`.
pub(crate) fn connected<S: Clone + 'static>(
    processor: &str,
    stores: &ConnectedStores,
    name: &str,
) -> Result<S> {
    let Some(store) = stores.get(name) else {
        let mut connected: Vec<String> = stores.keys().map(|name| format!("`{name}`")).collect();
        connected.sort();
        let connected = if connected.is_empty() { "no store".to_owned() } else { connected.join(", ") };
        return Err(Error::new(
            ErrorKind::User,
            format!(
                "processor `{processor}` is not connected to the store `{name}` but to {connected}: call `with_store` \
                 directly behind `process` where the processor is added"
            ),
        ));
    };
    store.downcast_ref::<S>().cloned().ok_or_else(|| {
        Error::new(
            ErrorKind::User,
            format!("store `{name}` of processor `{processor}` is not a `{}`", std::any::type_name::<S>()),
        )
    })
}
