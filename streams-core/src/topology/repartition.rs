//! A repartition as the graph knows it: three nodes around an internal topic, and how to make them for other types.

use std::any::Any;
use std::sync::Arc;

use crate::ids::NodeId;
use crate::topology::{TopicName, WireFn};

/// A repartition: filter of null keys, sink, internal topic, source (rule R-3).
#[derive(Clone)]
pub(crate) struct Repartition {
    pub(crate) filter: NodeId,
    pub(crate) sink: NodeId,
    pub(crate) source: NodeId,
    pub(crate) topic: TopicName,
    /// How its nodes are wired, if it may be merged with others: it is there because something that follows needs it,
    /// and not because the user asked for it.
    pub(crate) wires: Option<Arc<dyn RepartitionWires>>,
}

/// How the nodes of a repartition are wired, for the types of one place in the graph.
pub(crate) trait RepartitionWires: Send + Sync {
    fn filter(&self) -> Arc<WireFn>;
    fn sink(&self, topic: &TopicName) -> Arc<WireFn>;
    fn source(&self) -> Arc<WireFn>;
    /// Whether the other is for the same types and makes the same bytes.
    fn same(&self, other: &dyn RepartitionWires) -> bool;
    fn as_any(&self) -> &dyn Any;
}

/// From the wires of a repartition behind a node that only changes types to those of one before it; `None` if they are
/// for other types.
pub(crate) type LiftFn = dyn Fn(&dyn RepartitionWires) -> Option<Arc<dyn RepartitionWires>> + Send + Sync;
