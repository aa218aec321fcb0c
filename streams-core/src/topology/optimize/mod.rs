//! What `build` may change in a graph before it becomes a topology: one file per pass.
//!
//! Passes work on the copy of the graph that `build` makes, after it was found to have no mistakes. They change how
//! records go, never what comes out of a topology: the order in which records of different keys come may differ.

mod options;
mod self_join;

pub use options::Optimization;

use crate::ids::NodeId;
use crate::topology::Graph;

/// Applies what the graph's builder was told to.
pub(crate) fn apply(graph: &mut Graph) {
    if graph.optimization.single_store_self_join {
        self_join::apply(graph);
    }
}

impl Graph {
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
