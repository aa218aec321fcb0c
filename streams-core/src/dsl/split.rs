//! Dividing a stream into branches.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use crate::dsl::KStream;
use crate::dsl::handle::{Handle, wire_stage};
use crate::operators::Choice;
use crate::operators::stage::{Branch, Driver, PassThrough, Predicate, Stage};
use crate::topology::{Effect, boxed};

/// A stream that is being divided: ask it for branches, in the order they are to be tried. Records that no branch
/// takes are dropped, unless there is a [`default_branch`](Split::default_branch).
pub struct Split<K, V> {
    handle: Handle,
    predicates: Arc<Mutex<Vec<Arc<Predicate<K, V>>>>>,
    count: usize,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: Send + 'static, V: Send + 'static> Split<K, V> {
    pub(crate) fn new(parent: &Handle, location: &'static Location<'static>) -> Self {
        let predicates = Arc::new(Mutex::new(Vec::new()));
        let known = Arc::clone(&predicates);
        let handle = parent.add(
            "KSTREAM-BRANCH-",
            location,
            Arc::new(move |wirer, node| {
                let children = wirer.children::<K, V>(node);
                let mut predicates = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // Branches that were asked for after the topology was built are not part of it.
                predicates.truncate(children.len());
                let stage = Branch { default: children.len() > predicates.len(), predicates };
                let next = Box::new(Choice(children));
                boxed::<K, V>(Driver { node, stage: Arc::new(stage), next })
            }),
        );
        handle.set_effect(Effect::Keeps);
        Split { handle, predicates, count: 0, types: PhantomData }
    }

    /// Names the split; its branches are named by this and their own name or number.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        self.handle.rename(&name.into());
        self
    }

    /// The records that the predicate accepts and no earlier branch took.
    #[track_caller]
    pub fn branch(&mut self, predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KStream<K, V> {
        let predicate: Predicate<K, V> = Box::new(predicate);
        self.predicates.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(predicate));
        self.count += 1;
        self.child(self.count, Location::caller())
    }

    /// The records that no branch took.
    #[track_caller]
    pub fn default_branch(self) -> KStream<K, V> {
        self.child(0, Location::caller())
    }

    fn child(&self, number: usize, location: &'static Location<'static>) -> KStream<K, V> {
        let mut graph = self.handle.graph();
        graph.names.burn();
        let prefix = graph.node(self.handle.node).name.clone();
        drop(graph);
        let stage: Arc<dyn Stage<K, V, K, V>> = Arc::new(PassThrough);
        let child = self.handle.add_named(format!("{prefix}{number}"), location, wire_stage(stage));
        child.graph().node_mut(child.node).name_prefix = prefix;
        child.set_effect(Effect::Keeps);
        KStream::new(child)
    }
}
