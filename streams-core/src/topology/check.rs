//! What can be wrong with a graph, as far as that can be known without a cluster.

use std::collections::HashMap;

use crate::ids::StoreId;
use crate::state::StoreKind;
use crate::topology::names::mistake_in_name;
use crate::topology::{Graph, Node, NodeKind, SourceTopics, StoreNode};

impl Graph {
    /// Adds every mistake there is to those that were found while building.
    pub(crate) fn check(&mut self) {
        let mut found = Vec::new();
        self.check_nodes(&mut found);
        self.check_stores(&mut found);
        if self.nodes.is_empty() {
            found.push("it has no nodes: begin with `stream` or `table`".to_owned());
        }
        found.into_iter().for_each(|mistake| self.mistakes.add(mistake));
    }

    fn check_nodes(&self, found: &mut Vec<String>) {
        let mut by_name: HashMap<&str, &Node> = HashMap::new();
        // A hidden node has the name of the node it belongs to.
        for node in self.nodes.iter().filter(|node| !matches!(node.kind, NodeKind::Hidden)) {
            found.extend(mistake_in_name(&node.name).map(|m| format!("node {}: {m}", node.describe())));
            for topic in topics_of(&node.kind) {
                found.extend(mistake_in_name(topic).map(|m| format!("topic of {}: {m}", node.describe())));
            }
            if let NodeKind::Source(SourceTopics::Repartition { partitions: Some(0), .. }) = node.kind {
                found.push(format!(
                    "{} repartitions into 0 partitions: at least 1 is needed",
                    node.describe()
                ));
            }
            match by_name.get(node.name.as_str()) {
                Some(twin) => {
                    found.push(format!(
                        "two nodes have one name: {} and {}",
                        twin.describe(),
                        node.describe()
                    ));
                }
                None => _ = by_name.insert(&node.name, node),
            }
        }
    }

    fn check_stores(&self, found: &mut Vec<String>) {
        for (index, store) in self.stores.iter().enumerate() {
            let (name, place) = (&store.spec.name, place(store));
            found.extend(mistake_in_name(name).map(|m| format!("store at {place}: {m}")));
            if let Some(twin) = self.stores[..index].iter().find(|s| s.spec.name == *name) {
                let first = self::place(twin);
                found.push(format!(
                    "two stores are named `{name}`: at {first} and at {place}; give one another name"
                ));
            }
            if let StoreKind::Window(window) = &store.spec.kind
                && window.retention < window.size
            {
                found.push(format!(
                    "the window store `{name}` ({place}) keeps windows for {:?}, which is less than their size ({:?})",
                    window.retention, window.size
                ));
            }
            if store.spec.max_keys == Some(0) {
                found.push(format!("store `{name}` ({place}) may keep 0 keys: at least 1 is needed"));
            }
            if !self.nodes.iter().any(|node| node.stores.contains(&StoreId(index as u16))) {
                found
                    .push(format!("store `{name}` ({place}) is used by no node: connect it or leave it out"));
            }
        }
    }
}

/// The topics that a node names.
fn topics_of(kind: &NodeKind) -> Vec<&str> {
    match kind {
        NodeKind::Source(SourceTopics::Names(names)) => names.iter().map(String::as_str).collect(),
        NodeKind::Source(SourceTopics::Repartition { name, .. }) => vec![name],
        NodeKind::Sink(Some(topic)) if !topic.internal => vec![&topic.name],
        _ => Vec::new(),
    }
}

fn place(store: &StoreNode) -> String {
    format!("{}:{}", store.location.file(), store.location.line())
}
