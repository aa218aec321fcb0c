//! The graph as data: nodes, stores, internal topics, sub-topologies; and how a task is wired from it.

mod build;
mod check;
mod co_partition;
mod describe;
mod graph;
mod internal;
mod mistakes;
mod names;
mod node;
mod optimize;
mod repartition;
mod steps;
mod store;
mod subtopology;
mod table;
mod texts;
mod wire;

pub use build::Topology;
pub use internal::{InternalTopic, InternalTopicKind};
pub use optimize::Optimization;

pub(crate) use co_partition::{CoPartitioned, Member, connected, contradictions};
pub(crate) use graph::Graph;
pub(crate) use internal::ADDITIONAL_RETENTION;
pub(crate) use mistakes::place;
pub(crate) use names::is_generated;
pub(crate) use node::{Effect, Node, NodeKind, SourceTopics, TopicName};
pub(crate) use repartition::{LiftFn, Repartition, RepartitionWires};
pub(crate) use steps::{JoinRepartitions, Required};
pub(crate) use store::{StoreNode, TableTopic};
pub(crate) use table::{LookupFn, OldValues, Table, lookup_in_store, lookup_or};
pub(crate) use wire::{TeeFn, WireFn, Wirer, boxed};
