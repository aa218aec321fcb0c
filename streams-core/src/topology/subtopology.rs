//! Splitting the graph into sub-topologies: what runs together in one task.

use std::collections::HashMap;

use crate::ids::{NodeId, StoreId};
use crate::topology::{Node, NodeKind, SourceTopics, Topology};

/// Nodes connected by edges, by a shared store or by reading one topic, numbered by the first of their nodes in the
/// order of the graph (rule D-3).
pub(crate) fn split(nodes: &[Node]) -> Vec<Vec<NodeId>> {
    let mut group: Vec<usize> = (0..nodes.len()).collect();
    let mut store_users: HashMap<StoreId, usize> = HashMap::new();
    let mut readers: HashMap<&str, usize> = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        for parent in &node.parents {
            join(&mut group, index, parent.index());
        }
        if let NodeKind::Source(SourceTopics::Names(topics)) = &node.kind {
            for topic in topics {
                let first = *readers.entry(topic).or_insert(index);
                join(&mut group, index, first);
            }
        }
        for &store in &node.stores {
            let first = *store_users.entry(store).or_insert(index);
            join(&mut group, index, first);
        }
    }
    let mut groups: Vec<(usize, Vec<NodeId>)> = Vec::new();
    for index in (0..nodes.len()).filter(|&index| !nodes[index].removed) {
        let root = find(&group, index);
        let id = NodeId(index as u32);
        match groups.iter_mut().find(|(r, _)| *r == root) {
            Some((_, members)) => members.push(id),
            None => groups.push((root, vec![id])),
        }
    }
    let mut groups: Vec<Vec<NodeId>> = groups.into_iter().map(|(_, members)| members).collect();
    groups.sort_by_key(|members| members.iter().map(|&id| (nodes[id.index()].order, id)).min());
    groups
}

impl Topology {
    /// The sub-topologies, each behind those that write what it reads; where they feed each other in a circle, the one
    /// of the lowest number first.
    pub(crate) fn upstream_first(&self) -> Vec<u32> {
        let mut left: Vec<u32> = (0..self.sub_topology_count() as u32).collect();
        let mut ordered = Vec::new();
        while !left.is_empty() {
            let waits = |sub: u32| left.iter().any(|&other| other != sub && self.feeds(other, sub));
            let next = left.iter().position(|&sub| !waits(sub)).unwrap_or(0);
            ordered.push(left.remove(next));
        }
        ordered
    }

    /// Whether a sink of one sub-topology writes, by name, what a source of another reads.
    fn feeds(&self, from: u32, to: u32) -> bool {
        self.sources_of(to).any(|(_, topics)| {
            self.sinks_of(from).any(|sink| match topics {
                SourceTopics::Names(names) => !sink.internal && names.contains(&sink.name),
                SourceTopics::Repartition { name, .. } => sink.internal && *name == sink.name,
                SourceTopics::Pattern(_) => false,
            })
        })
    }
}

fn find(group: &[usize], mut index: usize) -> usize {
    while group[index] != index {
        index = group[index];
    }
    index
}

fn join(group: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(group, a), find(group, b));
    let (low, high) = (a.min(b), a.max(b));
    group[high] = low;
}
