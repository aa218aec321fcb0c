//! Repartitions: their names and partition counts.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::NodeId;
use crate::topology::check::listed;
use crate::topology::names::mistake_in_name;
use crate::topology::{Graph, Member, Node, NodeKind, SourceTopics, contradictions};

impl Graph {
    pub(super) fn check_repartitions(&self, found: &mut Vec<String>) {
        for (topic, sources) in self.repartitions() {
            let place = sources[0].place();
            found.extend(mistake_in_name(topic).map(|m| format!("topic of the repartition at {place}: {m}")));
            if sources.len() > 1 {
                let places: Vec<String> = sources.iter().map(|node| format!("at {}", node.place())).collect();
                let base = topic.strip_suffix("-repartition").unwrap_or(topic);
                found.push(format!(
                    "{} repartitions are named `{base}`, {}: their records would mix in one topic; name them apart, or \
                     repartition once and clone the stream",
                    sources.len(),
                    listed(&places)
                ));
            }
        }
        for node in &self.nodes {
            if let NodeKind::Source(SourceTopics::Repartition { partitions: Some(0), .. }) = node.kind {
                found.push(format!(
                    "{} repartitions into 0 partitions: at least 1 is needed",
                    node.describe()
                ));
            }
        }
        found.extend(contradictions(&self.nodes, &self.co_partitioned(), &|source| self.member(source)));
    }

    /// The topics that more than one repartition would write to.
    pub(super) fn repeated_repartitions(&self) -> BTreeSet<String> {
        let repeated = self.repartitions().into_iter().filter(|(_, sources)| sources.len() > 1);
        repeated.map(|(topic, _)| topic.to_owned()).collect()
    }

    /// The sources of each repartition topic.
    fn repartitions(&self) -> BTreeMap<&str, Vec<&Node>> {
        let mut all: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
        for node in &self.nodes {
            if let NodeKind::Source(SourceTopics::Repartition { name, .. }) = &node.kind {
                all.entry(name).or_default().push(node);
            }
        }
        all
    }

    /// What is known at build of the counts of a source's topics.
    fn member(&self, source: NodeId) -> Vec<Member> {
        match &self.node(source).kind {
            NodeKind::Source(SourceTopics::Repartition { name, partitions }) => {
                vec![Member { topic: name.clone(), source, count: *partitions }]
            }
            _ => Vec::new(),
        }
    }
}
