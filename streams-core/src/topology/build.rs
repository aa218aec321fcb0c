//! The finished topology.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::ids::{NodeId, StoreId};
use crate::topology::node::TopicName;
use crate::topology::{CoPartitioned, Graph, Node, NodeKind, SourceTopics, StoreNode, optimize, subtopology};

/// A topology: a value that can be run any number of times, in a test driver or on an embedded log.
///
/// # Reading a topology
///
/// [`explain`](Self::explain) says in words what will run: what runs together, why records are repartitioned, which
/// state grows and what it costs. [`to_mermaid`](Self::to_mermaid) and [`to_dot`](Self::to_dot) draw it.
/// [`describe`](Self::describe) is the text that Kafka Streams has for it, to be compared with a Java program's.
/// [`to_json`](Self::to_json) is for programs. The same topology always gives the same texts.
///
/// ```
/// use streams_core::{Grouped, Materialized, StreamsBuilder, Topic};
///
/// const VISITS: Topic<String, String> = Topic::new("visits");
/// const COUNTS: Topic<String, i64> = Topic::new("counts");
///
/// let builder = StreamsBuilder::new();
/// let pages = builder.stream(&VISITS).group_by_with(|_, page| page.clone(), Grouped::new().named("by-page"));
/// pages.count_with(Materialized::named("counts")).to_stream().to(&COUNTS);
/// let topology = builder.build()?;
///
/// let text = topology.explain();
/// assert!(text.starts_with("2 sub-topologies, 1 repartition and 1 store."), "{text}");
/// assert!(text.contains("Repartition `by-page-repartition`, from sub-topology 0 to 1\n  why: `by-page` ("), "{text}");
/// assert!(text.contains("  size: grows without bound"), "{text}");
///
/// assert!(topology.describe().contains("Sink: by-page-repartition-sink (topic: by-page-repartition)"));
/// assert!(topology.to_json().contains(r#""name": "counts-changelog""#));
/// assert!(topology.to_mermaid().contains(r#"[("counts")]"#));
/// assert!(topology.to_dot().contains(r#"[label="counts", shape=cylinder]"#));
/// # Ok::<(), streams_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Topology(Arc<Inner>);

struct Inner {
    nodes: Vec<Node>,
    stores: Vec<StoreNode>,
    sub_topologies: Vec<Vec<NodeId>>,
    co_partitioned: Vec<CoPartitioned>,
}

/// How much there is of it; `describe()` says more.
impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { nodes, stores, sub_topologies, .. } = &*self.0;
        f.debug_struct("Topology")
            .field("nodes", &nodes.len())
            .field("stores", &stores.len())
            .field("sub_topologies", &sub_topologies.len())
            .finish_non_exhaustive()
    }
}

impl Topology {
    /// Checks `graph`, optimizes it as its builder was told to and freezes it. Errs with every mistake found.
    pub(crate) fn new(mut graph: Graph) -> Result<Self> {
        graph.drop_idle_steps();
        graph.check();
        std::mem::take(&mut graph.mistakes).into_result()?;
        optimize::apply(&mut graph);
        let co_partitioned = graph.co_partitioned();
        let sub_topologies = subtopology::split(&graph.nodes);
        Ok(Topology(Arc::new(Inner {
            nodes: graph.nodes,
            stores: graph.stores,
            sub_topologies,
            co_partitioned,
        })))
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.0.nodes[id.index()]
    }

    /// All nodes, by their ids.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.0.nodes
    }

    pub(crate) fn store(&self, id: StoreId) -> &StoreNode {
        &self.0.stores[id.index()]
    }

    /// The store of this name.
    pub(crate) fn store_named(&self, name: &str) -> Option<StoreId> {
        self.0.stores.iter().position(|s| s.spec.name == name).map(|index| StoreId(index as u16))
    }

    /// Number of sub-topologies: each is run by one task per partition.
    pub fn sub_topology_count(&self) -> usize {
        self.0.sub_topologies.len()
    }

    /// The nodes of one sub-topology in the order they were added.
    pub(crate) fn nodes_of(&self, sub_topology: u32) -> &[NodeId] {
        &self.0.sub_topologies[sub_topology as usize]
    }

    /// The stores of one sub-topology in the order they were added.
    pub(crate) fn stores_of(&self, sub_topology: u32) -> Vec<StoreId> {
        let stores: BTreeSet<StoreId> =
            self.nodes_of(sub_topology).iter().flat_map(|&id| self.node(id).stores.iter().copied()).collect();
        stores.into_iter().collect()
    }

    /// The sources of one sub-topology with what they read.
    pub(crate) fn sources_of(&self, sub_topology: u32) -> impl Iterator<Item = (NodeId, &SourceTopics)> {
        self.nodes_of(sub_topology).iter().filter_map(|&id| match &self.node(id).kind {
            NodeKind::Source(topics) => Some((id, topics)),
            _ => None,
        })
    }

    /// The static destinations of one sub-topology's sinks.
    pub(crate) fn sinks_of(&self, sub_topology: u32) -> impl Iterator<Item = &TopicName> {
        self.nodes_of(sub_topology).iter().filter_map(|&id| match &self.node(id).kind {
            NodeKind::Sink(Some(topic)) => Some(topic),
            _ => None,
        })
    }

    /// The nodes whose sides must have equal partition counts, with the sources of each side.
    pub(crate) fn co_partitioned(&self) -> &[CoPartitioned] {
        &self.0.co_partitioned
    }

    /// From how many places records come into `node`: its parents, or a source's topics.
    pub(crate) fn inputs_of(&self, node: NodeId) -> usize {
        match &self.node(node).kind {
            NodeKind::Source(SourceTopics::Names(names)) => names.len(),
            // A pattern can match any number of topics.
            NodeKind::Source(SourceTopics::Pattern(_)) => usize::MAX,
            NodeKind::Source(SourceTopics::Repartition { .. }) => 1,
            _ => self.node(node).parents.len(),
        }
    }

    /// Name and source line of a node, for messages.
    pub fn describe_node(&self, node: NodeId) -> String {
        self.node(node).describe()
    }
}
