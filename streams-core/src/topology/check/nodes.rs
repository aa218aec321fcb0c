//! Names of nodes.

use std::collections::{BTreeMap, BTreeSet};

use crate::topology::check::listed;
use crate::topology::names::mistake_in_name;
use crate::topology::{Graph, Node, NodeKind};

impl Graph {
    pub(super) fn check_nodes(&self, found: &mut Vec<String>) {
        if self.nodes.is_empty() && self.mistakes.is_empty() {
            found.push("it has no nodes: begin with `stream` or `table`".to_owned());
        }
        let repeated = self.repeated_repartitions();
        let mut by_name: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
        // A hidden node has the name of the node it belongs to.
        for node in self.nodes.iter().filter(|node| !matches!(node.kind, NodeKind::Hidden)) {
            found.extend(mistake_in_name(&node.name).map(|m| format!("node {}: {m}", node.describe())));
            if !belongs_to(&node.name, &repeated) {
                by_name.entry(&node.name).or_default().push(node);
            }
        }
        let mut repeated: Vec<_> = by_name.into_iter().filter(|(_, nodes)| nodes.len() > 1).collect();
        repeated.sort_by_key(|(_, nodes)| self.nodes.iter().position(|node| node.name == nodes[0].name));
        for (name, nodes) in repeated {
            let places: Vec<String> = nodes.iter().map(|node| format!("at {}", node.place())).collect();
            found.push(format!(
                "{} nodes are named `{name}`, {}: name them apart with `.named(..)`",
                nodes.len(),
                listed(&places)
            ));
        }
    }
}

/// Whether this is the name of a node of one of these repartitions: they are reported as repartitions.
fn belongs_to(name: &str, repartitions: &BTreeSet<String>) -> bool {
    let base = ["-sink", "-filter", "-source"].iter().find_map(|part| name.strip_suffix(part));
    base.is_some_and(|topic| repartitions.contains(topic))
}
