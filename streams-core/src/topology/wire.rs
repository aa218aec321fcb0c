//! Wiring: from the graph to the ports of one task. The only place where types are found again by a downcast: once
//! per edge and task, never per record.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::ids::{NodeId, StoreId};
use crate::operators::process::ConnectedStores;
use crate::operators::source::SourceHead;
use crate::operators::{Discard, NodePort, Port, SharedPort, TaskContext, TaskNode};
use crate::topology::{TopicName, Topology};

/// A `Box<dyn Port<K, V>>` whose types the wiring knows.
pub(crate) type AnyPort = Box<dyn Any>;

/// Makes a node, with everything below it, for one task.
pub(crate) type WireFn = dyn Fn(&mut Wirer<'_>, NodeId) -> AnyPort + Send + Sync;

/// Makes the fan-out of a node's output.
pub(crate) type TeeFn<K, V> = fn(Vec<Box<dyn Port<K, V>>>) -> Box<dyn Port<K, V>>;

/// One task while it is being wired.
pub(crate) struct Wirer<'t> {
    pub(crate) topology: &'t Topology,
    pub(crate) ctx: &'t mut TaskContext,
    /// Typed handles of the task's stores.
    pub(crate) stores: &'t HashMap<StoreId, Arc<dyn Any + Send + Sync>>,
    /// Nodes that the task calls, in the order of the graph.
    pub(crate) nodes: Vec<(NodeId, Arc<Mutex<dyn TaskNode>>)>,
    /// How results of cached stores are forwarded.
    pub(crate) forward_per_commit: bool,
    shared: HashMap<NodeId, AnyPort>,
    /// What several nodes are made of together, by one of them.
    made: HashMap<NodeId, Box<dyn Any>>,
}

impl<'t> Wirer<'t> {
    pub(crate) fn new(
        topology: &'t Topology,
        ctx: &'t mut TaskContext,
        stores: &'t HashMap<StoreId, Arc<dyn Any + Send + Sync>>,
        forward_per_commit: bool,
    ) -> Self {
        let (shared, made) = (HashMap::new(), HashMap::new());
        Wirer { topology, ctx, stores, nodes: Vec::new(), forward_per_commit, shared, made }
    }

    /// What the output of `node` goes to: its children, in order.
    pub(crate) fn next<K: 'static, V: 'static>(&mut self, node: NodeId) -> Box<dyn Port<K, V>> {
        let mut ports = self.children::<K, V>(node);
        match ports.len() {
            0 => Box::new(Discard),
            1 => ports.remove(0),
            _ => {
                let tee =
                    self.topology.node(node).tee.as_ref().and_then(|tee| tee.downcast_ref::<TeeFn<K, V>>());
                let tee =
                    tee.expect("a handle has to be cloned to be used twice, which leaves the fan-out here");
                tee(ports)
            }
        }
    }

    /// One port per child of `node`, in order.
    pub(crate) fn children<K: 'static, V: 'static>(&mut self, node: NodeId) -> Vec<Box<dyn Port<K, V>>> {
        let children = self.topology.node(node).children.clone();
        children.into_iter().map(|child| self.port::<K, V>(child)).collect()
    }

    /// The port that leads to `node`; a node with several parents is made once.
    pub(crate) fn port<K: 'static, V: 'static>(&mut self, node: NodeId) -> Box<dyn Port<K, V>> {
        if let Some(shared) = self.shared.get(&node) {
            let shared = shared.downcast_ref::<SharedPort<K, V>>().expect(SAME_TYPES);
            return Box::new(shared.clone());
        }
        let topology = self.topology;
        let port = (topology.node(node).wire)(self, node);
        let port = *port.downcast::<Box<dyn Port<K, V>>>().expect(SAME_TYPES);
        if topology.inputs_of(node) < 2 {
            return port;
        }
        let shared = SharedPort::new(port);
        self.shared.insert(node, Box::new(shared.clone()));
        Box::new(shared)
    }

    /// The head of one more input queue of source `node`.
    pub(crate) fn source(&mut self, node: NodeId) -> Box<dyn SourceHead> {
        let topology = self.topology;
        let head = (topology.node(node).wire)(self, node);
        *head.downcast::<Box<dyn SourceHead>>().expect("sources are wired to heads")
    }

