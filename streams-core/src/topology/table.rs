//! How nodes take part in tables: which have a store, which send old values, and how their rows are looked up.
//!
//! A table has a store only where something needs one. Requests are made while the graph is built, in the order of
//! the calls, and travel upstream until a node answers them (rules T-5 and T-8 to T-10).

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ids::{NodeId, StoreId};
use crate::operators::table::{Lookup, View};
use crate::topology::{Graph, Wirer};

/// Which old values a table forwards with its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum OldValues {
    /// None: nobody asked.
    #[default]
    None,
    /// Those of Kafka Streams: the first change of an aggregate has the initializer's value (rule A-6).
    FromInitial,
    /// What was forwarded before, nothing for the first change: for those who subtract it.
    Exact,
}

impl OldValues {
    pub(crate) fn are_sent(self) -> bool {
        self != OldValues::None
    }
}

/// Makes the lookup of a table's rows for one task: a boxed `Lookup<K, V>`.
pub(crate) type LookupFn = dyn Fn(&mut Wirer<'_>, NodeId, View) -> Box<dyn Any> + Send + Sync;

/// Adds the store of a table that had none.
pub(crate) type StoreMaker = dyn Fn(&mut Graph) -> StoreId + Send + Sync;

/// A node as a table.
#[derive(Clone)]
pub(crate) struct Table {
    /// The tables it is computed from: none for a source or an aggregate, two for a join.
    pub(crate) inputs: Vec<NodeId>,
    /// Its own store.
    pub(crate) store: Option<StoreId>,
    /// Gives it one, if it may have one and has none yet.
    pub(crate) on_demand: Option<Arc<StoreMaker>>,
    /// What it forwards.
    pub(crate) old: OldValues,
    pub(crate) lookup: Arc<LookupFn>,
}

impl Graph {
    /// Makes table `node` forward old values; whether it can. Without `force` no store is made for it.
    pub(crate) fn ask_old(&mut self, node: NodeId, wanted: OldValues, force: bool) -> bool {
        let Some(table) = &self.node(node).table else { return false };
        let able = match (table.inputs.as_slice(), table.store) {
            // A join needs the old values of both sides, whatever it keeps itself.
            (&[left, right], store) => {
                let able = self.ask_old(left, wanted, true) & self.ask_old(right, wanted, true);
                // Where a change reaches both sides the other side's old row is gone: only a store knows the old value.
                store.is_some() || (able && !self.share_rows(left, right))
            }
            (_, Some(_)) => true,
            (&[parent, ..], None) => self.ask_old(parent, wanted, force),
            ([], None) => force && self.materialize(node).is_some(),
        };
        if able && let Some(table) = &mut self.node_mut(node).table {
            table.old = table.old.max(wanted);
        }
        able
    }

    /// Whether a change on its way through one of two tables to a join of them has changed what a lookup in the other
    /// one sees by then: both are made of the rows of one store, with no topic between.
    pub(crate) fn share_rows(&mut self, left: NodeId, right: NodeId) -> bool {
        let mut passes = |from: NodeId, to: NodeId| {
            let seen = self.stores_behind(to);
            let mut changed = self.upstream(from).into_iter();
            changed.any(|node| {
                self.node(node)
                    .table
                    .as_ref()
                    .and_then(|table| table.store)
                    .is_some_and(|store| seen.contains(&store))
            })
        };
        passes(left, right) || passes(right, left)
    }

    /// A node and all that its records have come through since they were read from a topic.
    fn upstream(&self, node: NodeId) -> BTreeSet<NodeId> {
        let (mut found, mut open) = (BTreeSet::new(), vec![node]);
        while let Some(node) = open.pop() {
            if found.insert(node) {
                open.extend(&self.node(node).parents);
            }
        }
        found
    }

    /// The stores that a lookup of rows of table `node` reads; sources get one for it.
    pub(crate) fn stores_behind(&mut self, node: NodeId) -> Vec<StoreId> {
        let Some(table) = &self.node(node).table else { return Vec::new() };
        if let Some(store) = table.store {
            return vec![store];
        }
        let inputs = table.inputs.clone();
        if inputs.is_empty() {
            return self.materialize(node).into_iter().collect();
        }
        let mut stores = Vec::new();
        for input in inputs {
            let behind = self.stores_behind(input);
            stores.extend(behind.into_iter().filter(|store| !stores.contains(store)).collect::<Vec<_>>());
        }
        stores
    }

    fn materialize(&mut self, node: NodeId) -> Option<StoreId> {
        let make = self.node(node).table.as_ref()?.on_demand.clone()?;
        let store = make(self);
        let node = self.node_mut(node);
        node.stores.push(store);
        if let Some(table) = &mut node.table {
            table.store = Some(store);
        }
        Some(store)
    }
}

impl Wirer<'_> {
    /// The store of table `node`.
    pub(crate) fn table_store(&self, node: NodeId) -> Option<StoreId> {
        self.topology.node(node).table.as_ref()?.store
    }

    /// Whether changes of table `node` are not forwarded as they come: they wait for the commit, or nobody listens.
    pub(crate) fn holds_back(&self, node: NodeId, store: StoreId) -> bool {
        self.cached(store) || self.topology.node(node).children.is_empty()
    }

    /// Which old values table `node` forwards.
    pub(crate) fn old_values(&self, node: NodeId) -> OldValues {
        self.topology.node(node).table.as_ref().map_or(OldValues::None, |table| table.old)
    }

    /// A way to look up the rows of table `node`; its stores must have been asked for while the graph was built.
    pub(crate) fn lookup<K: 'static, V: 'static>(&mut self, node: NodeId, view: View) -> Lookup<K, V> {
        let table = self.topology.node(node).table.as_ref().expect("only tables are looked up");
        let lookup = (table.lookup)(self, node, view);
        *lookup.downcast().expect("a table's lookup has the types of its handle")
    }
}

/// A lookup in the table's own store or, if it has none, in what `compute` makes.
pub(crate) fn lookup_or<K, V>(
    compute: impl Fn(&mut Wirer<'_>, View) -> Lookup<K, V> + Send + Sync + 'static,
) -> Arc<LookupFn>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    Arc::new(move |wirer, node, view| {
        let lookup = match wirer.table_store(node) {
            Some(store) => Lookup::<K, V>::in_store(wirer.store(store), wirer.cached(store), view),
            None => compute(wirer, view),
        };
        Box::new(lookup)
    })
}

/// A lookup in the table's own store, which it has by then.
pub(crate) fn lookup_in_store<K, V>() -> Arc<LookupFn>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    lookup_or::<K, V>(|_, _| unreachable!("a table without a parent gets a store when it is looked up"))
}
