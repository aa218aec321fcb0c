//! Texts about a topology, for programs (JSON), for drawing (Mermaid, Graphviz) and for people (`explain`). The text of
//! Kafka Streams is in `describe.rs`.
//!
//! All of them are made of the same parts, found here: nodes without the hidden ones, their topics, stores with their
//! changelogs. The same topology always gives the same text. Names of internal topics are without the application id,
//! which a topology does not know.

mod dot;
mod drawing;
mod explain;
mod json;
mod mermaid;

use crate::ids::{NodeId, StoreId};
use crate::log::CleanupPolicy;
use crate::topology::internal::changelog_cleanup;
use crate::topology::{NodeKind, SourceTopics, StoreNode, Topology};

/// A topic that the application makes.
pub(super) struct MadeTopic {
    pub(super) name: String,
    pub(super) made: Made,
    pub(super) cleanup: CleanupPolicy,
}

/// What an internal topic is made for.
pub(super) enum Made {
    /// A repartition, read by this source, with a count that the user set.
    Repartition(NodeId, Option<u32>),
    Changelog(StoreId),
}

impl Topology {
    /// The nodes of a sub-topology that have a name of their own, in the order they were added.
    pub(super) fn shown_nodes(&self, sub: u32) -> Vec<NodeId> {
        let shown = |id: &&NodeId| !matches!(self.node(**id).kind, NodeKind::Hidden);
        self.nodes_of(sub).iter().filter(shown).copied().collect()
    }

    /// The sub-topologies' numbers.
    pub(super) fn subs(&self) -> std::ops::Range<u32> {
        0..self.sub_topology_count() as u32
    }

    /// The sub-topology that a node is in.
    pub(super) fn sub_of(&self, node: NodeId) -> u32 {
        self.subs().find(|&sub| self.nodes_of(sub).contains(&node)).unwrap_or_default()
    }

    /// The topics a node reads or writes by name.
    pub(super) fn topics_of(&self, node: NodeId) -> Vec<&str> {
        match &self.node(node).kind {
            NodeKind::Source(SourceTopics::Names(names)) => names.iter().map(String::as_str).collect(),
            NodeKind::Source(SourceTopics::Repartition { name, .. }) => vec![name],
            NodeKind::Sink(Some(topic)) => vec![&topic.name],
            _ => Vec::new(),
        }
    }

    /// The pattern of topics that a node reads.
    pub(super) fn pattern_of(&self, node: NodeId) -> Option<&str> {
        match &self.node(node).kind {
            NodeKind::Source(SourceTopics::Pattern(pattern)) => Some(pattern),
            _ => None,
        }
    }

    /// The topic that a store is restored from: its own, or the one that fills it.
    pub(super) fn changelog_of(&self, store: &StoreNode) -> Option<String> {
        match &store.source {
            Some(source) => Some(source.topic.clone()),
            None => store.spec.logged.then(|| format!("{}-changelog", store.spec.name)),
        }
    }

    /// The topics that the application makes: repartitions, then changelogs.
    pub(super) fn made_topics(&self) -> Vec<MadeTopic> {
        let (mut repartitions, mut changelogs) = (Vec::new(), Vec::new());
        for sub in self.subs() {
            for (source, topics) in self.sources_of(sub) {
                if let SourceTopics::Repartition { name, partitions } = topics {
                    let made = Made::Repartition(source, *partitions);
                    let cleanup = CleanupPolicy::Delete;
                    repartitions.push(MadeTopic { name: name.clone(), made, cleanup });
                }
            }
            for id in self.stores_of(sub) {
                let store = self.store(id);
                if let Some(name) = self.changelog_of(store).filter(|_| store.has_changelog()) {
                    let cleanup = changelog_cleanup(&store.spec);
                    changelogs.push(MadeTopic { name, made: Made::Changelog(id), cleanup });
                }
            }
        }
        repartitions.extend(changelogs);
        repartitions
    }

    /// The nodes that use a store.
    pub(super) fn users_of(&self, store: StoreId) -> Vec<NodeId> {
        let all = self.subs().flat_map(|sub| self.nodes_of(sub).iter().copied());
        all.filter(|&node| self.node(node).stores.contains(&store)).collect()
    }
}

/// What becomes of old records of a topic, in Kafka's words.
pub(super) fn cleanup_text(cleanup: CleanupPolicy) -> &'static str {
    match cleanup {
        CleanupPolicy::Delete => "delete",
        CleanupPolicy::Compact => "compact",
        CleanupPolicy::CompactDelete => "compact,delete",
    }
}
