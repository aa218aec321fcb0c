//! Steps that only change types, repartitions of joins, and the null keys that these let pass.

use std::collections::{HashMap, HashSet};

use crate::ids::NodeId;
use crate::topology::{Graph, Node, NodeKind, SourceTopics, Topology};

/// What a hidden step requires: of a stream of `Option`s it makes one of what is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Required {
    Key,
    Value,
}

/// Repartitions that joins have in common.
#[derive(Debug, Default, Clone)]
pub(crate) struct JoinRepartitions {
    /// By the node whose output is repartitioned: the source of the topic that joins without names share.
    pub(crate) unnamed: HashMap<NodeId, NodeId>,
    /// Copies of steps by the node they stand behind and the step.
    pub(crate) steps: HashMap<(NodeId, NodeId), NodeId>,
}

impl Graph {
    /// Takes steps that lead nowhere off the graph: what they were for stands behind a repartition.
    pub(crate) fn drop_idle_steps(&mut self) {
        // Children come after their parents, so that one pass backwards finds chains of them.
        for index in (0..self.nodes.len()).rev() {
            let node = &self.nodes[index];
            if matches!(node.kind, NodeKind::Hidden) && node.children.is_empty() {
                let id = NodeId(index as u32);
                for parent in node.parents.clone() {
                    self.node_mut(parent).children.retain(|&child| child != id);
                }
            }
        }
    }
}

impl Topology {
    /// Whether the filter of a repartition lets null keys pass: if a join that tolerates them lies behind it.
    pub(crate) fn null_keys_pass(&self, filter: NodeId) -> bool {
        let (mut open, mut seen) = (vec![filter], HashSet::new());
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let node = self.node(id);
            if node.tolerates_null_keys {
                return true;
            }
            if node.required == Some(Required::Key) {
                continue;
            }
            open.extend(&node.children);
            open.extend(self.readers_of(node));
        }
        false
    }

    /// The sources of the repartition topic that a node writes to.
    fn readers_of(&self, node: &Node) -> impl Iterator<Item = NodeId> {
        let topic = match &node.kind {
            NodeKind::Sink(Some(topic)) if topic.internal => Some(topic.name.clone()),
            _ => None,
        };
        topic.into_iter().flat_map(move |topic| {
            let all = (0..self.sub_topology_count() as u32).flat_map(|number| self.sources_of(number));
            all.filter_map(move |(id, topics)| match topics {
                SourceTopics::Repartition { name, .. } if *name == topic => Some(id),
                _ => None,
            })
        })
    }
}
