//! Verbs that run user code with state.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::dsl::KStream;
use crate::dsl::handle::Handle;
use crate::operators::process::{FixedKeyAdapter, ProcessorNode, Running};
use crate::operators::{FixedKeyProcessor, Processor};
use crate::topic::Store;
use crate::topology::{Effect, WireFn};

impl<K: Send + 'static, V: Send + 'static> KStream<K, V> {
    /// Runs a processor, one instance per task. Connect it to stores with [`with_store`](KStream::with_store).
    /// Marks the key as changed, whatever the processor does.
    ///
    /// ```
    /// use streams_core::processor::{Processor, ProcessorContext, UserResult};
    /// use streams_core::{Record, Store, StreamsBuilder, Topic};
    ///
    /// const READINGS: Topic<String, i64> = Topic::new("readings");
    /// const CHANGES: Topic<String, i64> = Topic::new("changes");
    /// const LAST: Store<String, i64> = Store::new("last");
    ///
    /// /// Forwards how much each reading differs from the one before.
    /// struct Difference;
    ///
    /// impl Processor<String, i64, String, i64> for Difference {
    ///     fn process(&mut self, ctx: &mut ProcessorContext<'_, String, i64>, record: Record<String, i64>) -> UserResult {
    ///         let last = ctx.store(&LAST)?;
    ///         let before = last.get(&record.key)?.unwrap_or(0);
    ///         last.put(&record.key, record.value, record.timestamp)?;
    ///         let difference = record.value - before;
    ///         ctx.forward(record.with_value(difference))?;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.add_store(&LAST);
    /// builder.stream(&READINGS).process(|| Difference).with_store(&LAST).to(&CHANGES);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn process<K2, V2, P>(self, supplier: impl Fn() -> P + Send + Sync + 'static) -> KStream<K2, V2>
    where
        P: Processor<K, V, K2, V2>,
        K2: Send + 'static,
        V2: Send + 'static,
    {
        let handle = self.add_processor::<K2, V2, P>("KSTREAM-PROCESSOR-", supplier, Location::caller());
        handle.set_key_changed(true);
        handle.set_effect(Effect::ChangesKey);
        KStream::new(handle)
    }

    /// Runs a processor that cannot change keys, one instance per task; nothing has to be repartitioned behind it.
    #[track_caller]
    pub fn process_values<V2, P>(self, supplier: impl Fn() -> P + Send + Sync + 'static) -> KStream<K, V2>
    where
        P: FixedKeyProcessor<K, V, V2>,
        V2: Send + 'static,
    {
        let supplier = move || FixedKeyAdapter(supplier());
        let handle = self.add_processor::<K, V2, _>("KSTREAM-PROCESSVALUES-", supplier, Location::caller());
        handle.set_effect(Effect::ChangesValue);
        KStream::new(handle)
    }

    fn add_processor<K2, V2, P>(
        &self,
        prefix: &str,
        supplier: impl Fn() -> P + Send + Sync + 'static,
        location: &'static Location<'static>,
    ) -> Handle
    where
        P: Processor<K, V, K2, V2>,
        K2: Send + 'static,
        V2: Send + 'static,
    {
        let wire: Arc<WireFn> = Arc::new(move |wirer, node| {
            let (name, children, stores) = wirer.surroundings(node);
            let next = wirer.next::<K2, V2>(node);
            let processor = ProcessorNode { node, name, processor: supplier(), next, children, stores };
            wirer.register::<K, V, _>(node, Running::<K, V, _>(processor, PhantomData))
        });
        let handle = self.handle.add(prefix, location, wire);
        handle.graph().node_mut(handle.node).takes_stores = true;
        handle
    }
}

impl<K, V> KStream<K, V> {
    /// Connects the processor that this handle stands for to a store; several processors may share one. The store
    /// must have been added to the builder, or `build` reports it.
    #[track_caller]
    pub fn with_store<SK, SV>(self, store: &Store<SK, SV>) -> Self {
        self.handle.use_store(store.name(), "process", Location::caller());
        self
    }
}
