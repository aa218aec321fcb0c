//! The topology as JSON: a versioned format for programs.

use serde::Serialize;

use crate::state::{StoreKind, StoreSpec};
use crate::time::millis;
use crate::topology::texts::{Made, cleanup_text};
use crate::topology::{NodeKind, Topology};

/// Version of the format. It changes when a field is removed or means something else, not when one is added.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct TopologyText<'t> {
    version: u32,
    sub_topologies: Vec<SubTopologyText<'t>>,
    stores: Vec<StoreText<'t>>,
    internal_topics: Vec<InternalTopicText<'t>>,
}

#[derive(Serialize)]
struct SubTopologyText<'t> {
    id: u32,
    nodes: Vec<NodeText<'t>>,
    stores: Vec<&'t str>,
}

#[derive(Serialize)]
struct NodeText<'t> {
    name: &'t str,
    kind: &'static str,
    topics: Vec<&'t str>,
    pattern: Option<&'t str>,
    stores: Vec<&'t str>,
    parents: Vec<&'t str>,
    children: Vec<&'t str>,
    line: String,
}

#[derive(Serialize)]
struct StoreText<'t> {
    name: &'t str,
    kind: &'static str,
    sub_topology: u32,
    window: Option<WindowText>,
    max_keys: Option<usize>,
    logged: bool,
    changelog: Option<String>,
    cached: bool,
    line: String,
}

#[derive(Serialize)]
struct WindowText {
    size_ms: i64,
    retention_ms: i64,
    retain_duplicates: bool,
}

#[derive(Serialize)]
struct InternalTopicText<'t> {
    name: String,
    kind: &'static str,
    partitions: Option<u32>,
    cleanup_policy: &'static str,
    store: Option<&'t str>,
}

