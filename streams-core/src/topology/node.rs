//! One node of the graph.

use std::any::Any;
use std::panic::Location;
use std::sync::Arc;

use crate::ids::{NodeId, StoreId};
use crate::operators::source::AnyDecoder;
use crate::topology::{LiftFn, Required, Table, TableTopic, WireFn, place};
use crate::windows::TimeWindows;

/// What a node is to the outside.
#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    Source(SourceTopics),
    Processor,
    /// Name of the topic; `None` if it is chosen per record.
    Sink(Option<TopicName>),
    /// Changes types only: it has no name and no number of its own and is not part of descriptions.
    Hidden,
}

/// A topic by name; internal ones are prefixed with the application id where they exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TopicName {
    pub(crate) name: String,
    pub(crate) internal: bool,
}

impl TopicName {
    /// The name it has in the log.
    pub(crate) fn full_name(&self, application_id: &str) -> String {
        if self.internal { format!("{application_id}-{}", self.name) } else { self.name.clone() }
    }
}

/// What a source reads.
#[derive(Debug, Clone)]
pub(crate) enum SourceTopics {
    Names(Vec<String>),
    /// Every topic whose whole name matches.
    Pattern(String),
    /// A repartition topic, with its number of partitions if the user set one.
    Repartition {
        name: String,
        partitions: Option<u32>,
    },
}

/// What a node does to keys, values and their types, for moving repartitions past it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Effect {
    /// Something else: nothing is moved past it.
    #[default]
    Other,
    /// Records come out as they went in, or not at all.
    Keeps,
    ChangesKey,
    /// The key stays.
    ChangesValue,
}

#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) kind: NodeKind,
    pub(crate) parents: Vec<NodeId>,
    pub(crate) children: Vec<NodeId>,
    pub(crate) stores: Vec<StoreId>,
    /// Whether records may lie in another partition than their key says (rule R-1).
    pub(crate) key_changed: bool,
    /// What it is as a table, if it is one.
    pub(crate) table: Option<Table>,
    /// The user's line that made the node.
    pub(crate) location: &'static Location<'static>,
    /// Makes the node for one task.
    pub(crate) wire: Arc<WireFn>,
    /// Makes a fan-out of the node's output; there if the handle was cloned.
    pub(crate) tee: Option<Arc<dyn Any + Send + Sync>>,
    /// Whether it runs user code that may use stores.
    pub(crate) takes_stores: bool,
    /// What a given name is put behind: the split's name for a branch.
    pub(crate) name_prefix: String,
    /// In a hidden step, what it requires.
    pub(crate) required: Option<Required>,
    /// Whether records without a key are of use here: a repartition before it lets them pass (rule R-4).
    pub(crate) tolerates_null_keys: bool,
    /// Where the results of a join come out: the wire of what keeps the left side, if the join is of one stream with
    /// itself and kept in one store.
    pub(crate) self_join: Option<Arc<WireFn>>,
    /// Taken out of the graph: it has no edges any more.
    pub(crate) removed: bool,
    /// Nodes that are named after this one, with what is added to its name.
    pub(crate) named_after: Vec<(NodeId, &'static str)>,
    pub(crate) facts: Facts,
    pub(crate) effect: Effect,
    /// Of a hidden node: what a repartition behind it would have to be if it stood before it.
    pub(crate) lift: Option<Arc<LiftFn>>,
    /// Of a source that is a stream: how it decodes, to be compared with others.
    pub(crate) decoder: Option<Arc<dyn AnyDecoder>>,
    /// Of the node where a table of a topic begins.
    pub(crate) table_of: Option<TableTopic>,
    /// Place in the order of the graph, which numbers the sub-topologies: that of its creation, unless it was moved.
    pub(crate) order: u32,
}

/// What checks and texts say of a node beyond its place in the graph; nothing that runs depends on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// Whether it changes keys itself.
    pub(crate) rekeys: bool,
    /// Of a repartition's source: whether the user asked for the repartition, and no operator that needs it.
    pub(crate) asked_for: bool,
    /// Names of the types of a source's keys and values.
    pub(crate) types: Option<(&'static str, &'static str)>,
    /// The windows of an aggregation.
    pub(crate) windows: Option<TimeWindows>,
    /// The store of a join's records that have no partner yet.
    pub(crate) unmatched: Option<StoreId>,
    /// Whether it emits each window once, when it is closed.
    pub(crate) on_close: bool,
}

impl Node {
    pub(crate) fn new(
        name: String,
        kind: NodeKind,
        parents: Vec<NodeId>,
        location: &'static Location<'static>,
        wire: Arc<WireFn>,
    ) -> Self {
        Node {
            name,
            kind,
            parents,
            children: Vec::new(),
            stores: Vec::new(),
            key_changed: false,
            table: None,
            location,
            wire,
            tee: None,
            takes_stores: false,
            name_prefix: String::new(),
            required: None,
            tolerates_null_keys: false,
            self_join: None,
            removed: false,
            named_after: Vec::new(),
            facts: Facts::default(),
            effect: Effect::default(),
            lift: None,
            decoder: None,
            table_of: None,
            order: 0,
        }
    }

    /// Name and source line, for messages.
    pub(crate) fn describe(&self) -> String {
        format!("`{}` ({})", self.name, self.place())
    }

    /// The user's source line, as `file:line`.
    pub(crate) fn place(&self) -> String {
        place(self.location)
    }
}
