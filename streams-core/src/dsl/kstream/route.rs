//! Verbs that join, divide and end streams.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::dsl::handle::wire_stage;
use crate::dsl::options::Produced;
use crate::dsl::{KStream, Split};
use crate::operators::RecordMetadata;
use crate::operators::sink::{Destination, Encoder, Sink};
use crate::operators::stage::{PassThrough, Stage};
use crate::serde::{DefaultSerde, MaybeNull};
use crate::topic::Topic;
use crate::topology::{Effect, NodeKind, TopicName, Wirer, boxed};

impl<K: Send + 'static, V: Send + 'static> KStream<K, V> {
    /// The records of both streams, with no order between the two. Both must come from one builder, or `build`
    /// reports it.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value)] // a handle that is not cloned is used up
    pub fn merge(self, other: KStream<K, V>) -> KStream<K, V> {
        let location = Location::caller();
        if !self.handle.same_builder(&other.handle, "merge", location) {
            return self;
        }
        let stage: Arc<dyn Stage<K, V, K, V>> = Arc::new(PassThrough);
        let merged = self.handle.add("KSTREAM-MERGE-", location, wire_stage(stage));
        merged.set_effect(Effect::Keeps);
        // A stream merged with itself is one edge: each record comes out once.
        if other.handle.node != self.handle.node {
            let changed = other.handle.key_changed();
            let mut graph = merged.graph();
            graph.node_mut(merged.node).parents.push(other.handle.node);
            graph.node_mut(merged.node).key_changed |= changed;
            graph.node_mut(other.handle.node).children.push(merged.node);
        }
        KStream::new(merged)
    }

    /// Divides the stream: each record goes to the first branch that takes it.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const IN: Topic<String, i64> = Topic::new("in");
    /// # const SMALL: Topic<String, i64> = Topic::new("small");
    /// # const LARGE: Topic<String, i64> = Topic::new("large");
    /// # let builder = StreamsBuilder::new();
    /// let mut split = builder.stream(&IN).split();
    /// split.branch(|_, value| *value < 100).to(&SMALL);
    /// split.default_branch().to(&LARGE);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn split(self) -> Split<K, V> {
        Split::new(&self.handle, Location::caller())
    }

    /// Writes the stream to a topic, which must exist when the application starts. `Option` values may go to a
    /// topic of the type inside: `None` is then a tombstone, and likewise for keys.
    #[track_caller]
    pub fn to<K2, V2>(self, topic: &Topic<K2, V2>)
    where
        K: MaybeNull<K2>,
        V: MaybeNull<V2>,
        K2: DefaultSerde,
        V2: DefaultSerde,
    {
        self.to_with(topic, Produced::new());
    }

    /// Writes the stream to a topic as `produced` says.
    #[track_caller]
    pub fn to_with<K2, V2>(self, topic: &Topic<K2, V2>, produced: Produced<K, V, K2, V2>)
    where
        K: MaybeNull<K2>,
        V: MaybeNull<V2>,
        K2: 'static,
        V2: 'static,
    {
        let destination = Destination::Topic(topic.name().into());
        self.sink(destination, Some(topic.name().to_owned()), produced, Location::caller());
    }

    /// Writes each record to the topic that `choose` names for it (Kafka's `TopicNameExtractor`). The topics must
    /// exist.
    #[track_caller]
    pub fn to_dynamic(self, choose: impl Fn(&K, &V, &RecordMetadata<'_>) -> String + Send + Sync + 'static)
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.to_dynamic_with(choose, Produced::new());
    }

    /// The same, as `produced` says.
    #[track_caller]
    pub fn to_dynamic_with<K2, V2>(
        self,
        choose: impl Fn(&K, &V, &RecordMetadata<'_>) -> String + Send + Sync + 'static,
        produced: Produced<K, V, K2, V2>,
    ) where
        K: MaybeNull<K2>,
        V: MaybeNull<V2>,
        K2: 'static,
        V2: 'static,
    {
        self.sink(Destination::Dynamic(Box::new(choose)), None, produced, Location::caller());
    }

    fn sink<K2, V2>(
        self,
        destination: Destination<K, V>,
        topic: Option<String>,
        produced: Produced<K, V, K2, V2>,
        location: &'static Location<'static>,
    ) where
        K: MaybeNull<K2>,
        V: MaybeNull<V2>,
        K2: 'static,
        V2: 'static,
    {
        let Produced { key, value, partitioner, name } = produced;
        let key_suffix = key.partition_suffix();
        let encoder =
            Arc::new(Encoder { destination, key, value, partitioner, key_suffix, types: PhantomData });
        let topic = topic.map(|name| TopicName { name, internal: false });
        let generated = self.handle.graph().names.next("KSTREAM-SINK-");
        let wire = {
            let topic = topic.clone();
            move |wirer: &mut Wirer<'_>, node| {
                let topic = topic.as_ref().map(|topic| wirer.topic_number(topic));
                boxed::<K, V>(Sink::<K, V, K2, V2> { node, encoder: Arc::clone(&encoder), topic })
            }
        };
        self.handle.add_kind(name.unwrap_or(generated), NodeKind::Sink(topic), location, Arc::new(wire));
    }
}
