//! Running to the end of the input: what is to be read, what is drained, and closing windows from upstream to
//! downstream.
//!
//! The ends of the user's topics are taken once, at the start. A topic that the topology writes itself ends where its
//! writers have left it when they have finished. A task is finished once all of its input is processed and
//! committed; what that puts out is committed with the progress of its operators, so that a run that is killed and
//! started again closes no window twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TaskId, TopicPartition};
use crate::runtime::coordinator::Coordinator;
use crate::runtime::shared::Shared;
use crate::runtime::worker::{Bound, Command};
use crate::task::Assignments;

pub(in crate::runtime) struct Bounded {
    /// The sub-topologies that write what each one reads.
    writers: Vec<BTreeSet<u32>>,
    ends: BTreeMap<TopicPartition, Offset>,
    drained: BTreeSet<TaskId>,
    finishing: BTreeSet<TaskId>,
    finished: BTreeSet<TaskId>,
    /// Sub-topologies whose inputs all have an end.
    released: BTreeSet<u32>,
    done: BTreeSet<u32>,
}

impl Bounded {
    pub(super) fn new(shared: &Shared, assignments: &Assignments) -> Result<Self> {
        let upstream = upstream(shared, assignments);
        let mut ends = BTreeMap::new();
        for task in assignments.tasks() {
            for input in assignments.inputs_of(task) {
                if !upstream.contains_key(&input.topic) {
                    let partition = TopicPartition::new(input.topic, task.partition);
                    let end = shared.log.written_offset(&partition)?;
                    ends.insert(partition, end);
                }
            }
        }
        let writers_of = |topics: &Vec<String>| {
            topics.iter().filter_map(|topic| upstream.get(topic)).flatten().copied().collect()
        };
        Ok(Bounded {
            writers: assignments.subscription().iter().map(writers_of).collect(),
            ends,
            drained: BTreeSet::new(),
            finishing: BTreeSet::new(),
            finished: BTreeSet::new(),
            released: BTreeSet::new(),
            done: BTreeSet::new(),
        })
    }

    /// How far to read a partition, as far as it is known.
    pub(super) fn bound(&self, partition: &TopicPartition) -> Bound {
        self.ends.get(partition).map_or(Bound::Unknown, |end| Bound::At(*end))
    }

    pub(super) fn drained(&mut self, task: TaskId) {
        self.drained.insert(task);
    }

    pub(super) fn finished(&mut self, tasks: &[TaskId]) {
        for task in tasks {
            self.finishing.remove(task);
            self.finished.insert(*task);
        }
    }

    /// The task was closed, and what was not committed is lost.
    pub(super) fn forget(&mut self, task: TaskId) {
        self.drained.remove(&task);
        self.finishing.remove(&task);
    }
}

impl Coordinator {
    /// Goes on to what is due next in a bounded run; whether everything is done.
    pub(super) fn advance_bounded(&mut self) -> Result<bool> {
        let Some(mut bounded) = self.bounded.take() else { return Ok(false) };
        let result = self.advance(&mut bounded);
        self.bounded = Some(bounded);
        result
    }

    fn advance(&mut self, bounded: &mut Bounded) -> Result<bool> {
        let all = self.assignments.tasks();
        self.check_complete(&all)?;
        let subs = bounded.writers.len() as u32;
        let mut changed = true;
        while changed {
            changed = false;
            for sub in 0..subs {
                let ready = bounded.writers[sub as usize].is_subset(&bounded.done);
                if bounded.done.contains(&sub) || !ready {
                    continue;
                }
                let tasks: Vec<TaskId> = all.iter().copied().filter(|t| t.sub_topology == sub).collect();
                if bounded.released.insert(sub) {
                    self.release(bounded, &tasks)?;
                }
                if tasks.iter().all(|task| bounded.finished.contains(task)) {
                    bounded.done.insert(sub);
                    changed = true;
                } else if tasks.iter().all(|t| bounded.drained.contains(t) || bounded.finished.contains(t)) {
                    self.finish(bounded, &tasks);
                }
            }
        }
        Ok(bounded.done.len() as u32 == subs)
    }

    /// The writers of these tasks' inputs have finished, so that the inputs have an end.
    fn release(&mut self, bounded: &mut Bounded, tasks: &[TaskId]) -> Result<()> {
        for &task in tasks {
            for partition in self.inputs(task) {
                if bounded.ends.contains_key(&partition) {
                    continue;
                }
                // They have committed all of it, although readers may not see it yet.
                let end = self.shared.log.written_offset(&partition)?;
                if let Some(&worker) = self.open.get(&task) {
                    let bound = Command::Bound(task, partition.topic.clone(), end);
                    self.workers[worker].commands.send(bound);
                }
                bounded.ends.insert(partition, end);
            }
        }
        Ok(())
    }

    fn finish(&mut self, bounded: &mut Bounded, tasks: &[TaskId]) {
        for (index, worker) in self.workers.iter().enumerate() {
            let due = |task: &&TaskId| {
                !bounded.finished.contains(task)
                    && !bounded.finishing.contains(task)
                    && self.open.get(task) == Some(&index)
            };
            let its: Vec<TaskId> = tasks.iter().filter(due).copied().collect();
            if !its.is_empty() {
                bounded.finishing.extend(its.iter().copied());
                worker.commands.send(Command::Finish(its));
            }
        }
    }

    /// A bounded run needs every task: it cannot know what others have finished.
    fn check_complete(&mut self, all: &[TaskId]) -> Result<()> {
        let missing: Vec<String> =
            all.iter().filter(|task| !self.open.contains_key(task)).map(ToString::to_string).collect();
        // A member that died without leaving keeps its partitions for a session timeout.
        let patience = self.shared.config.session_timeout * 2 + Duration::from_secs(5);
        if missing.is_empty() || self.started.elapsed() < patience {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Timeout,
            format!(
                "another process of the application {} has the tasks {}: a bounded run needs all of them; stop it first",
                self.shared.application_id,
                missing.join(", ")
            ),
        ))
    }
}

/// Topics that the topology writes and reads, with the sub-topologies that write them. Where sub-topologies feed
/// each other in a circle, the first of them reads up to the end at the start.
fn upstream(shared: &Shared, assignments: &Assignments) -> BTreeMap<String, BTreeSet<u32>> {
    let topology = &shared.topology;
    let reads = assignments.subscription();
    let subs = reads.len() as u32;
    let writers = |topic: &String| -> BTreeSet<u32> {
        let writes =
            |sub: &u32| topology.sinks_of(*sub).any(|t| t.full_name(&shared.application_id) == *topic);
        (0..subs).filter(writes).collect()
    };
    let mut upstream = BTreeMap::new();
    let mut ordered = BTreeSet::new();
    while ordered.len() < reads.len() {
        let open = |sub: u32, ordered: &BTreeSet<u32>| -> bool {
            reads[sub as usize].iter().all(|topic| writers(topic).is_subset(ordered))
        };
        let left = || (0..subs).filter(|sub| !ordered.contains(sub));
        let next = left().find(|sub| open(*sub, &ordered)).or_else(|| left().next());
        let Some(sub) = next else { break };
        for topic in &reads[sub as usize] {
            let writers: BTreeSet<u32> = writers(topic).intersection(&ordered).copied().collect();
            if !writers.is_empty() && open(sub, &ordered) {
                upstream.insert(topic.clone(), writers);
            }
        }
        ordered.insert(sub);
    }
    upstream
}