impl Topology {
    /// The topology as JSON, for programs: to draw it, to compare it with an earlier one, to check names in CI. The
    /// same topology gives the same text. Every field is always there.
    ///
    /// | field | type | meaning |
    /// |---|---|---|
    /// | `version` | number | 1. It changes when a field is removed or means something else, not when one is added |
    /// | `sub_topologies` | list | what runs together in one task |
    /// | `sub_topologies[].id` | number | its number, the first part of its tasks' ids |
    /// | `sub_topologies[].nodes` | list | its nodes in the order they were added |
    /// | `….nodes[].name` | text | unique in the topology |
    /// | `….nodes[].kind` | text | `source`, `processor` or `sink` |
    /// | `….nodes[].topics` | list of text | of a source the topics it reads, of a sink the one it writes; empty for a sink that chooses a topic per record |
    /// | `….nodes[].pattern` | text or null | of a source, the regular expression that names of its topics match wholly |
    /// | `….nodes[].stores` | list of text | the stores it uses |
    /// | `….nodes[].parents`, `….children` | lists of text | the nodes before and behind it |
    /// | `….nodes[].line` | text | the user's source line that made it, `file:line` |
    /// | `sub_topologies[].stores` | list of text | the stores of its nodes |
    /// | `stores` | list | all stores |
    /// | `stores[].name` | text | unique in the topology |
    /// | `stores[].kind` | text | `key_value` or `window` |
    /// | `stores[].sub_topology` | number | where it is |
    /// | `stores[].window` | object or null | of a window store |
    /// | `stores[].window.size_ms` | number | length of a window in milliseconds |
    /// | `stores[].window.retention_ms` | number | how long a window is kept behind the store's time, by its start |
    /// | `stores[].window.retain_duplicates` | true or false | whether several values of one key and start are kept |
    /// | `stores[].max_keys` | number or null | how many keys a key-value store keeps at most |
    /// | `stores[].logged` | true or false | whether changes survive the machine, in `changelog` |
    /// | `stores[].changelog` | text or null | the topic that the store is restored from |
    /// | `stores[].cached` | true or false | whether results go on once per key and commit, where the application does so |
    /// | `stores[].line` | text | the user's source line that made it |
    /// | `internal_topics` | list | the topics that the application makes, by their names without the application id |
    /// | `internal_topics[].name` | text | in the log: `<application id>-<name>` |
    /// | `internal_topics[].kind` | text | `repartition` or `changelog` |
    /// | `internal_topics[].partitions` | number or null | of a repartition topic, the count if it was given |
    /// | `internal_topics[].cleanup_policy` | text | `delete`, `compact` or `compact,delete` |
    /// | `internal_topics[].store` | text or null | the store that a changelog is of |
    ///
    /// ```
    /// use streams_core::{Materialized, StreamsBuilder, Topic};
    ///
    /// const VISITS: Topic<String, String> = Topic::new("visits");
    ///
    /// let builder = StreamsBuilder::new();
    /// let _ = builder.stream(&VISITS).group_by_key().count_with(Materialized::named("counts"));
    /// let json: serde_json::Value = serde_json::from_str(&builder.build()?.to_json()).unwrap();
    /// assert_eq!(json["version"], 1);
    /// assert_eq!(json["sub_topologies"][0]["nodes"][0]["topics"][0], "visits");
    /// assert_eq!(json["stores"][0]["changelog"], "counts-changelog");
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let text = TopologyText {
            version: VERSION,
            sub_topologies: self.subs().map(|sub| self.sub_text(sub)).collect(),
            stores: self.subs().flat_map(|sub| self.store_texts(sub)).collect(),
            internal_topics: self.internal_topic_texts(),
        };
        serde_json::to_string_pretty(&text).expect("texts, numbers and lists can be written as JSON")
    }

    fn sub_text(&self, sub: u32) -> SubTopologyText<'_> {
        let name = |id| self.node(id).name.as_str();
        let store = |id| self.store(id).spec.name.as_str();
        let node = |id| {
            let node = self.node(id);
            NodeText {
                name: &node.name,
                kind: match node.kind {
                    NodeKind::Source(_) => "source",
                    NodeKind::Sink(_) => "sink",
                    NodeKind::Processor | NodeKind::Hidden => "processor",
                },
                topics: self.topics_of(id),
                pattern: self.pattern_of(id),
                stores: node.stores.iter().map(|&id| store(id)).collect(),
                parents: self.visible(id, true).into_iter().map(name).collect(),
                children: self.visible(id, false).into_iter().map(name).collect(),
                line: node.place(),
            }
        };
        SubTopologyText {
            id: sub,
            nodes: self.shown_nodes(sub).into_iter().map(node).collect(),
            stores: self.stores_of(sub).into_iter().map(store).collect(),
        }
    }

    fn store_texts(&self, sub: u32) -> Vec<StoreText<'_>> {
        let text = |id| {
            let store = self.store(id);
            let StoreSpec { name, kind, logged, cached, max_keys } = &store.spec;
            let (kind, window) = match kind {
                StoreKind::KeyValue => ("key_value", None),
                StoreKind::Window(window) => {
                    let text = WindowText {
                        size_ms: millis(window.size),
                        retention_ms: millis(window.retention),
                        retain_duplicates: window.retain_duplicates,
                    };
                    ("window", Some(text))
                }
            };
            StoreText {
                name,
                kind,
                sub_topology: sub,
                window,
                max_keys: *max_keys,
                logged: *logged,
                changelog: self.changelog_of(store),
                cached: *cached,
                line: store.place(),
            }
        };
        self.stores_of(sub).into_iter().map(text).collect()
    }

    fn internal_topic_texts(&self) -> Vec<InternalTopicText<'_>> {
        let text = |topic: super::MadeTopic| {
            let (kind, partitions, store) = match topic.made {
                Made::Repartition(_, partitions) => ("repartition", partitions, None),
                Made::Changelog(store) => ("changelog", None, Some(self.store(store).spec.name.as_str())),
            };
            let cleanup_policy = cleanup_text(topic.cleanup);
            InternalTopicText { name: topic.name, kind, partitions, cleanup_policy, store }
        };
        self.made_topics().into_iter().map(text).collect()
    }
}
