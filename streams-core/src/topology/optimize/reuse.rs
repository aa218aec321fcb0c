//! The topic of a table as the changelog of its store (`reuse.ktable.source.topics`).
//!
//! Nothing is written for such a store, and a restore reads the topic up to the committed position. A store that was
//! asked to have no changelog stays without, and one that lets keys go has its own: its rows are not those of the topic.

use crate::topology::Graph;

/// Makes the topic of each table of a topic the changelog of its store.
pub(super) fn apply(graph: &mut Graph) {
    for node in &graph.nodes {
        let (Some(table), Some(store)) = (&node.table_of, node.stores.first()) else { continue };
        let store = &mut graph.stores[store.index()];
        if store.spec.logged && store.spec.max_keys.is_none() {
            store.source = Some(table.clone());
        }
    }
}
