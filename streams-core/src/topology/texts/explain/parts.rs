//! Sub-topologies: what is in them, what holds them together, where they begin and end.

use std::collections::BTreeSet;

use crate::ids::NodeId;
use crate::topology::texts::explain::{Text, counted, listed, quoted};
use crate::topology::texts::{Made, cleanup_text};
use crate::topology::{NodeKind, SourceTopics, Topology};

impl Topology {
    pub(super) fn explain_summary(&self, text: &mut Text) {
        let made = self.made_topics();
        let repartitions = made.iter().filter(|topic| matches!(topic.made, Made::Repartition(..))).count();
        let stores: usize = self.subs().map(|sub| self.stores_of(sub).len()).sum();
        text.line(format!(
            "{}, {} and {}. Internal topics are named without the application id.",
            counted(self.sub_topology_count(), "sub-topology"),
            counted(repartitions, "repartition"),
            counted(stores, "store"),
        ));
        let unbounded: Vec<&str> = self
            .subs()
            .flat_map(|sub| self.stores_of(sub))
            .filter(|&id| self.is_unbounded(id))
            .map(|id| self.store(id).spec.name.as_str())
            .collect();
        if !unbounded.is_empty() {
            text.line(format!("State that grows without bound, by its keys: {}.", quoted(unbounded)));
        }
    }

    pub(super) fn explain_sub(&self, sub: u32, text: &mut Text) {
        let nodes = self.shown_nodes(sub);
        let stores = self.stores_of(sub);
        let has = if stores.is_empty() {
            counted(nodes.len(), "node")
        } else {
            format!("{} and {}", counted(nodes.len(), "node"), counted(stores.len(), "store"))
        };
        text.head(format!("Sub-topology {sub}: {has}, run by as many tasks as its input has partitions"));
        for (source, topics) in self.sources_of(sub) {
            let at = self.node_text(source);
            text.point(
                "reads",
                match topics {
                    SourceTopics::Names(names) => format!("{} by {at}", quoted(names.iter().map(String::as_str))),
                    SourceTopics::Pattern(pattern) => {
                        format!("every topic whose whole name matches `{pattern}`, by {at}")
                    }
                    SourceTopics::Repartition { name, .. } => format!(
                        "`{name}` by {at}; apart from {}, because the records have to move to the partitions of \
                         their keys first",
                        self.writers_text(name)
                    ),
                },
            );
        }
        for &id in &nodes {
            match &self.node(id).kind {
                NodeKind::Sink(Some(topic)) => {
                    text.point("writes", format!("`{}` by {}", topic.name, self.node_text(id)));
                }
                NodeKind::Sink(None) => {
                    text.point("writes", format!("topics chosen per record by {}", self.node_text(id)));
                }
                _ => {}
            }
        }
        for reason in self.ties(sub) {
            text.point("together", reason);
        }
    }

    /// The sub-topologies that write a repartition topic.
    pub(super) fn writers_of(&self, topic: &str) -> Vec<NodeId> {
        let all = self.subs().flat_map(|sub| self.nodes_of(sub).iter().copied());
        let writes = |id: &NodeId| matches!(&self.node(*id).kind, NodeKind::Sink(Some(to)) if to.internal && to.name == topic);
        all.filter(writes).collect()
    }

    fn writers_text(&self, topic: &str) -> String {
        let subs: BTreeSet<u32> = self.writers_of(topic).into_iter().map(|node| self.sub_of(node)).collect();
        listed(&subs.into_iter().map(|sub| format!("sub-topology {sub}")).collect::<Vec<_>>())
    }

    /// What holds parts together that no edge connects: stores and topics that several of them use.
    fn ties(&self, sub: u32) -> Vec<String> {
        let nodes = self.nodes_of(sub);
        let part_of = self.parts(nodes);
        let parts = |users: &[NodeId]| users.iter().map(|user| part_of(*user)).collect::<BTreeSet<_>>().len();
        let mut reasons = Vec::new();
        for id in self.stores_of(sub) {
            let users = self.users_of(id);
            if parts(&users) > 1 {
                let name = &self.store(id).spec.name;
                reasons.push(format!("{} use the store `{name}`", self.node_texts(&users)));
            }
        }
        let mut topics: Vec<(&str, Vec<NodeId>)> = Vec::new();
        for (source, read) in self.sources_of(sub) {
            let SourceTopics::Names(names) = read else { continue };
            for name in names {
                match topics.iter_mut().find(|(topic, _)| topic == name) {
                    Some((_, readers)) => readers.push(source),
                    None => topics.push((name, vec![source])),
                }
            }
        }
        for (topic, readers) in topics.iter().filter(|(_, readers)| parts(readers) > 1) {
            reasons.push(format!("{} read the topic `{topic}`", self.node_texts(readers)));
        }
        reasons
    }

    /// The part of each node: what edges alone connect, by its first node.
    fn parts(&self, nodes: &[NodeId]) -> impl Fn(NodeId) -> NodeId {
        let mut part: std::collections::BTreeMap<NodeId, NodeId> = nodes.iter().map(|&id| (id, id)).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for &id in nodes {
                for &child in &self.node(id).children {
                    let least = part[&id].min(part[&child]);
                    for end in [id, child] {
                        changed |= part.insert(end, least) != Some(least);
                    }
                }
            }
        }
        move |id| part.get(&id).copied().unwrap_or(id)
    }

    pub(super) fn explain_topics(&self, text: &mut Text) {
        let topics = self.made_topics();
        if topics.is_empty() {
            return;
        }
        text.head("Topics that the application makes");
        for topic in topics {
            let what = match topic.made {
                Made::Repartition(source, partitions) => {
                    let count = self.count_text(source, partitions);
                    format!("repartition with {count}, consumed records are deleted")
                }
                Made::Changelog(store) => {
                    format!("changelog of sub-topology {}, a partition per task", self.sub_of_store(store))
                }
            };
            text.line(format!("  `{}`: {what} ({})", topic.name, cleanup_text(topic.cleanup)));
        }
    }

    fn sub_of_store(&self, store: crate::ids::StoreId) -> u32 {
        self.subs().find(|&sub| self.stores_of(sub).contains(&store)).unwrap_or_default()
    }
}
