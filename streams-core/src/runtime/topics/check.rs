//! Looking at all topics of an application before it starts.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{ErrorKind, Result};
use crate::ids::NodeId;
use crate::log::{NewTopic, TopicFix, TopicInfo};
use crate::runtime::config::Config;
use crate::state::StoreSpec;
use crate::task::Assignments;
use crate::topology::{InternalTopicKind, NodeKind, SourceTopics, Topology};

use super::found::Found;
use super::problems::Problems;
use super::settings::{self, Finding};
use super::{internal, matchable, plan_with};

/// What was found where nothing keeps the application from starting.
pub(super) struct Checked {
    pub(super) assignments: Assignments,
    /// The topics that are to be created.
    pub(super) missing: Vec<NewTopic>,
    pub(super) warnings: Vec<String>,
}

/// Looks at everything. Errs with all that is wrong.
pub(super) fn all(topology: &Topology, config: &Config, found: &Found<'_>) -> Result<Checked> {
    Assignments::check_own_topics(topology, &config.application_id)?;
    let mut check = Check { topology, config, found, problems: Problems::on(found.log) };
    let complete = check.users_topics()?;
    let assignments = if complete { check.plan()? } else { None };
    check.tables()?;
    let mut missing = check.internal_topics(assignments.as_ref())?;
    missing.extend(check.dead_letters()?);
    let warnings = check.problems.into_result(&config.application_id)?;
    // Without a plan there was a problem.
    Ok(Checked { assignments: assignments.unwrap_or_default(), missing, warnings })
}

struct Check<'a> {
    topology: &'a Topology,
    config: &'a Config,
    found: &'a Found<'a>,
    problems: Problems<'a>,
}

