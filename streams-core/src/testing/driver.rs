//! The test driver: a topology in memory, step by step.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{TaskId, TopicPartition};
use crate::log::{Committed, partition_for_key};
use crate::operators::DropCounts;
use crate::record::{EncodedHeaders, Headers, Record, RecordBatch, RecordView};
use crate::serde::{DefaultSerde, SerdeRef, from_bytes};
use crate::state::MemoryBudget;
use crate::task::{Assignments, Task};
use crate::testing::topics::TestTopics;
use crate::testing::{RawRecord, TestDriverOptions};
use crate::time::{Timestamp, millis};
use crate::topic::Topic;
use crate::topology::Topology;

/// Runs a topology in memory, one step at a time: no files, no threads, no sleeps (Kafka's `TopologyTestDriver`, with
/// partitions, commits and crashes).
///
/// ```
/// use streams_core::{StreamsBuilder, Topic, testing::TestDriver};
///
/// const WORDS: Topic<String, String> = Topic::new("words");
/// const LENGTHS: Topic<String, i64> = Topic::new("lengths");
///
/// let builder = StreamsBuilder::new();
/// builder.stream(&WORDS).map_values(|word| word.len() as i64).to(&LENGTHS);
///
/// let mut driver = TestDriver::new(&builder.build()?)?;
/// driver.pipe(&WORDS, "a".to_owned(), "hello".to_owned(), 0)?;
/// assert_eq!(driver.read(&LENGTHS)?[0].value, 5);
/// # Ok::<(), streams_core::Error>(())
/// ```
pub struct TestDriver {
    pub(super) topology: Topology,
    pub(super) options: TestDriverOptions,
    pub(super) topics: TestTopics,
    pub(super) assignments: Assignments,
    pub(super) tasks: Vec<Task>,
    /// Which task's queue reads a partition.
    pub(super) readers: HashMap<String, Vec<Option<(usize, usize)>>>,
    pub(super) committed: BTreeMap<TopicPartition, Committed>,
    pub(super) wall_clock: Timestamp,
    pub(super) budget: Arc<MemoryBudget>,
    /// Dropped by tasks that are no more, as far as it was committed.
    pub(super) dropped_before: DropCounts,
    /// What each task had dropped when it committed last.
    pub(super) dropped_committed: Vec<DropCounts>,
}

impl TestDriver {
    /// Runs `topology` with one partition per topic and a commit after every record.
    pub fn new(topology: &Topology) -> Result<Self> {
        Self::with(topology, TestDriverOptions::default())
    }

    /// Runs `topology` as `options` say.
    pub fn with(topology: &Topology, options: TestDriverOptions) -> Result<Self> {
        options.policies.check()?;
        let topics = TestTopics {
            topics: BTreeMap::new(),
            counts: options.partitions.clone(),
            default_count: options.default_partitions.max(1),
        };
        let mut driver = TestDriver {
            topology: topology.clone(),
            wall_clock: options.start,
            options,
            topics,
            assignments: Assignments::default(),
            tasks: Vec::new(),
            readers: HashMap::new(),
            committed: BTreeMap::new(),
            budget: Arc::new(MemoryBudget::unlimited()),
            dropped_before: DropCounts::default(),
            dropped_committed: Vec::new(),
        };
        driver.start()?;
        Ok(driver)
    }

    /// Pipes a record into a topic, to the partition of its key, and processes it.
    pub fn pipe<K: DefaultSerde, V: DefaultSerde>(
        &mut self,
        topic: &Topic<K, V>,
        key: K,
        value: V,
        timestamp: Timestamp,
    ) -> Result<()> {
        self.pipe_record(topic, &Record::new(key, value, timestamp))
    }

    /// Pipes a record with its headers.
    pub fn pipe_record<K: DefaultSerde, V: DefaultSerde>(
        &mut self,
        topic: &Topic<K, V>,
        record: &Record<K, V>,
    ) -> Result<()> {
        self.pipe_with(topic, &K::serde(), &V::serde(), record)
    }

    /// Pipes a record by these serdes.
    pub fn pipe_with<K: 'static, V: 'static>(
        &mut self,
        topic: &Topic<K, V>,
        key_serde: &SerdeRef<K>,
        value_serde: &SerdeRef<V>,
        record: &Record<K, V>,
    ) -> Result<()> {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let key = crate::serde::to_bytes(&**key_serde, &record.key, &mut key)?;
        let value = crate::serde::to_bytes(&**value_serde, &record.value, &mut value)?;
        self.pipe_raw(topic.name(), None, key, value, record.timestamp, &record.headers)
    }

