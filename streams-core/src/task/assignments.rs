//! Which tasks there are and what each of them reads: decided by the topology and the partition counts of the topics.

mod co_partition;
mod flow;
mod own_topics;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) use flow::Flow;

use regex_lite::Regex;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::TaskId;
use crate::task::InputTopic;
use crate::topology::{SourceTopics, Topology};

/// The inputs of every sub-topology, with partition counts.
#[derive(Debug, Default)]
pub(crate) struct Assignments {
    subs: Vec<SubInputs>,
    repartitions: BTreeMap<String, u32>,
    changelogs: BTreeMap<String, u32>,
    patterns: Vec<Regex>,
    flow: Arc<Flow>,
}

#[derive(Debug, Default)]
struct SubInputs {
    inputs: Vec<(InputTopic, u32)>,
}

impl Assignments {
    /// Of `topology`, where `known` are the topics a pattern may match and `count` tells how many partitions a
    /// topic has; it errs for one that does not exist.
    pub(crate) fn of(
        topology: &Topology,
        application_id: &str,
        known: &[String],
        count: &dyn Fn(&str) -> Result<u32>,
    ) -> Result<Assignments> {
        Self::check_own_topics(topology, application_id)?;
        let mut all = Self::inputs(topology, application_id, known, count)?;
        all.check_readers(topology)?;
        all.count_repartitions(topology, application_id)?;
        all.co_partition(topology)?;
        all.flow = Arc::new(all.find_flow(topology, application_id, &BTreeSet::new()));
        all.count_writers(topology, application_id);
        for (sub, inputs) in all.subs.iter().enumerate() {
            let tasks = inputs.inputs.iter().map(|(_, count)| *count).max().unwrap_or(0);
            for store in topology.stores_of(sub as u32) {
                let store = topology.store(store);
                if store.has_changelog() {
                    all.changelogs.insert(format!("{application_id}-{}-changelog", store.spec.name), tasks);
                }
            }
        }
        Ok(all)
    }

    /// What sub-topologies read, without the counts of repartition topics.
    fn inputs(
        topology: &Topology,
        application_id: &str,
        known: &[String],
        count: &dyn Fn(&str) -> Result<u32>,
    ) -> Result<Assignments> {
        let mut all = Assignments::default();
        for sub in 0..topology.sub_topology_count() as u32 {
            all.add_user_topics(topology, sub, application_id, known, count)?;
        }
        Ok(all)
    }

    /// Topics that are joined with larger ones, each with the count that would make it fit. None where a repartition
    /// was given a count of its own: then that has to change.
    pub(crate) fn too_small(
        topology: &Topology,
        application_id: &str,
        known: &[String],
        count: &dyn Fn(&str) -> Result<u32>,
    ) -> Result<Vec<(String, u32)>> {
        Ok(Self::inputs(topology, application_id, known, count)?.unequal(topology))
    }

    /// Every task, by the numbers of the sub-topologies.
    pub(crate) fn tasks(&self) -> Vec<TaskId> {
        let of = |(sub, inputs): (usize, &SubInputs)| {
            let count = inputs.inputs.iter().map(|(_, count)| *count).max().unwrap_or(0);
            (0..count).map(move |partition| TaskId { sub_topology: sub as u32, partition })
        };
        self.subs.iter().enumerate().flat_map(of).collect()
    }

    /// The topics that a task reads.
    pub(crate) fn inputs_of(&self, task: TaskId) -> Vec<InputTopic> {
        let inputs = &self.subs[task.sub_topology as usize].inputs;
        inputs.iter().filter(|(_, count)| task.partition < *count).map(|(input, _)| input.clone()).collect()
    }

    /// The topics of every sub-topology, for the group's subscription.
    pub(crate) fn subscription(&self) -> Vec<Vec<String>> {
        self.subs.iter().map(|s| s.inputs.iter().map(|(input, _)| input.topic.clone()).collect()).collect()
    }

    /// Full names and partition counts of the repartition topics.
    pub(crate) fn repartition_topics(&self) -> &BTreeMap<String, u32> {
        &self.repartitions
    }

    /// Full names and partition counts of the changelog topics.
    pub(crate) fn changelog_topics(&self) -> &BTreeMap<String, u32> {
        &self.changelogs
    }

    /// Full names and partition counts of all internal topics.
    pub(crate) fn internal_counts(&self) -> impl Iterator<Item = (String, u32)> {
        self.repartitions.iter().chain(&self.changelogs).map(|(name, count)| (name.clone(), *count))
    }