    /// The port behind source `node`, shared by all its input queues.
    pub(crate) fn behind_source<K: 'static, V: 'static>(&mut self, node: NodeId) -> Box<dyn Port<K, V>> {
        if let Some(shared) = self.shared.get(&node) {
            return Box::new(shared.downcast_ref::<SharedPort<K, V>>().expect(SAME_TYPES).clone());
        }
        let port = self.next::<K, V>(node);
        if self.topology.inputs_of(node) < 2 {
            return port;
        }
        let shared = SharedPort::new(port);
        self.shared.insert(node, Box::new(shared.clone()));
        Box::new(shared)
    }

    /// The ports behind source `node`: one that leads to all children, or one per child if several were given to it by
    /// streams of the same topics whose records cannot be copied.
    pub(crate) fn ways_from_source<K: 'static, V: 'static>(
        &mut self,
        node: NodeId,
    ) -> Vec<Box<dyn Port<K, V>>> {
        let topology = self.topology;
        let source = topology.node(node);
        if source.children.len() < 2 || source.tee.is_some() {
            return vec![self.behind_source(node)];
        }
        let way = |&child: &NodeId| {
            let port = self.port::<K, V>(child);
            if topology.inputs_of(node) < 2 || self.shared.contains_key(&child) {
                return port;
            }
            let shared = SharedPort::new(port);
            self.shared.insert(child, Box::new(shared.clone()));
            Box::new(shared)
        };
        source.children.iter().map(way).collect()
    }

    /// Makes the task know a node that it has to call itself; the port to it.
    pub(crate) fn register<K, V, N>(&mut self, id: NodeId, node: N) -> AnyPort
    where
        K: 'static,
        V: 'static,
        N: Port<K, V> + TaskNode + 'static,
    {
        let node = Arc::new(Mutex::new(node));
        self.nodes.push((id, Arc::clone(&node) as Arc<Mutex<dyn TaskNode>>));
        boxed::<K, V>(NodePort(node))
    }

    /// What several nodes share, made by the first of them that is wired; `node` stands for all of them. The task
    /// knows it under that node.
    pub(crate) fn made_once<T>(&mut self, node: NodeId, make: impl FnOnce(&mut Self) -> T) -> Arc<Mutex<T>>
    where
        T: TaskNode + 'static,
    {
        if let Some(made) = self.made.get(&node) {
            return Arc::clone(made.downcast_ref::<Arc<Mutex<T>>>().expect(SAME_TYPES));
        }
        let made = Arc::new(Mutex::new(make(self)));
        self.made.insert(node, Box::new(Arc::clone(&made)));
        self.nodes.push((node, Arc::clone(&made) as Arc<Mutex<dyn TaskNode>>));
        made
    }

    /// Whether results of this store are forwarded once per commit.
    pub(crate) fn cached(&self, store: StoreId) -> bool {
        self.forward_per_commit && self.topology.store(store).spec.cached
    }

    /// The task's number for a topic.
    pub(crate) fn topic_number(&mut self, topic: &TopicName) -> u32 {
        let name = topic.full_name(&self.ctx.application_id);
        self.ctx.topics.number(&name)
    }

    /// Name, names of the children and stores of a node.
    pub(crate) fn surroundings(&self, node: NodeId) -> (Arc<str>, Vec<Arc<str>>, ConnectedStores) {
        let name = |id: NodeId| Arc::<str>::from(self.topology.node(id).name.as_str());
        let spec = self.topology.node(node);
        let children = spec.children.iter().map(|&child| name(child)).collect();
        let stores = spec
            .stores
            .iter()
            .map(|store| (self.topology.store(*store).spec.name.clone(), Arc::clone(&self.stores[store])));
        (name(node), children, stores.collect())
    }

    /// The typed handle of a store.
    pub(crate) fn store<S: Clone + 'static>(&self, id: StoreId) -> S {
        self.stores[&id].downcast_ref::<S>().expect(SAME_TYPES).clone()
    }
}

/// A port as the wiring passes it on.
pub(crate) fn boxed<K: 'static, V: 'static>(port: impl Port<K, V> + 'static) -> AnyPort {
    let port: Box<dyn Port<K, V>> = Box::new(port);
    Box::new(port)
}

const SAME_TYPES: &str = "both ends of an edge were typed by the same handle";
