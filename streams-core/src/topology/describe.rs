//! The text of a topology, as Kafka's `Topology#describe()` writes it (reference section 20).
//!
//! Nodes of a sub-topology come by the number of nodes below them and by name, as in Java. Lists within a line come
//! in the order of declaration; in Java they come in the order of hash maps.

use std::collections::HashMap;

use crate::ids::NodeId;
use crate::topology::{NodeKind, SourceTopics, Topology};

impl Topology {
    /// The sub-topologies with their nodes, stores and topics, in the form of Kafka's `Topology#describe()`. Names of
    /// internal topics are without the application id.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const IN: Topic<String, String> = Topic::new("in");
    /// # const OUT: Topic<String, String> = Topic::new("out");
    /// let builder = StreamsBuilder::new();
    /// builder.stream(&IN).to(&OUT);
    /// let text = builder.build()?.describe();
    /// assert!(text.contains("Source: KSTREAM-SOURCE-0000000000 (topics: [in])"), "{text}");
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn describe(&self) -> String {
        let mut text = "Topologies:\n ".to_owned();
        let mut sizes = HashMap::new();
        for number in 0..self.sub_topology_count() {
            let mut nodes: Vec<NodeId> = self.nodes_of(number as u32).to_vec();
            nodes.retain(|&node| !self.is_hidden(node));
            nodes.sort_by_cached_key(|&node| {
                (std::cmp::Reverse(self.size(node, &mut sizes)), self.node(node).name.clone())
            });
            text.push_str(&format!("  Sub-topology: {number}\n"));
            nodes.iter().for_each(|&node| self.describe_one(node, &mut text));
            text.push('\n');
        }
        text
    }

    fn describe_one(&self, id: NodeId, text: &mut String) {
        let node = self.node(id);
        let name = &node.name;
        let line = match &node.kind {
            NodeKind::Source(SourceTopics::Names(topics)) => {
                format!("Source: {name} (topics: {})", list(topics))
            }
            NodeKind::Source(SourceTopics::Pattern(pattern)) => format!("Source: {name} (topics: {pattern})"),
            NodeKind::Source(SourceTopics::Repartition { name: topic, .. }) => {
                format!("Source: {name} (topics: [{topic}])")
            }
            NodeKind::Sink(Some(topic)) => format!("Sink: {name} (topic: {})", topic.name),
            NodeKind::Sink(None) => format!("Sink: {name} (extractor class: chosen per record)"),
            NodeKind::Processor | NodeKind::Hidden => {
                let stores: Vec<String> =
                    node.stores.iter().map(|&store| self.store(store).spec.name.clone()).collect();
                format!("Processor: {name} (stores: {})", list(&stores))
            }
        };
        text.push_str(&format!("    {line}\n"));
        if !matches!(node.kind, NodeKind::Sink(_)) {
            text.push_str(&format!("      --> {}\n", self.names(&self.visible(id, false))));
        }
        if !matches!(node.kind, NodeKind::Source(_)) {
            text.push_str(&format!("      <-- {}\n", self.names(&self.visible(id, true))));
        }
    }

    fn is_hidden(&self, node: NodeId) -> bool {
        matches!(self.node(node).kind, NodeKind::Hidden)
    }

    /// The parents or children of a node; those of a hidden one stand in for it.
    pub(super) fn visible(&self, node: NodeId, parents: bool) -> Vec<NodeId> {
        let node = self.node(node);
        let mut found = Vec::new();
        for &next in if parents { &node.parents } else { &node.children } {
            let stand_in = if self.is_hidden(next) { self.visible(next, parents) } else { vec![next] };
            found.extend(stand_in.into_iter().filter(|id| !found.contains(id)).collect::<Vec<_>>());
        }
        found
    }

    /// One more than the sizes of all children: nodes that several paths lead to count once for each.
    fn size(&self, node: NodeId, known: &mut HashMap<NodeId, u64>) -> u64 {
        if let Some(&size) = known.get(&node) {
            return size;
        }
        let children = self.visible(node, false);
        let size = children.into_iter().fold(1_u64, |sum, child| sum.saturating_add(self.size(child, known)));
        known.insert(node, size);
        size
    }

    fn names(&self, nodes: &[NodeId]) -> String {
        let names: Vec<&str> = nodes.iter().map(|&node| self.node(node).name.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

fn list(names: &[String]) -> String {
    format!("[{}]", names.join(", "))
}

#[cfg(test)]
mod tests {
    use crate::{StreamsBuilder, Topic};

    const IN: Topic<Option<String>, String> = Topic::new("in");
    const OUT: Topic<String, i64> = Topic::new("out");

    #[test]
    fn a_repartition_divides_the_text_in_two_and_steps_that_only_change_types_are_not_in_it() {
        let builder = StreamsBuilder::new();
        let rekeyed = builder.stream(&IN).select_key(|_, v| Some(v.clone())).require_key();
        rekeyed.group_by_key().count().to_stream().to(&OUT);
        let expected = "\
Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [in])
      --> KSTREAM-KEY-SELECT-0000000001
    Processor: KSTREAM-KEY-SELECT-0000000001 (stores: [])
      --> KSTREAM-FILTER-0000000005
      <-- KSTREAM-SOURCE-0000000000
    Processor: KSTREAM-FILTER-0000000005 (stores: [])
      --> KSTREAM-SINK-0000000004
      <-- KSTREAM-KEY-SELECT-0000000001
    Sink: KSTREAM-SINK-0000000004 (topic: KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition)
      <-- KSTREAM-FILTER-0000000005

  Sub-topology: 1
    Source: KSTREAM-SOURCE-0000000006 (topics: [KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition])
      --> KSTREAM-AGGREGATE-0000000003
    Processor: KSTREAM-AGGREGATE-0000000003 (stores: [KSTREAM-AGGREGATE-STATE-STORE-0000000002])
      --> KTABLE-TOSTREAM-0000000007
      <-- KSTREAM-SOURCE-0000000006
    Processor: KTABLE-TOSTREAM-0000000007 (stores: [])
      --> KSTREAM-SINK-0000000008
      <-- KSTREAM-AGGREGATE-0000000003
    Sink: KSTREAM-SINK-0000000008 (topic: out)
      <-- KTABLE-TOSTREAM-0000000007

";
        assert_eq!(builder.build().unwrap().describe(), expected);
    }
}
