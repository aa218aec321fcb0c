//! Moving records to the partition of their key, through an internal topic.

use std::any::Any;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::dsl::KStream;
use crate::dsl::builder::wire_source;
use crate::dsl::handle::Handle;
use crate::dsl::options::Repartitioned;
use crate::operators::DropReason;
use crate::operators::sink::{Destination, Encoder, PartitionerFn, Sink};
use crate::operators::source::{Decoder, RecordTimestamp};
use crate::operators::stage::{Driver, PassThrough, Stage};
use crate::operators::{Port, TaskContext};
use crate::record::Record;
use crate::serde::{DefaultSerde, SerdeRef, same};
use crate::topology::{
    Node, NodeKind, Repartition, RepartitionWires, SourceTopics, TopicName, WireFn, boxed, is_generated,
};

/// What a repartition needs to know.
pub(crate) struct RepartitionSpec<K: 'static, V: 'static> {
    /// The topic is `<application id>-<base>-repartition`.
    pub(crate) base: String,
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
    pub(crate) partitions: Option<u32>,
    pub(crate) partitioner: Option<Box<PartitionerFn<K, V>>>,
}

/// Adds a repartition behind `input`: filter of null keys, sink, internal topic, source (rule R-3). It may be merged
/// with others if the optimization is on.
pub(crate) fn add_repartition<K, V>(
    input: &Handle,
    spec: RepartitionSpec<K, V>,
    location: &'static Location<'static>,
) -> Handle
where
    K: Send + 'static,
    V: Send + 'static,
{
    let RepartitionSpec { base, key, value, partitions, partitioner } = spec;
    let names = {
        let names = &mut input.graph().names;
        let generated =
            [names.next("KSTREAM-SINK-"), names.next("KSTREAM-FILTER-"), names.next("KSTREAM-SOURCE-")];
        if is_generated(&base) {
            generated
        } else {
            ["sink", "filter", "source"].map(|part| format!("{base}-repartition-{part}"))
        }
    };
    let [sink_name, filter_name, source_name] = names;
    let topic = TopicName { name: format!("{base}-repartition"), internal: true };
    let wires = Wires { key, value };

    let filter = input.add_named(filter_name, location, wires.filter());
    let wire_sink = wires.sink_by(&topic, partitioner);
    let sink = filter.add_kind(sink_name, NodeKind::Sink(Some(topic.clone())), location, wire_sink);
    let kind = NodeKind::Source(SourceTopics::Repartition { name: topic.name.clone(), partitions });
    let mut graph = input.graph();
    let source = graph.add(Node::new(source_name, kind, Vec::new(), location, wires.source()));
    graph.all_repartitions.push(Repartition {
        filter: filter.node,
        sink: sink.node,
        source,
        topic,
        wires: Some(Arc::new(wires)),
    });
    drop(graph);
    input.at(source)
}

/// The serdes of a repartition, of which its nodes are made.
pub(crate) struct Wires<K: 'static, V: 'static> {
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
}

impl<K: Send + 'static, V: Send + 'static> Wires<K, V> {
    fn sink_by(&self, topic: &TopicName, partitioner: Option<Box<PartitionerFn<K, V>>>) -> Arc<WireFn> {
        let encoder = Arc::new(Encoder {
            destination: Destination::Topic(topic.name.as_str().into()),
            key: Arc::clone(&self.key),
            value: Arc::clone(&self.value),
            partitioner,
            key_suffix: 0,
            types: PhantomData,
        });
        let topic = topic.clone();
        Arc::new(move |wirer, node| {
            let topic = wirer.topic_number(&topic);
            boxed::<K, V>(Sink::<K, V, K, V> { node, encoder: Arc::clone(&encoder), topic: Some(topic) })
        })
    }
}

impl<K: Send + 'static, V: Send + 'static> RepartitionWires for Wires<K, V> {
    fn filter(&self) -> Arc<WireFn> {
        let key = Arc::clone(&self.key);
        Arc::new(move |wirer, node| {
            let stage: Arc<dyn Stage<K, V, K, V>> = match wirer.topology.null_keys_pass(node) {
                true => Arc::new(PassThrough),
                false => Arc::new(NullKeyFilter(Arc::clone(&key))),
            };
            let next = wirer.next::<K, V>(node);
            boxed::<K, V>(Driver { node, stage, next })
        })
    }

    fn sink(&self, topic: &TopicName) -> Arc<WireFn> {
        self.sink_by(topic, None)
    }

    fn source(&self) -> Arc<WireFn> {
        let (key, value) = (Arc::clone(&self.key), Arc::clone(&self.value));
        wire_source(Arc::new(Decoder { key, value, extractor: Arc::new(RecordTimestamp) }))
    }

    fn same(&self, other: &dyn RepartitionWires) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| same(&self.key, &other.key) && same(&self.value, &other.value))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Drops records whose key is null: they have no partition to go to. Kafka Streams does not count them; here they
/// are counted under a reason of their own. Where a join behind it has a use for them they pass (rule R-4).
struct NullKeyFilter<K: 'static>(SerdeRef<K>);

impl<K: 'static, V> Stage<K, V, K, V> for NullKeyFilter<K> {
    fn apply(
        &self,
        ctx: &mut TaskContext,
        record: Record<K, V>,
        next: &mut dyn Port<K, V>,
    ) -> crate::error::Result<()> {
        if self.0.is_null(&record.key) {
            return ctx.drop_record(DropReason::NullKeyAtRepartition);
        }
        next.push(ctx, record)
    }
}

impl<K: Send + 'static, V: Send + 'static> KStream<K, V> {
    /// Sends every record through an internal topic to the partition of its key. Records with a null key are
    /// dropped and counted.
    #[track_caller]
    pub fn repartition(self) -> KStream<K, V>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.repartition_with(Repartitioned::new())
    }

    /// The same, as `repartitioned` says.
    #[track_caller]
    pub fn repartition_with(self, repartitioned: Repartitioned<K, V>) -> KStream<K, V> {
        let Repartitioned { key, value, name, partitions, partitioner } = repartitioned;
        let base = name.unwrap_or_else(|| self.handle.graph().names.next("KSTREAM-REPARTITION-"));
        let spec = RepartitionSpec { base, key, value, partitions, partitioner };
        let source = add_repartition(&self.handle, spec, Location::caller());
        let mut graph = source.graph();
        graph.node_mut(source.node).facts.asked_for = true;
        // What the user asks for stays where it is.
        if let Some(repartition) = graph.all_repartitions.last_mut() {
            repartition.wires = None;
        }
        drop(graph);
        KStream::new(source)
    }

    /// This stream, behind a repartition if its key was changed.
    pub(crate) fn repartitioned_if_changed(
        self,
        base: &str,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
        location: &'static Location<'static>,
    ) -> KStream<K, V> {
        if !self.handle.key_changed() {
            return self;
        }
        let spec = RepartitionSpec { base: base.to_owned(), key, value, partitions: None, partitioner: None };
        KStream::new(add_repartition(&self.handle, spec, location))
    }
}
