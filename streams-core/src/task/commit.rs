//! What a task does around a commit. The order is: `prepare_commit`, `changes`, the transaction, then `committed` or
//! `aborted`.

use crate::error::Result;
use crate::ids::{Offset, TopicPartition};
use crate::log::Committed;
use crate::operators::port::exclusive;
use crate::operators::{Partition, Target};
use crate::task::aligned::Marker;
use crate::task::changelog::ChangelogOf;
use crate::task::{Progress, Task};

impl Task {
    /// Forwards what caches held back. New outputs may come of it.
    pub(crate) fn prepare_commit(&mut self) -> Result<()> {
        self.ctx.take_up(None);
        for (_, node) in &self.nodes {
            exclusive(node, |node| node.flush(&mut self.ctx))?;
        }
        Ok(())
    }

    /// Adds the changes of all stores to the outputs, each for its changelog, and clears the stores' dirty marks
    /// until `committed` or `aborted`.
    pub(crate) fn changes(&mut self) -> Result<()> {
        let (outputs, changelogs, partition) = (&mut self.ctx.outputs, &self.changelogs, self.id.partition);
        self.state.changes(&mut |store, record| {
            if let ChangelogOf::Own(topic) = changelogs[store] {
                outputs.push(Target { topic, partition: Partition::Number(partition) }, record);
            }
            Ok(())
        })?;
        self.tell_downstream()
    }

    /// Writes the task's stream time to every partition of the repartition topics it shares with other tasks.
    fn tell_downstream(&mut self) -> Result<()> {
        if !self.has_news() {
            return Ok(());
        }
        let marker = Marker { task: self.id, time: self.ctx.stream_time.get(), idle: self.upstream.idle };
        let headers = marker.encode();
        for &topic in &self.upstream.topics {
            for partition in 0..self.ctx.topics.partitions(topic)? {
                let target = Target { topic, partition: Partition::Number(partition) };
                self.ctx.outputs.push(target, marker.record(&headers));
            }
        }
        self.upstream.said = Some((marker.time, marker.idle));
        Ok(())
    }

    /// What to commit of the inputs: partitions that something was read from, or all of them where windows emit on
    /// close; of those that nothing was read from, then, where reading begins (rule RT-6).
    pub(crate) fn positions(&self) -> Vec<(TopicPartition, Committed)> {
        let (mut operators, mut everywhere) = (Vec::new(), false);
        for (_, node) in &self.nodes {
            exclusive(node, |node| {
                node.save(&mut operators);
                everywhere |= node.saves_everywhere();
            });
        }
        let mut positions = Vec::new();
        for queue in &self.queues {
            let Some(offset) = queue.position.or(queue.start.filter(|_| everywhere)) else {
                continue;
            };
            let mut operators = operators.clone();
            if let Some(aligned) = &queue.aligned {
                aligned.save(&mut operators);
            }
            let progress = Progress { partition_time: queue.partition_time.get(), operators };
            let partition = TopicPartition::new(queue.topic.clone(), queue.partition);
            positions.push((partition, Committed { offset, metadata: progress.encode() }));
        }
        positions
    }

    /// The transaction is in the log; `ends` are the offsets behind the last record of each store's own changelog.
    pub(crate) fn committed(&mut self, ends: &[Option<Offset>]) {
        self.state.committed(&self.store_ends(ends));
    }

    /// The transaction is not in the log: stores show again what was committed before. The task must be made anew
    /// from its committed offsets.
    pub(crate) fn aborted(&mut self) {
        self.ctx.outputs.clear();
        self.state.aborted();
    }
}
