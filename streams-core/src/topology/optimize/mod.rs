//! What `build` changes in a graph before it becomes a topology: one file per pass.
//!
//! Passes work on the copy of the graph that `build` makes, after it was found to have no mistakes. They change which
//! topics and stores there are and where code runs, but not what comes out per key.

mod options;
mod repartitions;
mod reuse;
mod self_join;
mod sources;

pub use options::Optimization;

use crate::ids::NodeId;
use crate::topology::Graph;

/// Applies what is always applied, and what the graph's builder was told to.
pub(crate) fn apply(graph: &mut Graph) {
    sources::merge(graph);
    if graph.optimization.reuse_source_topics {
        reuse::apply(graph);
    }
    if graph.optimization.merge_repartition_topics {
        repartitions::merge(graph);
    }
    if graph.optimization.single_store_self_join {
        self_join::apply(graph);
    }
}

impl Graph {
    /// Puts what followed `from` behind `to`, after what follows that already. Both must have the same output.
    fn move_children(&mut self, from: NodeId, to: NodeId) {
        let children = std::mem::take(&mut self.node_mut(from).children);
        for child in children {
            let parents = &mut self.node_mut(child).parents;
            if parents.contains(&to) {
                // One edge is enough: each record comes once.
                parents.retain(|parent| *parent != from);
            } else {
                parents.iter_mut().filter(|parent| **parent == from).for_each(|parent| *parent = to);
                self.node_mut(to).children.push(child);
            }
        }
        let tee = self.node(from).tee.clone();
        let to = self.node_mut(to);
        to.tee = to.tee.take().or(tee);
    }

    /// Takes the edge between two nodes away.
    fn cut(&mut self, parent: NodeId, child: NodeId) {
        self.node_mut(parent).children.retain(|node| *node != child);
        self.node_mut(child).parents.retain(|node| *node != parent);
    }

    /// Adds an edge between two nodes.
    fn tie(&mut self, parent: NodeId, child: NodeId) {
        self.node_mut(parent).children.push(child);
        self.node_mut(child).parents.push(parent);
    }

    /// Takes a node that has no edges any more out of the graph; `heir` stands where it is referred to.
    fn remove(&mut self, node: NodeId, heir: NodeId) {
        self.node_mut(node).removed = true;
        let sides = self.co_partitions.iter_mut().flat_map(|group| &mut group.sides);
        sides.filter(|side| **side == node).for_each(|side| *side = heir);
    }
}
