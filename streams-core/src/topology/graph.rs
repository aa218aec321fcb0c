//! The graph while it is being built.

use std::panic::Location;

use crate::ids::{NodeId, StoreId};
use crate::topology::co_partition::CoPartition;
use crate::topology::mistakes::Mistakes;
use crate::topology::names::Names;
use crate::topology::{JoinRepartitions, Node, Optimization, Repartition, StoreNode, place};

/// Nodes and stores, in the order they were added.
#[derive(Default, Clone)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) stores: Vec<StoreNode>,
    pub(crate) names: Names,
    pub(crate) mistakes: Mistakes,
    pub(crate) join_repartitions: JoinRepartitions,
    /// Repartitions, in the order they were added.
    pub(crate) all_repartitions: Vec<Repartition>,
    /// What `build` may change.
    pub(crate) optimization: Optimization,
    /// Whether generated names of stores and internal topics are mistakes.
    pub(crate) explicit_names: bool,
    /// Whose records a node brings together by key.
    pub(crate) co_partitions: Vec<CoPartition>,
}

impl Graph {
    /// Adds a node and makes it its parents' child.
    pub(crate) fn add(&mut self, mut node: Node) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        node.order = id.0;
        for parent in &node.parents {
            let children = &mut self.nodes[parent.index()].children;
            if !children.contains(&id) {
                children.push(id);
            }
        }
        self.nodes.push(node);
        id
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub(crate) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    /// Adds a store.
    pub(crate) fn add_store(&mut self, store: StoreNode) -> StoreId {
        self.stores.push(store);
        StoreId((self.stores.len() - 1) as u16)
    }

    /// The store of this name. Records a mistake if there is none.
    pub(crate) fn store_named(&mut self, name: &str, user: &str, at: &Location<'_>) -> Option<StoreId> {
        let found = self.stores.iter().position(|s| s.spec.name == name);
        if found.is_none() {
            self.mistakes.add(format!(
                "{user} is given the store `{name}` ({}), which was not added: call `add_store` or `add_window_store` \
                 before",
                place(at)
            ));
        }
        found.map(|index| StoreId(index as u16))
    }
}
