//! Where a topology begins.

use std::cell::RefCell;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use crate::dsl::handle::Handle;
use crate::dsl::ktable::Kept;
use crate::dsl::options::{Consumed, Materialized, StoreOptions, WindowStoreOptions};
use crate::dsl::{KStream, KTable, Key, ktable, materialize};
use crate::error::Result;
use crate::operators::source::{Decoder, Source, SourceHead, Sources};
use crate::operators::table::TableRows;
use crate::serde::{DefaultSerde, optional};
use crate::topic::{Store, Topic};
use crate::topology::{
    Graph, Node, NodeKind, Optimization, SourceTopics, TableTopic, Topology, WireFn, place,
};

/// Builds a topology: streams and tables of topics, and what is done with them.
///
/// ```
/// use streams_core::{StreamsBuilder, Topic};
///
/// const WORDS: Topic<String, String> = Topic::new("words");
/// const LOUD: Topic<String, String> = Topic::new("loud");
///
/// let builder = StreamsBuilder::new();
/// builder.stream(&WORDS).map_values(|word| word.to_uppercase()).to(&LOUD);
/// let topology = builder.build()?;
/// # Ok::<(), streams_core::Error>(())
/// ```
#[derive(Default)]
pub struct StreamsBuilder {
    graph: Rc<RefCell<Graph>>,
}

impl StreamsBuilder {
    /// A builder without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// A stream of the records of a topic.
    ///
    /// Several streams of the same topics with the same serdes and timestamp extractor are one: records are read and
    /// judged once, and the sources are one node, called after the first (as in Kafka Streams, which merges also those
    /// that read differently, and then by the first one's serdes). Streams that share some of their topics only, and a
    /// stream and a table of one topic, each read it for themselves; Kafka Streams refuses these.
    #[track_caller]
    pub fn stream<K, V>(&self, topic: &Topic<K, V>) -> KStream<K, V>
    where
        K: DefaultSerde + Send,
        V: DefaultSerde + Send,
    {
        self.stream_with(topic, Consumed::new())
    }

    /// A stream of the records of a topic, read as `consumed` says.
    #[track_caller]
    pub fn stream_with<K, V>(&self, topic: &Topic<K, V>, consumed: Consumed<K, V>) -> KStream<K, V>
    where
        K: Send + 'static,
        V: Send + 'static,
    {
        self.streams_with(&[*topic], consumed)
    }

    /// One stream of the records of several topics; each record is taken in turn by the rule for choosing the
    /// next record, with no order between topics of equal times.
    #[track_caller]
    pub fn streams<K, V>(&self, topics: &[Topic<K, V>]) -> KStream<K, V>
    where
        K: DefaultSerde + Send,
        V: DefaultSerde + Send,
    {
        self.streams_with(topics, Consumed::new())
    }

    /// One stream of the records of several topics, read as `consumed` says.
    #[track_caller]
    pub fn streams_with<K, V>(&self, topics: &[Topic<K, V>], consumed: Consumed<K, V>) -> KStream<K, V>
    where
        K: Send + 'static,
        V: Send + 'static,
    {
        let location = Location::caller();
        if topics.is_empty() {
            let mistake = format!("the stream at {} has no topics: name at least one", place(location));
            self.graph.borrow_mut().mistakes.add(mistake);
        }
        let mut names: Vec<String> = Vec::with_capacity(topics.len());
        for name in topics.iter().map(Topic::name) {
            if names.iter().any(|known| known == name) {
                self.graph.borrow_mut().mistakes.add(format!(
                    "the stream at {} names the topic `{name}` twice: its records would come twice; name it once",
                    place(location)
                ));
            }
            names.push(name.to_owned());
        }
        self.stream_of(SourceTopics::Names(names), consumed, location)
    }

    /// One stream of every topic whose whole name matches `pattern`, a regular expression; topics that appear
    /// later are taken up.
    #[track_caller]
    pub fn stream_matching<K, V>(&self, pattern: &str) -> KStream<K, V>
    where
        K: DefaultSerde + Send,
        V: DefaultSerde + Send,
    {
        self.stream_matching_with(pattern, Consumed::new())
    }

    /// One stream of every topic whose whole name matches `pattern`, read as `consumed` says.
    #[track_caller]
    pub fn stream_matching_with<K, V>(&self, pattern: &str, consumed: Consumed<K, V>) -> KStream<K, V>
    where
        K: Send + 'static,
        V: Send + 'static,
    {
        let location = Location::caller();
        if let Err(error) = regex_lite::Regex::new(pattern) {
            let mistake =
                format!("the pattern `{pattern}` at {} is no regular expression: {error}", place(location));
            self.graph.borrow_mut().mistakes.add(mistake);
        }
        self.stream_of(SourceTopics::Pattern(pattern.to_owned()), consumed, location)
    }

