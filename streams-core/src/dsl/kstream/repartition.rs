//! Moving records to the partition of their key, through an internal topic.

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
use crate::serde::{DefaultSerde, SerdeRef};
use crate::topology::{Node, NodeKind, SourceTopics, TopicName, WireFn, boxed, is_generated};

/// What a repartition needs to know.
pub(crate) struct RepartitionSpec<K: 'static, V: 'static> {
    /// The topic is `<application id>-<base>-repartition`.
    pub(crate) base: String,
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
    pub(crate) partitions: Option<u32>,
    pub(crate) partitioner: Option<Box<PartitionerFn<K, V>>>,
}

/// Adds a repartition behind `input`: filter of null keys, sink, internal topic, source (rule R-3).
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
    let topic = format!("{base}-repartition");

    let filtered = Arc::clone(&key);
    let wire_filter: Arc<WireFn> = Arc::new(move |wirer, node| {
        let stage: Arc<dyn Stage<K, V, K, V>> = match wirer.topology.null_keys_pass(node) {
            true => Arc::new(PassThrough),
            false => Arc::new(NullKeyFilter(Arc::clone(&filtered))),
        };
        let next = wirer.next::<K, V>(node);
        boxed::<K, V>(Driver { node, stage, next })
    });
    let filter = input.add_named(filter_name, location, wire_filter);

    let encoder = Arc::new(Encoder {
        destination: Destination::Topic(topic.as_str().into()),
        key: Arc::clone(&key),
        value: Arc::clone(&value),
        partitioner,
        key_suffix: 0,
        types: PhantomData,
    });
    let sink_topic = TopicName { name: topic.clone(), internal: true };
    let wire_sink = {
        let sink_topic = sink_topic.clone();
        move |wirer: &mut crate::topology::Wirer<'_>, node| {
            let topic = wirer.topic_number(&sink_topic);
            boxed::<K, V>(Sink::<K, V, K, V> { node, encoder: Arc::clone(&encoder), topic: Some(topic) })
        }
    };
    filter.add_kind(sink_name, NodeKind::Sink(Some(sink_topic)), location, Arc::new(wire_sink));

    let decoder = Arc::new(Decoder { key, value, extractor: Arc::new(RecordTimestamp) });
    let kind = NodeKind::Source(SourceTopics::Repartition { name: topic, partitions });
    let node = Node::new(source_name, kind, Vec::new(), location, wire_source(decoder));
    let node = input.graph().add(node);
    input.at(node)
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
        source.graph().node_mut(source.node).facts.asked_for = true;
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
