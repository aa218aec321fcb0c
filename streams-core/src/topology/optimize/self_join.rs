//! A stream joined with itself is kept in one store instead of two (`single.store.self.join`, rule J-17).
//!
//! Only inner joins of one and the same stream qualify. The node that kept the right side's records, its store and
//! the two nodes that join are taken out: what keeps the records joins them too, and the merge is where results come
//! out.

use crate::ids::NodeId;
use crate::topology::Graph;

/// Turns every join of a stream with itself into one with one store.
pub(super) fn apply(graph: &mut Graph) {
    for index in 0..graph.nodes.len() {
        let merge = NodeId(index as u32);
        if let Some(wire) = graph.node(merge).self_join.clone() {
            let joins = graph.node(merge).parents.clone();
            let windowed: Vec<NodeId> = joins.iter().map(|&join| graph.node(join).parents[0]).collect();
            let inputs: Vec<NodeId> = windowed.iter().map(|&node| graph.node(node).parents[0]).collect();
            if inputs[0] != inputs[1] {
                continue;
            }
            for join in [0, 1] {
                graph.cut(joins[join], merge);
                graph.cut(windowed[join], joins[join]);
                graph.remove(joins[join], merge);
            }
            graph.cut(inputs[1], windowed[1]);
            graph.remove(windowed[1], windowed[0]);
            graph.tie(windowed[0], merge);
            graph.node_mut(merge).stores = graph.node(windowed[0]).stores.clone();
            graph.node_mut(windowed[0]).wire = wire;
        }
    }
}