    /// Pipes bytes into a partition; without one, to that of the key, or to each in turn if the key is null.
    pub fn pipe_raw(
        &mut self,
        topic: &str,
        partition: Option<u32>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: Timestamp,
        headers: &Headers,
    ) -> Result<()> {
        self.discover(topic)?;
        let partition = match (partition, key) {
            (Some(partition), _) => partition,
            (None, Some(key)) => partition_for_key(key, self.topics.count(topic)),
            (None, None) => self.topics.topic(topic).any_partition(),
        };
        self.topics.check_partition(topic, partition)?;
        let mut encoded = Vec::new();
        headers.encode(&mut encoded);
        let record = RecordView { offset: 0, timestamp, key, value, headers: EncodedHeaders(&encoded) };
        self.deliver(topic, partition, record);
        self.run()
    }

    /// Pipes many records as bytes into one partition and then processes them; their offsets are given anew.
    pub fn pipe_batch(&mut self, topic: &str, partition: u32, records: &RecordBatch) -> Result<()> {
        self.discover(topic)?;
        self.topics.check_partition(topic, partition)?;
        self.deliver_batch(topic, partition, records);
        self.run()
    }

    /// The records of a topic that were not read yet, in the order they were written.
    pub fn read<K: DefaultSerde, V: DefaultSerde>(
        &mut self,
        topic: &Topic<K, V>,
    ) -> Result<Vec<Record<K, V>>> {
        self.read_with(topic, &K::serde(), &V::serde())
    }

    /// The same by these serdes.
    pub fn read_with<K: 'static, V: 'static>(
        &mut self,
        topic: &Topic<K, V>,
        key: &SerdeRef<K>,
        value: &SerdeRef<V>,
    ) -> Result<Vec<Record<K, V>>> {
        let decode = |raw: RawRecord| {
            Ok(Record {
                key: from_bytes(&**key, raw.key.as_deref())?,
                value: from_bytes(&**value, raw.value.as_deref())?,
                timestamp: raw.timestamp,
                headers: raw.headers,
            })
        };
        self.read_raw(topic.name())
            .into_iter()
            .map(decode)
            .collect::<Result<_>>()
            .map_err(|e: Error| e.context(format!("topic {}", topic.name())))
    }

    /// The records of a topic that were not read yet, as bytes.
    pub fn read_raw(&mut self, topic: &str) -> Vec<RawRecord> {
        self.topics.topic(topic).unread()
    }

    /// Everything that was written to a topic: changelogs and repartition topics too, by their full names.
    pub fn topic_records(&self, topic: &str) -> Vec<RawRecord> {
        self.topics.topics.get(topic).map_or_else(Vec::new, |topic| topic.records(0))
    }

    /// The names of all topics that were written to.
    pub fn topic_names(&self) -> impl Iterator<Item = &str> {
        self.topics.topics.keys().map(String::as_str)
    }

    /// Moves the wall clock on and fires the punctuations that are then due, each at most once.
    pub fn advance_wall_clock(&mut self, by: Duration) -> Result<()> {
        self.wall_clock = self.wall_clock.saturating_add(millis(by));
        for task in 0..self.tasks.len() {
            self.tasks[task].advance_wall_clock(self.wall_clock)?;
            if self.options.commit_each_record {
                self.commit_task(task)?;
            }
        }
        self.run()
    }

    /// The input has ended: closes every window, from upstream to downstream. Where records come back to what wrote
    /// them, it is done until nothing comes of it.
    pub fn finish(&mut self) -> Result<()> {
        let flow = Arc::clone(self.assignments.flow());
        for section in &flow.sections {
            for stage in &section.stages {
                loop {
                    if !section.inner.is_empty() {
                        self.commit()?;
                    }
                    let before = self.topics.written(&section.inner);
                    for task in 0..self.tasks.len() {
                        if section.subs.contains(&self.tasks[task].id.sub_topology) {
                            self.run()?;
                            self.tasks[task].finish(&stage.nodes)?;
                            self.commit_task(task)?;
                        }
                    }
                    if !stage.circular || self.topics.written(&section.inner) == before {
                        break;
                    }
                }
            }
        }
        self.commit()
    }

    /// Records dropped so far, by node and reason. One that was dropped before a crash but not committed is not
    /// counted until it is processed again.
    pub fn dropped(&self) -> DropCounts {
        let mut all = self.dropped_before.clone();
        self.tasks.iter().for_each(|task| all.merge(task.drops()));
        all
    }

    /// What was committed of the input, by partition.
    pub fn committed(&self) -> &BTreeMap<TopicPartition, Committed> {
        &self.committed
    }

    /// The tasks that run.
    pub fn tasks(&self) -> impl Iterator<Item = TaskId> {
        self.tasks.iter().map(|task| task.id)
    }

    pub(super) fn unknown(what: &str, name: &str) -> Error {
        Error::new(ErrorKind::NotFound, format!("the topology has no {what} `{name}`"))
    }
}
