//! Runs a processor as a node of a task.

use std::sync::Arc;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::process::context::ConnectedStores;
use crate::operators::process::{Processor, ProcessorContext, Punctuation, PunctuationId, UserResult};
use crate::operators::{Failing, Port, TaskContext, TaskNode};
use crate::record::Record;
use crate::time::Timestamp;

pub(crate) struct ProcessorNode<K2, V2, P> {
    pub(crate) node: NodeId,
    pub(crate) name: Arc<str>,
    pub(crate) processor: P,
    pub(crate) next: Box<dyn Port<K2, V2>>,
    pub(crate) children: Vec<Arc<str>>,
    pub(crate) stores: ConnectedStores,
}

impl<K2, V2, P> ProcessorNode<K2, V2, P> {
    fn run(
        &mut self,
        ctx: &mut TaskContext,
        call: impl FnOnce(&mut P, &mut ProcessorContext<'_, K2, V2>) -> UserResult,
    ) -> Result<()> {
        ctx.enter_seen(self.node);
        let mut context = ProcessorContext {
            task: ctx,
            node: self.node,
            name: &self.name,
            next: &mut *self.next,
            children: &self.children,
            stores: &self.stores,
        };
        let result = call(&mut self.processor, &mut context);
        ctx.enter_seen(self.node);
        result.or_else(|error| ctx.fail(Failing::Processing, error))
    }
}

impl<K, V, K2, V2, P: Processor<K, V, K2, V2>> Port<K, V> for Running<K, V, ProcessorNode<K2, V2, P>> {
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        self.0.run(ctx, |processor, context| processor.process(context, record))
    }
}

impl<K, V, K2, V2, P: Processor<K, V, K2, V2>> TaskNode for Running<K, V, ProcessorNode<K2, V2, P>> {
    fn init(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.0.run(ctx, P::init)
    }

    fn punctuate(&mut self, ctx: &mut TaskContext, id: PunctuationId, time: Timestamp) -> Result<()> {
        self.0.run(ctx, |processor, context| processor.punctuate(context, Punctuation { id, time }))
    }
}

/// Says which input types a processor node runs with: a processor may implement several.
pub(crate) struct Running<K, V, N>(pub(crate) N, pub(crate) std::marker::PhantomData<fn() -> (K, V)>);
