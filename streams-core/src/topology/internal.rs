//! The topics that an application makes for itself, with their settings (formats 3.13).

use std::time::Duration;

use crate::log::{CleanupPolicy, TopicConfig};
use crate::state::{StoreKind, StoreSpec};
use crate::topology::{NodeKind, SourceTopics, Topology};

/// Segment size of repartition topics.
const REPARTITION_SEGMENT_BYTES: u64 = 50 << 20;
/// How much longer than their stores the changelogs of windowed stores are kept, if nothing else is said.
pub(crate) const ADDITIONAL_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// What an internal topic is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InternalTopicKind {
    /// Moves records to the partitions of their keys.
    Repartition,
    /// Keeps the changes of a store.
    Changelog,
}

/// A topic that an application makes for itself when it starts; from [`Topology::internal_topics`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalTopic {
    /// Its name without the application id.
    pub name: String,
    /// What it is for.
    pub kind: InternalTopicKind,
    /// How many partitions it has, if that was set; otherwise as many as there are tasks that write it or, for a
    /// repartition topic, as the inputs of those tasks have at most.
    pub partitions: Option<u32>,
    /// Its settings, by the default of how much longer changelogs are kept than their windows (a day).
    pub config: TopicConfig,
    /// The store whose changes a changelog keeps.
    pub store: Option<String>,
}

impl InternalTopic {
    /// The name it has on the log.
    ///
    /// ```
    /// # use streams_core::{Materialized, StreamsBuilder, Topic};
    /// # const IN: Topic<String, String> = Topic::new("in");
    /// # let builder = StreamsBuilder::new();
    /// # let _ = builder.stream(&IN).group_by_key().count_with(Materialized::named("counts"));
    /// # let topology = builder.build()?;
    /// assert_eq!(topology.internal_topics()[0].full_name("shop"), "shop-counts-changelog");
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn full_name(&self, application_id: &str) -> String {
        format!("{application_id}-{}", self.name)
    }
}

impl Topology {
    /// The topics that an application with this topology makes for itself: repartition topics, then changelogs, each
    /// in the order of the topology. Their partition counts depend on the topics it reads, see
    /// [`App::internal_topics`](crate::runtime::App::internal_topics).
    ///
    /// ```
    /// use streams_core::topology::InternalTopicKind;
    /// use streams_core::{Grouped, Materialized, StreamsBuilder, Topic};
    ///
    /// const WORDS: Topic<Option<String>, String> = Topic::new("words");
    ///
    /// let builder = StreamsBuilder::new();
    /// let words = builder.stream(&WORDS).group_by_with(|_, word| word.clone(), Grouped::new().named("words"));
    /// let _ = words.count_with(Materialized::named("counts"));
    /// let topology = builder.build()?;
    ///
    /// let topics = topology.internal_topics();
    /// let found: Vec<_> = topics.iter().map(|topic| (topic.name.as_str(), topic.kind)).collect();
    /// let expected = [
    ///     ("words-repartition", InternalTopicKind::Repartition),
    ///     ("counts-changelog", InternalTopicKind::Changelog),
    /// ];
    /// assert_eq!(found, expected);
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn internal_topics(&self) -> Vec<InternalTopic> {
        self.internal_topics_kept(ADDITIONAL_RETENTION)
    }

    /// The same, with changelogs of windowed stores kept by so much longer than their windows.
    pub(crate) fn internal_topics_kept(&self, additional: Duration) -> Vec<InternalTopic> {
        let subs = || 0..self.sub_topology_count() as u32;
        let mut topics: Vec<InternalTopic> = Vec::new();
        for node in subs().flat_map(|sub| self.nodes_of(sub)) {
            if let NodeKind::Source(SourceTopics::Repartition { name, partitions }) = &self.node(*node).kind {
                topics.push(InternalTopic {
                    name: name.clone(),
                    kind: InternalTopicKind::Repartition,
                    partitions: *partitions,
                    config: repartition_config(),
                    store: None,
                });
            }
        }
        for store in subs().flat_map(|sub| self.stores_of(sub)) {
            let store = self.store(store);
            if store.has_changelog() {
                topics.push(InternalTopic {
                    name: format!("{}-changelog", store.spec.name),
                    kind: InternalTopicKind::Changelog,
                    partitions: None,
                    config: changelog_config(&store.spec, additional),
                    store: Some(store.spec.name.clone()),
                });
            }
        }
        topics
    }
}

fn repartition_config() -> TopicConfig {
    TopicConfig { segment_bytes: REPARTITION_SEGMENT_BYTES, ..TopicConfig::default() }
}

fn changelog_config(spec: &StoreSpec, additional: Duration) -> TopicConfig {
    let retention = match &spec.kind {
        StoreKind::Window(window) => Some(window.retention.saturating_add(additional)),
        StoreKind::KeyValue => None,
    };
    TopicConfig { cleanup_policy: changelog_cleanup(spec), retention, ..TopicConfig::default() }
}

/// What becomes of old records of a changelog (formats 3.13).
pub(super) fn changelog_cleanup(spec: &StoreSpec) -> CleanupPolicy {
    match &spec.kind {
        StoreKind::KeyValue => CleanupPolicy::Compact,
        StoreKind::Window(window) if window.retain_duplicates => CleanupPolicy::Delete,
        StoreKind::Window(_) => CleanupPolicy::CompactDelete,
    }
}
