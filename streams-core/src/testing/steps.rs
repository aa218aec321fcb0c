//! What a step of the driver does: delivering, running, committing, crashing.

use std::sync::Arc;

use crate::error::Result;
use crate::ids::Offset;
use crate::operators::DropCounts;
use crate::record::{RecordBatch, RecordView};
use crate::state::Restorer;
use crate::state::engine::{Backend, MemoryBackend};
use crate::task::{Assignments, RestoreFrom, Task, TaskEnv};
use crate::testing::TestDriver;
use crate::time::StreamTime;
use crate::topology::SourceTopics;

impl TestDriver {
    /// Commits every task, again and again until nothing moves any more: what a commit puts into repartition topics
    /// is processed too.
    pub fn commit(&mut self) -> Result<()> {
        loop {
            for task in 0..self.tasks.len() {
                self.commit_task(task)?;
            }
            if self.tasks.iter().all(Task::is_drained) {
                return Ok(());
            }
            self.run()?;
        }
    }

    /// Loses everything that is not committed, local state included, and starts again from the committed offsets and
    /// the changelogs.
    ///
    /// ```
    /// use streams_core::testing::{TestDriver, TestDriverOptions};
    /// use streams_core::{StreamsBuilder, Topic};
    ///
    /// const VISITS: Topic<String, String> = Topic::new("visits");
    /// const COUNTS: Topic<String, i64> = Topic::new("counts");
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.stream(&VISITS).group_by_key().count().to_stream().to(&COUNTS);
    /// let options = TestDriverOptions { commit_each_record: false, ..TestDriverOptions::default() };
    /// let mut driver = TestDriver::with(&builder.build()?, options)?;
    ///
    /// driver.pipe(&VISITS, "ann".to_owned(), "/".to_owned(), 0)?;
    /// driver.commit()?;
    /// driver.pipe(&VISITS, "ann".to_owned(), "/".to_owned(), 1)?;
    /// driver.crash()?; // the second visit is not committed: it is read again
    /// driver.commit()?;
    /// let counts: Vec<i64> = driver.read(&COUNTS)?.into_iter().map(|record| record.value).collect();
    /// assert_eq!(counts, [1, 2]);
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn crash(&mut self) -> Result<()> {
        self.tasks.clear();
        for dropped in std::mem::take(&mut self.dropped_committed) {
            self.dropped_before.merge(&dropped);
        }
        self.start()
    }

    /// Commits, stops and starts again.
    pub fn restart(&mut self) -> Result<()> {
        self.commit()?;
        self.crash()
    }

    /// Makes the tasks, restores their stores and gives them what is behind the committed offsets.
    pub(super) fn start(&mut self) -> Result<()> {
        for sub in 0..self.topology.sub_topology_count() as u32 {
            for (_, source) in self.topology.sources_of(sub) {
                // What is read by name exists, and a pattern may match it too.
                if let SourceTopics::Names(names) = source {
                    names.iter().for_each(|name| _ = self.topics.topic(name));
                }
            }
        }
        let known: Vec<String> = self.topics.topics.keys().cloned().collect();
        let counts = self.options.partitions.clone();
        let default = self.topics.default_count;
        let count = |topic: &str| Ok(counts.get(topic).copied().unwrap_or(default));
        let application_id = self.options.application_id.clone();
        self.assignments = Assignments::of(&self.topology, &application_id, &known, &count)?;
        for (topic, partitions) in self.assignments.internal_counts() {
            self.topics.counts.insert(topic, partitions);
        }
        let all_counts = self.topics.counts.clone();
        let backend = MemoryBackend::new();
        self.readers.clear();
        for id in self.assignments.tasks() {
            let all_counts = all_counts.clone();
            let env = TaskEnv {
                application_id: application_id.as_str().into(),
                policies: self.options.policies.clone(),
                forward_per_commit: self.options.forward_per_commit,
                counts: Arc::new(move |topic| Ok(all_counts.get(topic).copied().unwrap_or(default))),
                engine: backend.open_task(id)?,
                budget: Arc::clone(&self.budget),
                wall_clock: self.wall_clock,
                aligned_inputs: self.options.aligned_event_time,
                aligned_outputs: if self.options.aligned_event_time {
                    self.assignments.aligned_outputs(&self.topology, &application_id, id.sub_topology)
                } else {
                    Vec::new()
                },
            };
            let inputs = self.assignments.inputs_of(id);
            let mut task = Task::new(&self.topology, id, &inputs, env)?;
            let committed: Vec<_> = task.inputs().map(|input| self.committed.get(&input).cloned()).collect();
            let starts: Vec<_> = committed.iter().map(|c| c.as_ref().map_or(0, |c| c.offset)).collect();
            self.restore(&task, &starts)?;
            task.resume(&committed, &starts);
            for (queue, input) in task.inputs().enumerate().collect::<Vec<_>>() {
                let from = starts[queue] as usize;
                let mut batch = RecordBatch::new();
                let records = &self.topics.topic(&input.topic).partitions[input.partition as usize];
                (from..records.len()).for_each(|offset| batch.push(records.get(offset)));
                task.add(queue, batch);
                let readers = self.readers.entry(input.topic).or_default();
                readers.resize(readers.len().max(input.partition as usize + 1), None);
                readers[input.partition as usize] = Some((self.tasks.len(), queue));
            }
            task.init(self.wall_clock)?;
            self.tasks.push(task);
            self.dropped_committed.push(DropCounts::default());
        }
        self.run()
    }

