//! What a drawing of a topology shows, in whatever language it is then written.

use std::collections::BTreeMap;

use crate::ids::{NodeId, StoreId};
use crate::topology::{NodeKind, Topology};

/// A drawing: boxes by sub-topology, topics outside of them, and edges between their ids.
pub(super) struct Drawing {
    pub(super) subs: Vec<Vec<Shape>>,
    pub(super) topics: Vec<Shape>,
    pub(super) edges: Vec<Edge>,
}

/// Something that is drawn.
pub(super) struct Shape {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) kind: ShapeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShapeKind {
    Node,
    Store,
    Topic,
    /// A topic that the application makes.
    InternalTopic,
}

/// A line between two shapes.
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) kind: EdgeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EdgeKind {
    /// Records go this way.
    Records,
    /// A node uses a store.
    Uses,
    /// A store's changes go to a topic.
    Changes,
}

impl Drawing {
    pub(super) fn of(topology: &Topology) -> Drawing {
        let mut drawing = Drawing { subs: Vec::new(), topics: Vec::new(), edges: Vec::new() };
        let mut ids = Ids::default();
        for sub in topology.subs() {
            let nodes = topology.shown_nodes(sub);
            let shape = |&node: &NodeId| (ids.node(node), topology.node(node).name.clone(), ShapeKind::Node);
            let mut shapes: Vec<_> = nodes.iter().map(shape).collect();
            let stores = topology.stores_of(sub);
            let shape = |&store: &StoreId| {
                (format!("d{}", store.index()), topology.store(store).spec.name.clone(), ShapeKind::Store)
            };
            shapes.extend(stores.iter().map(shape));
            let shapes = shapes.into_iter().map(|(id, label, kind)| Shape { id, label, kind });
            drawing.subs.push(shapes.collect());
            nodes.iter().for_each(|&node| drawing.connect(topology, node, &mut ids));
            for store in stores {
                if let Some(changelog) = topology.changelog_of(topology.store(store)) {
                    let topic = drawing.topic(topology, &changelog, &mut ids);
                    drawing.edge(format!("d{}", store.index()), topic, EdgeKind::Changes);
                }
            }
        }
        drawing
    }

    /// The edges from and to topics, to children and to stores of a node.
    fn connect(&mut self, topology: &Topology, node: NodeId, ids: &mut Ids) {
        let own = ids.node(node);
        let is_sink = matches!(topology.node(node).kind, NodeKind::Sink(_));
        let mut topics: Vec<String> = topology.topics_of(node).into_iter().map(str::to_owned).collect();
        topics.extend(topology.pattern_of(node).map(|pattern| format!("topics matching {pattern}")));
        if is_sink && topics.is_empty() {
            topics.push("a topic chosen per record".to_owned());
        }
        for name in topics {
            let topic = self.topic(topology, &name, ids);
            let (from, to) = if is_sink { (own.clone(), topic) } else { (topic, own.clone()) };
            self.edge(from, to, EdgeKind::Records);
        }
        for child in topology.visible(node, false) {
            self.edge(own.clone(), ids.node(child), EdgeKind::Records);
        }
        for store in &topology.node(node).stores {
            self.edge(own.clone(), format!("d{}", store.index()), EdgeKind::Uses);
        }
    }

    /// The id of a topic, which is drawn once.
    fn topic(&mut self, topology: &Topology, name: &str, ids: &mut Ids) -> String {
        let next = format!("t{}", ids.topics.len());
        let id = ids.topics.entry(name.to_owned()).or_insert_with(|| next.clone()).clone();
        if id == next {
            let internal = topology.made_topics().iter().any(|topic| topic.name == name);
            let kind = if internal { ShapeKind::InternalTopic } else { ShapeKind::Topic };
            self.topics.push(Shape { id: next, label: name.to_owned(), kind });
        }
        id
    }

    fn edge(&mut self, from: String, to: String, kind: EdgeKind) {
        self.edges.push(Edge { from, to, kind });
    }
}

/// Ids of what is drawn: short, and free of whatever a language could misread in a name.
#[derive(Default)]
struct Ids {
    nodes: BTreeMap<NodeId, usize>,
    topics: BTreeMap<String, String>,
}

impl Ids {
    fn node(&mut self, node: NodeId) -> String {
        let next = self.nodes.len();
        format!("n{}", self.nodes.entry(node).or_insert(next))
    }
}
