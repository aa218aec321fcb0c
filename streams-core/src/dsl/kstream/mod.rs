//! Streams.

mod group;
mod join;
mod join_table;
mod key;
mod process;
mod repartition;
mod route;
mod transform;

pub(crate) use repartition::{RepartitionSpec, Wires, add_repartition};

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::dsl::handle::{Handle, wire_stage};
use crate::operators::stage::Stage;
use crate::topology::Effect;

/// A stream of records with keys of `K` and values of `V`: a handle to a node of the topology under construction.
///
/// Verbs take the handle. To use a stream twice, clone it: that is the fan-out, and it needs keys and values that
/// can be cloned. Nulls are in the types: keys that may be null are `Option`s, and aggregations, tables and joins
/// exist only where they are not (see [`require_key`](KStream::require_key)).
#[must_use = "a stream that goes nowhere does nothing: end it with `to` or `for_each`"]
pub struct KStream<K, V> {
    pub(crate) handle: Handle,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for KStream<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn clone(&self) -> Self {
        self.handle.allow_fan_out::<K, V>();
        KStream::new(self.handle.clone())
    }
}

impl<K, V> KStream<K, V> {
    pub(crate) fn new(handle: Handle) -> Self {
        KStream { handle, types: PhantomData }
    }

    /// Names the node this handle stands for. A generated name would have had a number; it stays taken, so that
    /// naming one node does not rename others. Processors are the exception, as in Kafka Streams: name them at once,
    /// and they take no number.
    pub fn named(self, name: impl Into<String>) -> Self {
        self.handle.rename(&name.into());
        self
    }
}

impl<K: Send + 'static, V: Send + 'static> KStream<K, V> {
    /// Adds a stateless node behind this one.
    fn stage<K2, V2>(
        &self,
        prefix: &str,
        location: &'static Location<'static>,
        stage: impl Stage<K, V, K2, V2> + 'static,
    ) -> KStream<K2, V2>
    where
        K2: Send + 'static,
        V2: Send + 'static,
    {
        KStream::new(self.handle.add(prefix, location, wire_stage::<K, V, K2, V2>(Arc::new(stage))))
    }

    /// Adds a stateless node that may change the key.
    fn rekeying<K2, V2>(
        &self,
        prefix: &str,
        location: &'static Location<'static>,
        stage: impl Stage<K, V, K2, V2> + 'static,
    ) -> KStream<K2, V2>
    where
        K2: Send + 'static,
        V2: Send + 'static,
    {
        let stream = self.stage(prefix, location, stage);
        stream.handle.set_key_changed(true);
        stream.handle.set_effect(Effect::ChangesKey);
        stream
    }

    /// Adds a stateless node that changes values.
    fn revaluing<V2: Send + 'static>(
        &self,
        prefix: &str,
        location: &'static Location<'static>,
        stage: impl Stage<K, V, K, V2> + 'static,
    ) -> KStream<K, V2> {
        let stream = self.stage(prefix, location, stage);
        stream.handle.set_effect(Effect::ChangesValue);
        stream
    }

    /// Adds a stateless node behind which records are as before it, or are no more.
    fn keeping(
        &self,
        prefix: &str,
        location: &'static Location<'static>,
        stage: impl Stage<K, V, K, V> + 'static,
    ) -> KStream<K, V> {
        let stream = self.stage(prefix, location, stage);
        stream.handle.set_effect(Effect::Keeps);
        stream
    }
}