    /// A table of a topic: the latest value of each key; a null value deletes, a null key is dropped and counted.
    ///
    /// ```
    /// use streams_core::{StreamsBuilder, Topic};
    ///
    /// const PRICES: Topic<String, f64> = Topic::new("prices");
    /// const DEAR: Topic<String, f64> = Topic::new("dear");
    ///
    /// let builder = StreamsBuilder::new();
    /// // A price that falls to 100 or below leaves the table: a tombstone is written for it.
    /// builder.table(&PRICES).filter(|_item, price| *price > 100.0).to_stream().to(&DEAR);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn table<K, V>(&self, topic: &Topic<K, V>) -> KTable<K, V>
    where
        K: Key + DefaultSerde,
        V: DefaultSerde + Clone + Send,
    {
        self.add_table(topic, Consumed::new(), None)
    }

    /// A table of a topic, kept in a store as `materialized` says.
    #[track_caller]
    pub fn table_with<K, V>(
        &self,
        topic: &Topic<K, V>,
        consumed: Consumed<K, V>,
        materialized: Materialized<K, V>,
    ) -> KTable<K, V>
    where
        K: Key,
        V: Clone + Send + 'static,
    {
        self.add_table(topic, consumed, Some(materialized))
    }

    /// Adds a key-value store for processors, with the default serdes.
    #[track_caller]
    pub fn add_store<K, V>(&self, store: &Store<K, V>)
    where
        K: DefaultSerde + Clone + Send,
        V: DefaultSerde + Clone + Send,
    {
        self.add_store_with(store, Materialized::with(K::serde(), V::serde()), StoreOptions::default());
    }

