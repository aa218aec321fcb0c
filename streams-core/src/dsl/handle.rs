//! What all handles are made of: a node of the shared graph.

use std::cell::{RefCell, RefMut};
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use crate::ids::{NodeId, StoreId};
use crate::operators::stage::{Driver, Stage};
use crate::operators::{Port, Tee};
use crate::topology::{Effect, Graph, LiftFn, Node, NodeKind, Required, TeeFn, WireFn, place};

/// A node of a graph that is being built.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(crate) graph: Rc<RefCell<Graph>>,
    pub(crate) node: NodeId,
}

impl Handle {
    pub(crate) fn graph(&self) -> RefMut<'_, Graph> {
        self.graph.borrow_mut()
    }

    pub(crate) fn at(&self, node: NodeId) -> Handle {
        Handle { graph: Rc::clone(&self.graph), node }
    }

    /// Adds a processor behind this node under the next number of `prefix`.
    pub(crate) fn add(
        &self,
        prefix: &str,
        location: &'static Location<'static>,
        wire: Arc<WireFn>,
    ) -> Handle {
        let name = self.graph().names.next(prefix);
        self.add_named(name, location, wire)
    }

    /// Adds a processor of this name behind this node; whether the key was changed is inherited.
    pub(crate) fn add_named(
        &self,
        name: String,
        location: &'static Location<'static>,
        wire: Arc<WireFn>,
    ) -> Handle {
        self.add_kind(name, NodeKind::Processor, location, wire)
    }

    pub(crate) fn add_kind(
        &self,
        name: String,
        kind: NodeKind,
        location: &'static Location<'static>,
        wire: Arc<WireFn>,
    ) -> Handle {
        let mut graph = self.graph();
        let mut node = Node::new(name, kind, vec![self.node], location, wire);
        node.key_changed = graph.node(self.node).key_changed;
        let id = graph.add(node);
        drop(graph);
        self.at(id)
    }

    /// Adds a node that only changes types: it has no name and no number. `lift` says what becomes of a repartition
    /// behind it that is moved before it.
    pub(crate) fn add_hidden(
        &self,
        required: Required,
        location: &'static Location<'static>,
        wire: Arc<WireFn>,
        lift: Arc<LiftFn>,
    ) -> Handle {
        let name = self.graph().node(self.node).name.clone();
        let step = self.add_kind(name, NodeKind::Hidden, location, wire);
        let mut graph = step.graph();
        let node = graph.node_mut(step.node);
        (node.required, node.lift) = (Some(required), Some(lift));
        drop(graph);
        step
    }

    pub(crate) fn key_changed(&self) -> bool {
        self.graph().node(self.node).key_changed
    }

    /// Says whether records behind this node may lie in another partition than their key says, because the node
    /// itself changes keys or puts them right.
    pub(crate) fn set_key_changed(&self, changed: bool) {
        let mut graph = self.graph();
        let node = graph.node_mut(self.node);
        (node.key_changed, node.facts.rekeys) = (changed, changed);
    }

    /// Whether both handles are of one builder. If not, both builders have it on record as a mistake of `verb`.
    pub(crate) fn same_builder(&self, other: &Handle, verb: &str, location: &Location<'_>) -> bool {
        if Rc::ptr_eq(&self.graph, &other.graph) {
            return true;
        }
        let [one, two] = [self, other].map(|handle| handle.graph().node(handle.node).describe());
        let mistake = format!(
            "`{verb}` ({}) is given {one} and {two}, which are of two builders: begin both with one `StreamsBuilder`",
            place(location)
        );
        other.graph().mistakes.add(mistake.clone());
        self.graph().mistakes.add(mistake);
        false
    }

    /// Says what the node does to keys, values and their types.
    pub(crate) fn set_effect(&self, effect: Effect) {
        self.graph().node_mut(self.node).effect = effect;
    }

    /// Connects user code to the store of this name, which `verb` has added.
    pub(crate) fn use_store(&self, store: &str, verb: &str, location: &'static Location<'static>) {
        let (node, takes_stores) = {
            let graph = self.graph();
            let node = graph.node(self.node);
            (node.describe(), node.takes_stores)
        };
        if !takes_stores {
            let place = place(location);
            self.graph().mistakes.add(format!(
                "{node} is no processor, but is given the store `{store}` ({place}): call `with_store` directly behind `{verb}`"
            ));
            return;
        }
        let found = self.graph().store_named(store, &format!("processor {node}"), location);
        if let Some(store) = found {
            self.connect(store);
        }
    }

    /// Makes `parent` one more parent of this node.
    pub(crate) fn add_parent(&self, parent: NodeId) {
        let mut graph = self.graph();
        graph.node_mut(self.node).parents.push(parent);
        graph.node_mut(parent).children.push(self.node);
    }

    pub(crate) fn connect(&self, store: StoreId) {
        let mut graph = self.graph();
        let stores = &mut graph.node_mut(self.node).stores;
        if !stores.contains(&store) {
            stores.push(store);
        }
    }

    /// Gives the node a name; the number it took stays taken.
    pub(crate) fn rename(&self, name: &str) {
        let mut graph = self.graph();
        // A step that only changes types belongs to the node it follows.
        let mut node = self.node;
        while matches!(graph.node(node).kind, NodeKind::Hidden) {
            node = graph.node(node).parents[0];
        }
        if matches!(graph.node(node).kind, NodeKind::Processor) {
            let generated = graph.node(node).name.clone();
            graph.names.give_back(&generated);
        }
        let node = graph.node_mut(node);
        node.name = format!("{}{name}", node.name_prefix);
    }

    /// Lets this node fan out in the way that `other`, whose output has the same types, may.
    pub(crate) fn allow_fan_out_as(&self, other: &Handle) {
        let tee = self.graph().node(other.node).tee.clone();
        self.graph().node_mut(self.node).tee = tee;
    }

    /// Remembers how the node's output is copied, because a handle to it was cloned.
    pub(crate) fn allow_fan_out<K, V>(&self)
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        self.set_tee::<K, V>();
        // What stands before a hidden step may get more children too: the repartition of a join goes there.
        let (required, above) = self.step();
        match required {
            None => {}
            Some(Required::Key) => {
                above.set_tee::<Option<K>, V>();
                if let (Some(Required::Value), top) = above.step() {
                    top.set_tee::<Option<K>, Option<V>>();
                }
            }
            Some(Required::Value) => {
                above.set_tee::<K, Option<V>>();
                if let (Some(Required::Key), top) = above.step() {
                    top.set_tee::<Option<K>, Option<V>>();
                }
            }
        }
    }

    /// What this requires if it is a hidden step, and the node before it then.
    fn step(&self) -> (Option<Required>, Handle) {
        let graph = self.graph();
        let node = graph.node(self.node);
        let above = if node.required.is_some() { node.parents[0] } else { self.node };
        let required = node.required;
        drop(graph);
        (required, self.at(above))
    }

    fn set_tee<K, V>(&self)
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let tee: TeeFn<K, V> = |children: Vec<Box<dyn Port<K, V>>>| Tee::boxed(children);
        self.graph().node_mut(self.node).tee = Some(Arc::new(tee));
    }
}

/// Wires a stateless stage.
pub(crate) fn wire_stage<K, V, K2, V2>(stage: Arc<dyn Stage<K, V, K2, V2>>) -> Arc<WireFn>
where
    K: Send + 'static,
    V: Send + 'static,
    K2: Send + 'static,
    V2: Send + 'static,
{
    Arc::new(move |wirer, node| {
        let next = wirer.next::<K2, V2>(node);
        crate::topology::boxed::<K, V>(Driver { node, stage: Arc::clone(&stage), next })
    })
}
