//! The producer of a worker: hands what tasks put out to the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::NodeId;
use crate::log::{Producer, ProducerOptions, TopicHandle};
use crate::operators::policies::ErrorPolicy;
use crate::operators::{DropReason, Partition, Target};
use crate::record::{EncodedHeaders, RecordView};
use crate::runtime::config::Guarantee;
use crate::runtime::gauges::Gauges;
use crate::runtime::pulse::Doing;
use crate::runtime::shared::Shared;
use crate::runtime::worker::Worker;
use crate::runtime::worker::task::RunningTask;
use crate::topology::NodeKind;

/// Opens its producer when it is first needed.
pub(super) struct Sender {
    shared: Arc<Shared>,
    transactional_id: Option<String>,
    producer: Option<Box<dyn Producer>>,
    begun: bool,
    /// Where records without a key go next: one partition per batch.
    sticky: u32,
    last_flush: Instant,
    /// Time spent waiting for the log.
    blocked: Duration,
}

/// Where records of one topic go, and how many went there.
pub(super) struct Outlet {
    topic: TopicHandle,
    partitions: u32,
    pub(super) records: u64,
    pub(super) bytes: u64,
}

impl Sender {
    pub(super) fn new(shared: &Arc<Shared>, worker: usize) -> Self {
        let exactly_once = shared.config.guarantee == Guarantee::ExactlyOnce;
        let id = || format!("{}-{}-{}", shared.application_id, shared.process_id, worker + 1);
        Sender {
            shared: Arc::clone(shared),
            transactional_id: exactly_once.then(id),
            producer: None,
            begun: false,
            sticky: 0,
            last_flush: Instant::now(),
            blocked: Duration::ZERO,
        }
    }

    pub(super) fn is_transactional(&self) -> bool {
        self.transactional_id.is_some()
    }

    /// The producer, with a transaction begun if there are transactions.
    pub(super) fn producer(&mut self) -> Result<&mut dyn Producer> {
        let opened = match self.producer.take() {
            Some(producer) => producer,
            None => {
                let options = ProducerOptions { transactional_id: self.transactional_id.clone() };
                let mut producer = self.shared.log.open_producer(options)?;
                if self.transactional_id.is_none() {
                    producer.bind(&self.shared.application_id, self.shared.config.session_timeout);
                }
                producer
            }
        };
        let producer = self.producer.insert(opened);
        if self.transactional_id.is_some() && !self.begun {
            producer.begin()?;
            self.begun = true;
        }
        Ok(&mut **producer)
    }

    /// The transaction is over.
    pub(super) fn ended(&mut self) {
        self.begun = false;
    }

    /// Forgets the transaction under way. The next one gets a new producer.
    pub(super) fn abort(&mut self) -> Result<()> {
        let producer = self.producer.take();
        match producer {
            Some(mut producer) if std::mem::take(&mut self.begun) => producer.abort(),
            _ => Ok(()),
        }
    }

    pub(super) fn pending_bytes(&self) -> usize {
        self.producer.as_ref().map_or(0, |producer| producer.pending_bytes())
    }

    /// Without transactions: makes outputs visible that have waited for `linger`.
    pub(super) fn linger(&mut self, now: Instant, linger: Duration) -> Result<()> {
        if self.transactional_id.is_none()
            && now.duration_since(self.last_flush) >= linger
            && self.pending_bytes() > 0
            && let Some(producer) = &mut self.producer
        {
            self.last_flush = now;
            let began = Instant::now();
            producer.flush()?;
            self.blocked += began.elapsed();
        }
        Ok(())
    }

    /// Time spent waiting for the log.
    pub(super) fn blocked(&self) -> Duration {
        self.blocked
    }

    /// A commit has waited for the log for so long.
    pub(super) fn blocked_for(&mut self, time: Duration) {
        self.blocked += time;
    }

    /// Sends everything that the task has put out.
    fn drain(&mut self, task: &mut RunningTask) -> Result<()> {
        self.sticky = self.sticky.wrapping_add(1);
        let (sticky, shared) = (self.sticky, Arc::clone(&self.shared));
        let producer = self.producer()?;
        let RunningTask { task, targets, dropped, .. } = task;
        let id = task.id;
        let (outputs, topics) = task.outputs();
        let mut count = 0;
        outputs.drain(|target, record| {
            let number = target.topic as usize;
            let name = || topics.name(target.topic);
            if targets.get(number).is_none_or(Option::is_none) {
                shared.gauges.writes(id, name());
                look_up(&mut *producer, targets, number, name()).map_err(|e| {
                    e.context(format!("task {id}, {}", describe_sink(&shared, id.sub_topology, name())))
                })?;
            }
            let Some(outlet) = &mut targets[number] else { return Ok(()) };
            let partition = resolve(target, outlet.partitions, sticky);
            match producer.send(outlet.topic, partition, record) {
                Ok(()) => {
                    count += 1;
                    outlet.records += 1;
                    outlet.bytes += byte_len(record);
                }
                Err(error) => {
                    let node = sink_of(&shared, id.sub_topology, name());
                    let refusal = Refusal { shared: &shared, name: name(), partition, error };
                    refusal.judge(&mut *producer, record)?;
                    dropped.add(node, DropReason::ProductionFailed, 1);
                }
            }
            Ok(())
        })?;
        Gauges::add(&shared.gauges.produced, count);
        Ok(())
    }
}

