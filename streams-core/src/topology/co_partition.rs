//! Which sources must have equal partition counts because a node brings their records together by key.
//!
//! Joins say which nodes their sides come from; the sources are found when the graph is complete. Counts are compared
//! where they are known: those of repartitions at build, those of topics at start (rule R-7).

use std::collections::BTreeSet;

use crate::ids::NodeId;
use crate::topology::{Graph, Node};

/// The nodes that the sides of a join come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CoPartition {
    /// The node that joins.
    pub(crate) node: NodeId,
    /// Per side the node it comes from.
    pub(crate) sides: Vec<NodeId>,
}

/// A node and the sources that its sides are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CoPartitioned {
    /// The node that joins.
    pub(crate) node: NodeId,
    /// Per side its sources, in the order they were added.
    pub(crate) sides: Vec<Vec<NodeId>>,
}

impl Graph {
    /// Remembers that `node` brings the records of `sides` together by key: the sources upstream of each side must
    /// have equal partition counts.
    pub(crate) fn co_partition(&mut self, node: NodeId, sides: &[NodeId]) {
        self.co_partitions.push(CoPartition { node, sides: sides.to_vec() });
    }

    /// What was remembered, with the sources of each side.
    pub(crate) fn co_partitioned(&self) -> Vec<CoPartitioned> {
        let resolve = |group: &CoPartition| CoPartitioned {
            node: group.node,
            sides: group.sides.iter().map(|&side| sources_of(&self.nodes, side)).collect(),
        };
        self.co_partitions.iter().map(resolve).collect()
    }
}

/// The sources that records at `node` come from: itself, or those upstream of it in the same sub-topology.
pub(crate) fn sources_of(nodes: &[Node], node: NodeId) -> Vec<NodeId> {
    let (mut seen, mut open) = (BTreeSet::from([node]), vec![node]);
    while let Some(next) = open.pop() {
        for &parent in &nodes[next.index()].parents {
            if seen.insert(parent) {
                open.push(parent);
            }
        }
    }
    seen.into_iter().filter(|id| nodes[id.index()].parents.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StreamsBuilder, Topic};

    const A: Topic<String, String> = Topic::new("a");
    const B: Topic<String, String> = Topic::new("b");
    const C: Topic<String, String> = Topic::new("c");

    #[test]
    fn each_side_is_traced_up_to_its_sources_and_not_beyond_a_repartition() {
        let builder = StreamsBuilder::new();
        let merged = builder.stream(&A).merge(builder.stream(&B)).map_values(|v| v);
        let repartitioned = builder.stream(&C).repartition().filter(|_, _| true);
        let (left, right) = (merged.handle.node, repartitioned.handle.node);
        let mut graph = merged.handle.graph();
        graph.co_partition(left, &[left, right]);
        let found = graph.co_partitioned();
        let names =
            |ids: &[NodeId]| -> Vec<_> { ids.iter().map(|&id| graph.node(id).name.clone()).collect() };
        assert_eq!(found[0].node, left);
        assert_eq!(names(&found[0].sides[0]), ["KSTREAM-SOURCE-0000000000", "KSTREAM-SOURCE-0000000001"]);
        assert_eq!(names(&found[0].sides[1]), ["KSTREAM-SOURCE-0000000008"]);
    }
}