    /// A topic that a pattern may match was piped into for the first time.
    pub(super) fn discover(&mut self, topic: &str) -> Result<()> {
        let new = !self.topics.topics.contains_key(topic);
        self.topics.topic(topic);
        if new && !self.readers.contains_key(topic) && self.assignments.may_match(topic) {
            self.restart()?;
        }
        Ok(())
    }

    /// Appends a record to a topic and hands it to the task that reads it.
    pub(super) fn deliver(&mut self, topic: &str, partition: u32, record: RecordView<'_>) -> Offset {
        let offset = self.topics.topic(topic).append(partition, record);
        if let Some(&Some((task, queue))) =
            self.readers.get(topic).and_then(|readers| readers.get(partition as usize))
        {
            let mut batch = self.tasks[task].spare_batch(queue);
            batch.push(RecordView { offset, ..record });
            self.tasks[task].add(queue, batch);
        }
        offset
    }

    /// Appends records to a topic and hands them to the task that reads it, as one batch.
    pub(super) fn deliver_batch(&mut self, topic: &str, partition: u32, records: &RecordBatch) {
        let reader = self.readers.get(topic).and_then(|readers| *readers.get(partition as usize)?);
        let mut batch = match reader {
            Some((task, queue)) => self.tasks[task].spare_batch(queue),
            None => RecordBatch::new(),
        };
        let log = self.topics.topic(topic);
        for record in records.iter() {
            let offset = log.append(partition, record);
            if reader.is_some() {
                batch.push(RecordView { offset, ..record });
            }
        }
        if let Some((task, queue)) = reader {
            self.tasks[task].add(queue, batch);
        }
    }

    /// Processes whatever waits.
    pub(super) fn run(&mut self) -> Result<()> {
        let mut progress = true;
        while progress {
            progress = false;
            for task in 0..self.tasks.len() {
                while self.tasks[task].process_next()? {
                    progress = true;
                    if self.options.commit_each_record {
                        self.commit_task(task)?;
                    }
                }
                // Records that were skipped, with their dead letters.
                if self.options.commit_each_record && self.has_moved(task) {
                    self.commit_task(task)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a task has read what is not committed.
    fn has_moved(&self, task: usize) -> bool {
        let positions = self.tasks[task].positions();
        positions.iter().any(|(input, position)| {
            self.committed.get(input).is_none_or(|committed| committed.offset != position.offset)
        })
    }

    /// Brings a task's stores to where their changelogs end, or to before `starts` in its inputs.
    fn restore(&mut self, task: &Task, starts: &[Offset]) -> Result<()> {
        let mut restorer = Restorer::new(Arc::clone(task.state()));
        for (store, from) in task.restores().into_iter().enumerate() {
            let Some(RestoreFrom { partition, source }) = from else { continue };
            if !self.topics.topics.contains_key(&partition.topic) {
                continue;
            }
            let records = &self.topics.topic(&partition.topic).partitions[partition.partition as usize];
            match source {
                None => {
                    let end = records.len() as Offset;
                    restorer.begin(store, 0, end, std::time::Duration::ZERO);
                    restorer.apply(store, records, end)?;
                }
                Some((queue, rows)) => {
                    let (end, mut time, mut batch) =
                        (starts[queue], StreamTime::unknown(), RecordBatch::new());
                    for record in records.iter().take_while(|record| record.offset < end) {
                        rows.read(record, &mut time, &mut batch)?;
                    }
                    restorer.begin(store, 0, end, std::time::Duration::ZERO);
                    restorer.apply(store, &batch, end)?;
                }
            }
        }
        Ok(())
    }
}