impl Check<'_> {
    /// The topics that the user has to create; whether all that are read are there.
    fn users_topics(&mut self) -> Result<bool> {
        let mut used: BTreeMap<String, (NodeId, bool)> = BTreeMap::new();
        for sub in 0..self.topology.sub_topology_count() as u32 {
            for (source, topics) in self.topology.sources_of(sub) {
                if let SourceTopics::Names(names) = topics {
                    names.iter().for_each(|name| _ = used.insert(name.clone(), (source, true)));
                }
            }
            for &id in self.topology.nodes_of(sub) {
                if let NodeKind::Sink(Some(topic)) = &self.topology.node(id).kind
                    && !topic.internal
                {
                    used.entry(topic.name.clone()).or_insert((id, false));
                }
            }
        }
        let mut complete = true;
        for (topic, (node, read)) in &used {
            if let Some(found) = self.found.topic(topic)? {
                if !read {
                    self.note(topic, "topic", settings::of_replication(&found));
                }
                continue;
            }
            complete &= !read;
            let what = format!(
                "topic {topic} does not exist, which {} {}; create it with as many partitions as tasks are to work \
                 side by side",
                self.topology.describe_node(*node),
                if *read { "reads" } else { "writes" }
            );
            let fix = TopicFix::CreateInput {
                topic: topic.clone(),
                partitions: self.count_for(*node, &used)?,
                compacted: self.table_topics().contains(topic),
            };
            self.problems.refuse(ErrorKind::NotFound, &what, &[fix]);
        }
        Ok(complete)
    }

    /// How many partitions a missing topic may have: as many as what it is joined with, or as the largest of all.
    fn count_for(&self, node: NodeId, used: &BTreeMap<String, (NodeId, bool)>) -> Result<u32> {
        let groups = self.topology.co_partitioned().iter().filter(|group| group.sources.contains(&node));
        let joined: BTreeSet<NodeId> = groups.flat_map(|group| group.sources.iter().copied()).collect();
        let (mut with, mut largest) = (None, 1);
        for (topic, (other, _)) in used {
            if let Some(found) = self.found.topic(topic)? {
                with = if joined.contains(other) { with.max(Some(found.partitions)) } else { with };
                largest = largest.max(found.partitions);
            }
        }
        Ok(with.unwrap_or(largest))
    }

    /// What every task reads, unless counts contradict each other.
    fn plan(&mut self) -> Result<Option<Assignments>> {
        let error = match plan_with(self.topology, self.config, self.found) {
            Ok(assignments) => return Ok(Some(assignments)),
            Err(error) if error.kind() != ErrorKind::Topology => return Err(error),
            Err(error) => error,
        };
        let count = |topic: &str| self.found.partitions(topic);
        let known = matchable(self.config, self.found)?;
        let more = Assignments::too_small(self.topology, &self.config.application_id, &known, &count)?;
        let fixes: Vec<TopicFix> = more
            .into_iter()
            .map(|(topic, partitions)| TopicFix::AddPartitions { topic, partitions })
            .collect();
        let mut what = error.to_string();
        if !fixes.is_empty() {
            what.push_str(
                "\n  or, while a topic is empty or its records have no keys (keys would move to other partitions), \
                 add partitions",
            );
        }
        self.problems.refuse(ErrorKind::Topology, &what, &fixes);
        Ok(None)
    }

    /// Topics that are read as tables.
    fn tables(&mut self) -> Result<()> {
        for topic in self.table_topics() {
            if let Some(found) = self.found.topic(&topic)? {
                let store =
                    self.stores().find(|store| store.source.as_ref().is_some_and(|s| s.topic == topic));
                let store = store.map(|store| store.spec.name.clone());
                self.note(&topic, "topic", settings::of_table(&found, store.as_deref()));
            }
        }
        Ok(())
    }

    /// Checks the internal topics that exist; those that do not.
    fn internal_topics(&mut self, assignments: Option<&Assignments>) -> Result<Vec<NewTopic>> {
        let (topology, id) = (self.topology, &self.config.application_id);
        let counted = assignments.map(|assignments| internal(topology, self.config, assignments));
        let mut missing = Vec::new();
        for topic in topology.internal_topics_kept(self.config.changelog_additional_retention) {
            let name = topic.full_name(id);
            let wanted = counted.as_ref().map(|all| all.iter().find(|new| new.name == name));
            // Its sub-topology has no tasks.
            if wanted == Some(None) {
                continue;
            }
            let wanted = wanted.flatten();
            let Some(found) = self.found.topic(&name)? else {
                missing.extend(wanted.cloned());
                continue;
            };
            let (noun, findings) = match topic.kind {
                InternalTopicKind::Repartition => ("repartition topic", settings::of_repartition(&found)),
                InternalTopicKind::Changelog => {
                    let new = NewTopic::new(&name, found.partitions).with_config(topic.config.clone());
                    let spec = topic.store.as_deref().and_then(|store| self.spec(store));
                    let of = |spec| settings::of_changelog(&found, &new, spec);
                    ("changelog topic", spec.map(of).unwrap_or_default())
                }
            };
            if let Some(wanted) = wanted {
                self.count(noun, &found, wanted.partitions)?;
            }
            self.note(&name, noun, findings);
            self.note(&name, noun, settings::of_replication(&found));
            self.fewer_copies(&name, noun, &found)?;
        }
        Ok(missing)
    }

    fn count(&mut self, noun: &str, found: &TopicInfo, wanted: u32) -> Result<()> {
        if found.partitions == wanted {
            return Ok(());
        }
        let (name, has) = (&found.name, found.partitions);
        let what =
            format!("{noun} {name} has {has} partitions and must have {wanted}, as its inputs ask for");
        if self.found.is_empty(found)? {
            let what = format!("{what}; it is empty: delete it, and it is created as it must be");
            self.problems.refuse(ErrorKind::Exists, &what, &[TopicFix::Delete { topic: name.clone() }]);
        } else {
            let what = format!(
                "{what}; give the inputs their old counts, or reset the application (`App::plan_reset`), which \
                 deletes its internal topics and its state"
            );
            self.problems.refuse(ErrorKind::Exists, &what, &[]);
        }
        Ok(())
    }

    /// An internal topic that is kept on fewer brokers than what it is made of is lost before it.
    fn fewer_copies(&mut self, name: &str, noun: &str, found: &TopicInfo) -> Result<()> {
        let Some(own) = found.replication else { return Ok(()) };
        let mut most = 0;
        for sub in 0..self.topology.sub_topology_count() as u32 {
            for (_, topics) in self.topology.sources_of(sub) {
                let SourceTopics::Names(names) = topics else { continue };
                for topic in names {
                    let copies = self.found.topic(topic)?.and_then(|info| info.replication);
                    most = most.max(copies.map_or(0, |copies| copies.replicas));
                }
            }
        }
        if own.replicas < most {
            let what = format!(
                "{noun} {name} has {} replicas, fewer than the topics that are read, which have up to {most}: give it \
                 more with kafka-reassign-partitions.sh; `replication-factor` is for topics that are yet to be created",
                own.replicas
            );
            self.problems.warn(&what, &[]);
        }
        Ok(())
    }

    /// A topic of the user that is created if it is missing.
    fn dead_letters(&self) -> Result<Option<NewTopic>> {
        let errors = &self.config.errors;
        let Some(topic) = errors.dead_letter_topic.as_ref().filter(|_| errors.uses_dead_letters()) else {
            return Ok(None);
        };
        Ok(self.found.topic(topic)?.is_none().then(|| NewTopic::new(topic, 1)))
    }

    fn note(&mut self, topic: &str, noun: &str, findings: Vec<Finding>) {
        for Finding { grave, what, settings } in findings {
            let what = format!("{noun} {topic}: {what}");
            let fix = [TopicFix::Configure { topic: topic.to_owned(), settings }];
            match grave {
                true => self.problems.refuse(ErrorKind::Config, &what, &fix),
                false => self.problems.warn(&what, &fix),
            }
        }
    }

    fn stores(&self) -> impl Iterator<Item = &crate::topology::StoreNode> {
        let subs = 0..self.topology.sub_topology_count() as u32;
        subs.flat_map(|sub| self.topology.stores_of(sub)).map(|store| self.topology.store(store))
    }

    fn table_topics(&self) -> BTreeSet<String> {
        let tables = self.topology.nodes().iter().filter_map(|node| node.table_of.as_ref());
        tables.map(|table| table.topic.clone()).collect()
    }

    fn spec(&self, store: &str) -> Option<&StoreSpec> {
        self.stores().map(|node| &node.spec).find(|spec| spec.name == store)
    }
}
