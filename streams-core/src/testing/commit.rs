//! A commit in the driver: what a task has put out appears in the topics.

use std::sync::Arc;

use crate::error::Result;
use crate::ids::Offset;
use crate::operators::{Outputs, Partition};
use crate::record::{RecordBatch, RecordView};
use crate::testing::TestDriver;
use crate::testing::topics::TestTopic;

/// A topic that is written to, taken out of the driver's topics meanwhile, so that it is looked up once.
struct Open {
    name: Arc<str>,
    topic: TestTopic,
    /// Per partition: the task and queue that read it, and what is for them.
    readers: Vec<Option<(usize, usize, RecordBatch)>>,
    /// Offset behind the last record written.
    end: Option<Offset>,
}

impl TestDriver {
    /// Commits one task: its outputs and changes appear in their topics.
    pub(super) fn commit_task(&mut self, index: usize) -> Result<()> {
        let task = &mut self.tasks[index];
        task.prepare_commit()?;
        task.changes()?;
        let changelogs = task.changelog_topics();
        let mut outputs = std::mem::take(task.outputs().0);
        let mut open = Vec::new();
        let written = self.write(index, &mut outputs, &mut open);
        *self.tasks[index].outputs().0 = outputs;
        let mut ends = vec![None; changelogs.len()];
        for Open { name, topic, readers, end } in open.into_iter().flatten() {
            if let Some(store) = changelogs.iter().position(|changelog| changelog.as_deref() == Some(&*name))
            {
                ends[store] = end;
            }
            self.topics.topics.insert(name.to_string(), topic);
            for (task, queue, batch) in readers.into_iter().flatten() {
                self.tasks[task].add(queue, batch);
            }
        }
        written?;
        let task = &mut self.tasks[index];
        task.committed(&ends);
        if self.dropped_committed[index] != *task.drops() {
            self.dropped_committed[index].clone_from(task.drops());
        }
        for (partition, committed) in task.positions() {
            self.committed.insert(partition, committed);
        }
        Ok(())
    }

    /// Appends each record to its topic, which is put into `open` at the task's number for it.
    fn write(&mut self, index: usize, outputs: &mut Outputs, open: &mut Vec<Option<Open>>) -> Result<()> {
        outputs.drain(|target, record| {
            let number = target.topic as usize;
            if open.len() <= number {
                open.resize_with(number + 1, || None);
            }
            let to = match &mut open[number] {
                Some(to) => to,
                closed => {
                    let name = Arc::clone(self.tasks[index].outputs().1.name(target.topic));
                    closed.insert(self.open_topic(name))
                }
            };
            let count = to.topic.partitions.len() as u32;
            let partition = match target.partition {
                Partition::Hash(hash) => (hash & 0x7fff_ffff) % count,
                Partition::Any => to.topic.any_partition(),
                Partition::Number(number) => number,
            };
            if partition >= count {
                return self.topics.check_partition(&to.name, partition);
            }
            let offset = to.topic.append(partition, record);
            if let Some(Some((_, _, batch))) = to.readers.get_mut(partition as usize) {
                batch.push(RecordView { offset, ..record });
            }
            to.end = Some(offset + 1);
            Ok(())
        })
    }

    fn open_topic(&mut self, name: Arc<str>) -> Open {
        self.topics.topic(&name);
        let topic = self.topics.topics.remove(&*name).expect("was just made");
        let tasks = &mut self.tasks;
        let mut reader = |(task, queue): (usize, usize)| (task, queue, tasks[task].spare_batch(queue));
        let readers = self
            .readers
            .get(&*name)
            .map_or_else(Vec::new, |readers| readers.iter().map(|place| place.map(&mut reader)).collect());
        Open { name, topic, readers, end: None }
    }
}