    /// Whether a pattern of the topology matches this topic.
    pub(crate) fn may_match(&self, topic: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_match(topic))
    }

    fn add_user_topics(
        &mut self,
        topology: &Topology,
        sub: u32,
        application_id: &str,
        known: &[String],
        count: &dyn Fn(&str) -> Result<u32>,
    ) -> Result<()> {
        let mut inputs: Vec<(InputTopic, u32)> = Vec::new();
        for (source, topics) in topology.sources_of(sub) {
            let names: Vec<String> = match topics {
                SourceTopics::Names(names) => names.clone(),
                SourceTopics::Repartition { name, .. } => vec![format!("{application_id}-{name}")],
                SourceTopics::Pattern(pattern) => {
                    // Java matches a pattern against the whole name. Build has refused those that are no patterns.
                    let pattern = Regex::new(&format!("^(?:{pattern})$")).map_err(|e| {
                        Error::new(ErrorKind::Topology, format!("`{pattern}` is no regular expression"))
                            .caused_by(e)
                    })?;
                    let matching = known.iter().filter(|topic| pattern.is_match(topic)).cloned().collect();
                    self.patterns.push(pattern);
                    matching
                }
            };
            for name in names {
                match inputs.iter_mut().find(|(input, _)| input.topic == name) {
                    Some((input, _)) => input.sources.push(source),
                    None => {
                        let partitions = match topics {
                            // Counted when all user topics are known.
                            SourceTopics::Repartition { .. } => 0,
                            _ => count(&name).map_err(|e| {
                                e.context(format!("source {}, topic {name}", topology.describe_node(source)))
                            })?,
                        };
                        inputs.push((
                            InputTopic { topic: name, sources: vec![source], writers: 0 },
                            partitions,
                        ));
                    }
                }
            }
        }
        self.subs.push(SubInputs { inputs });
        Ok(())
    }

    /// A pattern may match a topic that another sub-topology reads, which could then get only half of it.
    fn check_readers(&self, topology: &Topology) -> Result<()> {
        let mut readers: BTreeMap<&str, &InputTopic> = BTreeMap::new();
        for input in self.subs.iter().flat_map(|sub| &sub.inputs).map(|(input, _)| input) {
            if let Some(other) = readers.insert(&input.topic, input) {
                let [first, second] = [other, input].map(|i| topology.describe_node(i.sources[0]));
                return Err(Error::new(
                    ErrorKind::Topology,
                    format!(
                        "topic {} is read by {first} and by {second}, which run in different tasks: make the \
                         pattern narrower, or name the topic in both",
                        input.topic
                    ),
                ));
            }
        }
        Ok(())
    }

    /// The count of a repartition topic is the user's, or the highest of the inputs of the sub-topology that writes
    /// it (rule R-6).
    fn count_repartitions(&mut self, topology: &Topology, application_id: &str) -> Result<()> {
        let mut open = Vec::new();
        for sub in 0..topology.sub_topology_count() as u32 {
            for (_, topics) in topology.sources_of(sub) {
                if let SourceTopics::Repartition { name, partitions } = topics {
                    open.push((format!("{application_id}-{name}"), *partitions));
                }
            }
        }
        while !open.is_empty() {
            let before = open.len();
            open.retain(|(topic, given)| {
                match given.or_else(|| self.count_of_writers(topology, application_id, topic, false)) {
                    Some(count) => {
                        self.set_repartition(topic, count);
                        false
                    }
                    None => true,
                }
            });
            if open.len() == before {
                // They wait for each other, for example because a stream is merged with its own repartition. Kafka
                // takes the highest of the counts that are known.
                let partial = |topic: &String| self.count_of_writers(topology, application_id, topic, true);
                let Some((next, count)) =
                    open.iter().enumerate().find_map(|(at, (topic, _))| Some((at, partial(topic)?)))
                else {
                    // No topic matches the patterns upstream yet: there are no tasks that could write.
                    return Ok(());
                };
                let (topic, _) = open.remove(next);
                self.set_repartition(&topic, count);
            }
        }
        Ok(())
    }

    /// How many tasks write to each repartition topic whose time is to be aligned. That is none of those whose records
    /// come back to the tasks that write them: these would wait for what they say themselves.
    fn count_writers(&mut self, topology: &Topology, application_id: &str) {
        let mut writers: BTreeMap<String, u32> = BTreeMap::new();
        for sub in 0..topology.sub_topology_count() as u32 {
            let tasks = self.subs[sub as usize].inputs.iter().map(|(_, count)| *count).max().unwrap_or(0);
            let topics: BTreeSet<String> =
                topology.sinks_of(sub).map(|sink| sink.full_name(application_id)).collect();
            topics.into_iter().for_each(|topic| *writers.entry(topic).or_default() += tasks);
        }
        for (input, _) in self.subs.iter_mut().flat_map(|sub| &mut sub.inputs) {
            if self.repartitions.contains_key(&input.topic) && !self.flow.is_inner(&input.topic) {
                input.writers = writers.get(&input.topic).copied().unwrap_or(0);
            }
        }
    }

    /// The repartition topics that `sub_topology` writes to and that more than one task writes to.
    pub(crate) fn aligned_outputs(
        &self,
        topology: &Topology,
        application_id: &str,
        sub_topology: u32,
    ) -> Vec<String> {
        let shared = |topic: &String| {
            let mut inputs = self.subs.iter().flat_map(|sub| &sub.inputs);
            inputs.any(|(input, _)| input.topic == *topic && input.writers > 1)
        };
        let topics: BTreeSet<String> = topology
            .sinks_of(sub_topology)
            .map(|sink| sink.full_name(application_id))
            .filter(shared)
            .collect();
        topics.into_iter().collect()
    }

    /// The highest count of the inputs of the sub-topologies that write `topic`; `None` if some of them are not known
    /// yet, unless `partial`.
    fn count_of_writers(
        &self,
        topology: &Topology,
        application_id: &str,
        topic: &str,
        partial: bool,
    ) -> Option<u32> {
        let writers = (0..topology.sub_topology_count() as u32)
            .filter(|&sub| topology.sinks_of(sub).any(|sink| sink.full_name(application_id) == topic));
        let mut highest = None;
        for sub in writers {
            for (_, count) in &self.subs[sub as usize].inputs {
                match count {
                    // A repartition topic that is not counted yet.
                    0 if !partial => return None,
                    0 => {}
                    count => highest = highest.max(Some(*count)),
                }
            }
        }
        highest
    }
}
