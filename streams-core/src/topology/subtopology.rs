//! Splitting the graph into sub-topologies: what runs together in one task.

use std::collections::HashMap;

use crate::ids::{NodeId, StoreId};
use crate::topology::{Node, NodeKind, SourceTopics};

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
