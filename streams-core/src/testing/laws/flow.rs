//! How records flow between the tasks of a topology, as far as it decides which laws hold for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::testing::TestDriver;
use crate::topology::NodeKind;

/// Who writes which topic, and whether the order in which tasks see their records depends on commits.
pub(super) struct Flow {
    /// Topics that the topology itself writes and reads, repartition topics for instance.
    moved: BTreeSet<String>,
    /// Number of tasks that write to each topic.
    writers: BTreeMap<String, usize>,
    tasks: usize,
    /// Whether every task that reads what others write reads nothing else, and from one of them only.
    in_order: bool,
}

impl Flow {
    pub(super) fn of(driver: &TestDriver) -> Flow {
        let application = &driver.options.application_id;
        let read = driver.assignments.subscription();
        let mut writers: BTreeMap<String, usize> = BTreeMap::new();
        for sub in 0..read.len() as u32 {
            let tasks = driver.tasks().filter(|task| task.sub_topology == sub).count();
            let sinks = driver.topology.sinks_of(sub).map(|sink| sink.full_name(application));
            for topic in sinks.collect::<BTreeSet<_>>() {
                *writers.entry(topic).or_default() += tasks;
            }
        }
        let moved: BTreeSet<String> =
            read.iter().flatten().filter(|topic| writers.contains_key(*topic)).cloned().collect();
        let alone = |inputs: &Vec<String>| match inputs.iter().find(|topic| moved.contains(*topic)) {
            Some(topic) => inputs.len() == 1 && writers.get(topic) == Some(&1),
            None => true,
        };
        let in_order = read.iter().all(alone);
        Flow { moved, writers, tasks: driver.tasks().count(), in_order }
    }

    /// Whether commits may come anywhere without changing what any task sees.
    pub(super) fn is_in_order(&self) -> bool {
        self.in_order
    }

    /// Whether records stay in the task that reads them first.
    pub(super) fn is_local(&self) -> bool {
        self.moved.is_empty()
    }

    /// Whether the order of a topic's records is that of one task.
    pub(super) fn has_one_writer(&self, topic: &str) -> bool {
        self.tasks == 1 || self.writers.get(topic).is_some_and(|tasks| *tasks == 1)
    }
}

/// What is wrong with topics that are declared as inputs or as outputs of tables: those that a topology has nothing to
/// do with would keep every law.
pub(super) fn stranger(driver: &TestDriver, inputs: &[&str], tables: &[&str]) -> Option<String> {
    let read = driver.assignments.subscription();
    let is_read = |topic: &str| {
        read.iter().flatten().any(|known| known == topic) || driver.assignments.may_match(topic)
    };
    if let Some(topic) = inputs.iter().find(|topic| !is_read(topic)) {
        return Some(format!("the topology does not read the topic `{topic}` that `input` names"));
    }
    let application = &driver.options.application_id;
    // A sink without a topic chooses one for each record.
    let is_written = |topic: &str| {
        driver.topology.nodes().iter().any(|node| match &node.kind {
            NodeKind::Sink(to) => to.as_ref().is_none_or(|to| to.full_name(application) == topic),
            _ => false,
        })
    };
    let topic = tables.iter().find(|topic| !is_written(topic))?;
    Some(format!("the topology does not write the topic `{topic}` that `table_output` names"))
}