impl Worker {
    /// Sends everything that task `index` has put out.
    pub(super) fn send_outputs(&mut self, index: usize) -> Result<()> {
        let task = &mut self.tasks[index];
        if task.task.outputs().0.is_empty() {
            return Ok(());
        }
        task.dirty = true;
        let id = task.id();
        self.shared.vitals.pulses.worker(self.index).beat(Doing::Committing, Some(id));
        if !self.sender.is_transactional() {
            self.shared.check_heartbeat(self.breaks)?;
        }
        self.sender.drain(task)
    }
}

#[inline]
fn resolve(target: Target, partitions: u32, sticky: u32) -> u32 {
    match target.partition {
        Partition::Hash(hash) => (hash & 0x7fff_ffff) % partitions.max(1),
        Partition::Any => sticky % partitions.max(1),
        Partition::Number(number) => number,
    }
}

#[cold]
fn look_up(
    producer: &mut dyn Producer,
    targets: &mut Vec<Option<Outlet>>,
    number: usize,
    name: &str,
) -> Result<()> {
    let topic = producer.topic(name)?;
    if targets.len() <= number {
        targets.resize_with(number + 1, || None);
    }
    targets[number] = Some(Outlet { topic, partitions: producer.partitions(topic), records: 0, bytes: 0 });
    Ok(())
}

#[inline]
fn byte_len(record: RecordView<'_>) -> u64 {
    let len = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
    (len(record.key) + len(record.value) + record.headers.0.len()) as u64
}

/// A record that the log did not take.
struct Refusal<'a> {
    shared: &'a Shared,
    name: &'a str,
    partition: u32,
    error: Error,
}

impl Refusal<'_> {
    /// `Ok` if processing goes on behind the record, by the production policy.
    #[cold]
    fn judge(self, producer: &mut dyn Producer, record: RecordView<'_>) -> Result<()> {
        let policies = &self.shared.config.errors;
        let of_record = matches!(self.error.kind(), ErrorKind::TooLarge | ErrorKind::InvalidRecord);
        if !of_record || policies.production == ErrorPolicy::Fail {
            return Err(self.error.context(format!("sending to {}-{}", self.name, self.partition)));
        }
        tracing::debug!(topic = self.name, partition = self.partition, error = %self.error, "record refused");
        let (ErrorPolicy::DeadLetter, Some(topic)) = (policies.production, &policies.dead_letter_topic)
        else {
            return Ok(());
        };
        let mut headers = record.headers.to_headers();
        headers.add("__streams.errors.exception", format!("{:?}", self.error.kind()));
        headers.add("__streams.errors.message", self.error.to_string());
        headers.add("__streams.errors.topic", self.name.to_owned());
        headers.add("__streams.errors.partition", self.partition.to_string());
        headers.add("__streams.errors.reason", DropReason::ProductionFailed.code());
        let mut encoded = Vec::new();
        headers.encode(&mut encoded);
        let letter = RecordView { headers: EncodedHeaders(&encoded), ..record };
        let topic = producer.topic(topic)?;
        match producer.send(topic, 0, letter) {
            // Too large for a dead letter too: what is known about it is all that can be kept.
            Err(error) if error.kind() == ErrorKind::TooLarge => {
                producer.send(topic, 0, RecordView { key: None, value: None, ..letter })
            }
            other => other,
        }
    }
}

/// The node that writes to this topic: a static sink of it, or else one that chooses its topics.
fn sink_of(shared: &Shared, sub_topology: u32, topic: &str) -> NodeId {
    let topology = &shared.topology;
    let nodes = topology.nodes_of(sub_topology);
    let writes = |id: &&NodeId| match &topology.node(**id).kind {
        NodeKind::Sink(Some(name)) => name.full_name(&shared.application_id) == topic,
        _ => false,
    };
    let chooses = |id: &&NodeId| matches!(topology.node(**id).kind, NodeKind::Sink(None));
    let found = nodes.iter().find(writes).or_else(|| nodes.iter().find(chooses));
    *found.unwrap_or(&nodes[0])
}

/// The name of the node that writes to this topic, or of the store whose changelog it is.
pub(super) fn name_of_writer(shared: &Shared, sub_topology: u32, topic: &str) -> String {
    let (topology, id) = (&shared.topology, &shared.application_id);
    let own = |store: &str| {
        topic.strip_prefix(&**id).and_then(|rest| rest.strip_prefix('-'))
            == Some(format!("{store}-changelog").as_str())
    };
    let mut stores =
        topology.stores_of(sub_topology).into_iter().map(|store| &topology.store(store).spec.name);
    match stores.find(|store| own(store)) {
        Some(store) => store.clone(),
        None => topology.node(sink_of(shared, sub_topology, topic)).name.clone(),
    }
}

fn describe_sink(shared: &Shared, sub_topology: u32, topic: &str) -> String {
    shared.topology.describe_node(sink_of(shared, sub_topology, topic))
}