    /// Adds a key-value store for processors.
    #[track_caller]
    pub fn add_store_with<K, V>(&self, store: &Store<K, V>, serdes: Materialized<K, V>, options: StoreOptions)
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let materialized = serdes.name(store.name()).logged(options.logged).cached(false);
        materialize::key_value(&mut self.graph.borrow_mut(), materialized, Location::caller());
    }

    /// Adds a window store for processors, with the default serdes.
    #[track_caller]
    pub fn add_window_store<K, V>(&self, store: &Store<K, V>, options: WindowStoreOptions)
    where
        K: DefaultSerde + Clone + Send,
        V: DefaultSerde + Clone + Send,
    {
        let serdes = Materialized::with(K::serde(), V::serde()).name(store.name());
        materialize::window_by_hand(&mut self.graph.borrow_mut(), serdes, options, Location::caller());
    }

    /// Says which optimizations `build` applies, in place of what was said before; none if it was never said. It
    /// does not matter whether it is said before or after the verbs.
    ///
    /// ```
    /// use streams_core::{Consumed, Materialized, Optimization, StreamsBuilder, Topic};
    ///
    /// const PRICES: Topic<String, f64> = Topic::new("prices");
    /// const OUT: Topic<String, f64> = Topic::new("out");
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.optimize(Optimization::ALL);
    /// let prices = builder.table_with(&PRICES, Consumed::new(), Materialized::named("prices"));
    /// prices.to_stream().to(&OUT);
    /// # builder.build().unwrap();
    /// ```
    pub fn optimize(&self, optimization: Optimization) {
        self.graph.borrow_mut().optimization = optimization;
    }

    /// Makes `build` refuse every store and internal topic whose name would be generated, saying where it is made and
    /// what names it (Kafka's `ensure.explicit.internal.resource.naming`, KIP-1111).
    ///
    /// Generated names are numbered by their place in the program: a verb that is added before renumbers what follows,
    /// and state under the old names is lost. Ask for explicit names where state has to survive changes of the program.
    ///
    /// ```
    /// use streams_core::{Grouped, Materialized, StreamsBuilder, Topic};
    ///
    /// const WORDS: Topic<String, String> = Topic::new("words");
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.require_explicit_names();
    /// let words = builder.stream(&WORDS).group_by_with(|_, word| word.clone(), Grouped::new().named("by-word"));
    /// let _ = words.count_with(Materialized::named("counts"));
    /// builder.build()?;
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn require_explicit_names(&self) {
        self.graph.borrow_mut().explicit_names = true;
    }

    /// The topology as it is now; what is added later is part of the next one built. Errs with every mistake found,
    /// each with the nodes and source lines it is about and what to do. What depends on the topics' partitions is
    /// checked when the topology is started.
    ///
    /// ```
    /// use streams_core::{Store, StreamsBuilder, Topic};
    ///
    /// const IN: Topic<String, String> = Topic::new("in");
    /// const OUT: Topic<String, String> = Topic::new("no topic!");
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.add_store(&Store::<String, i64>::new("counts"));
    /// builder.stream(&IN).filter(|_, _| true).named("a").filter(|_, _| true).named("a").to(&OUT);
    /// let report = builder.build().err().map(|error| error.to_string()).unwrap_or_default();
    /// assert!(report.starts_with("the topology has 3 mistakes:\n- 2 nodes are named `a`, at "), "{report}");
    /// assert!(report.contains("`no topic!` is not a legal name"), "{report}");
    /// assert!(report.contains("is used by no node: connect it with `with_store` or leave it out"), "{report}");
    /// ```
    pub fn build(&self) -> Result<Topology> {
        Topology::new(self.graph.borrow().clone())
    }

    #[track_caller]
    fn add_table<K, V>(
        &self,
        topic: &Topic<K, V>,
        consumed: Consumed<K, V>,
        materialized: Option<Materialized<K, V>>,
    ) -> KTable<K, V>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let location = Location::caller();
        let Consumed { key, value, extractor } = consumed;
        let rows = |decoder: &Arc<Decoder<Option<K>, Option<V>>>| {
            let (key, value) = materialized.as_ref().map_or((&key, &value), |m| (&m.key, &m.value));
            TableRows { decoder: Arc::clone(decoder), key: Arc::clone(key), value: Arc::clone(value) }
        };
        let decoder = Arc::new(Decoder {
            key: optional(Arc::clone(&key)),
            value: optional(Arc::clone(&value)),
            extractor: Arc::new(ktable::SomeExtractor(extractor)),
        });
        let rows = TableTopic { topic: topic.name().to_owned(), rows: Arc::new(rows(&decoder)) };
        let mut graph = self.graph.borrow_mut();
        let kept = match materialized {
            Some(named) if named.name.is_some() => Kept::Always(named),
            // The number is taken also where no store comes of it.
            unnamed => {
                let name = graph.names.next(&format!("{}-STATE-STORE-", topic.name()));
                Kept::OnDemand(unnamed.unwrap_or_else(|| Materialized::with(key, value)).name(name))
            }
        };
        drop(graph);
        let topics = SourceTopics::Names(vec![topic.name().to_owned()]);
        let source = self.source("KSTREAM-SOURCE-", topics, decoder, location);
        let name = self.graph.borrow_mut().names.next("KTABLE-SOURCE-");
        let table = ktable::add_source::<Option<K>, Option<V>, K, V>(&source, name, kept, location);
        let mut graph = self.graph.borrow_mut();
        let node = graph.node_mut(table.handle.node);
        (node.named_after, node.table_of) = (vec![(source.node, "-source")], Some(rows));
        drop(graph);
        table
    }

    fn stream_of<K, V>(
        &self,
        topics: SourceTopics,
        consumed: Consumed<K, V>,
        location: &'static Location<'static>,
    ) -> KStream<K, V>
    where
        K: Send + 'static,
        V: Send + 'static,
    {
        let decoder = consumed.into_decoder();
        let handle = self.source("KSTREAM-SOURCE-", topics, Arc::clone(&decoder), location);
        handle.graph().node_mut(handle.node).decoder = Some(decoder);
        KStream::new(handle)
    }

    fn source<K, V>(
        &self,
        prefix: &str,
        topics: SourceTopics,
        decoder: Arc<Decoder<K, V>>,
        location: &'static Location<'static>,
    ) -> Handle
    where
        K: Send + 'static,
        V: Send + 'static,
    {
        let mut graph = self.graph.borrow_mut();
        let name = graph.names.next(prefix);
        let wire = wire_source(decoder);
        let mut node = Node::new(name, NodeKind::Source(topics), Vec::new(), location, wire);
        node.facts.types = Some((std::any::type_name::<K>(), std::any::type_name::<V>()));
        let node = graph.add(node);
        Handle { graph: Rc::clone(&self.graph), node }
    }
}

/// Wires the head of one input queue of a source.
pub(crate) fn wire_source<K: Send + 'static, V: Send + 'static>(decoder: Arc<Decoder<K, V>>) -> Arc<WireFn> {
    Arc::new(move |wirer, node| {
        let ways = wirer.ways_from_source::<K, V>(node);
        let source = |next| Source { node, decoder: Arc::clone(&decoder), head: None, next };
        let mut sources: Vec<Source<K, V>> = ways.into_iter().map(source).collect();
        let head: Box<dyn SourceHead> = match sources.pop() {
            Some(only) if sources.is_empty() => Box::new(only),
            last => {
                sources.extend(last);
                Box::new(Sources(sources))
            }
        };
        Box::new(head)
    })
}
