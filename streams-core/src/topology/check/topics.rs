//! Topics: their names, and who reads them as what.

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;

use crate::topology::check::{listed, topics_of};
use crate::topology::names::mistake_in_name;
use crate::topology::{Graph, Node, NodeKind, SourceTopics};

impl Graph {
    pub(super) fn check_topics(&self, found: &mut Vec<String>) {
        let internal = self.internal_topics();
        for node in &self.nodes {
            for topic in topics_of(&node.kind) {
                let at = node.describe();
                found.extend(mistake_in_name(topic).map(|m| format!("topic of {at}: {m}")));
                if let Some(owner) = internal.get(topic) {
                    found.push(format!(
                        "{at} names the topic `{topic}`, but that is the internal topic of {owner}: in the log it has \
                         the application id before its name; continue from that stream or table, or rename one of them"
                    ));
                }
            }
        }
        let readers = self.readers();
        for (topic, readers) in &readers {
            found.extend(self.two_tables(topic, readers));
            found.extend(two_types(topic, readers));
        }
        for node in &self.nodes {
            if let NodeKind::Source(SourceTopics::Pattern(pattern)) = &node.kind {
                found.extend(matched(node, pattern, &readers));
            }
        }
    }

    /// Who reads a topic by its name, in the order of the first mention.
    fn readers(&self) -> Vec<(&str, Vec<&Node>)> {
        let mut readers: Vec<(&str, Vec<&Node>)> = Vec::new();
        for node in &self.nodes {
            let NodeKind::Source(SourceTopics::Names(topics)) = &node.kind else { continue };
            for topic in topics.iter().collect::<BTreeSet<_>>() {
                match readers.iter_mut().find(|(known, _)| known == topic) {
                    Some((_, nodes)) => nodes.push(node),
                    None => readers.push((topic, vec![node])),
                }
            }
        }
        readers
    }

    /// Logical names of internal topics, each with what it belongs to.
    fn internal_topics(&self) -> BTreeMap<String, String> {
        let repartitions = self.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Source(SourceTopics::Repartition { name, .. }) => {
                Some((name.clone(), format!("the repartition at {}", node.place())))
            }
            _ => None,
        });
        let changelogs = self.stores.iter().filter(|store| store.spec.logged).map(|store| {
            let name = &store.spec.name;
            (format!("{name}-changelog"), format!("the store `{name}` ({})", store.place()))
        });
        repartitions.chain(changelogs).collect()
    }

    fn two_tables(&self, topic: &str, readers: &[&Node]) -> Option<String> {
        let is_table = |node: &&&Node| {
            let mut children = node.children.iter().map(|&child| self.node(child));
            // Not the table of an aggregation, which may follow a stream of the topic at once.
            children.any(|child| child.table_of.is_some())
        };
        let tables: Vec<String> = readers.iter().filter(is_table).map(|node| node.describe()).collect();
        (tables.len() > 1).then(|| {
            format!(
                "{} tables are made of the topic `{topic}`, by {}: each would keep all of it; make one and clone it",
                tables.len(),
                listed(&tables)
            )
        })
    }
}

fn two_types(topic: &str, readers: &[&Node]) -> Option<String> {
    let types = |node: &&Node| node.facts.types.map(|(key, value)| (bare(key), bare(value)));
    let known: Vec<(&'static str, &'static str)> = readers.iter().filter_map(types).collect();
    // Raw bytes fit whatever else the topic is read as.
    let several = |names: &mut dyn Iterator<Item = &'static str>| {
        let raw = std::any::type_name::<Vec<u8>>();
        names.filter(|name| *name != raw).collect::<BTreeSet<_>>().len() > 1
    };
    let text = |node: &&Node| {
        let (key, value) = types(node).unwrap_or_default();
        format!("as `{key}` and `{value}` by {}", node.describe())
    };
    let differ = several(&mut known.iter().map(|(key, _)| *key))
        || several(&mut known.iter().map(|(_, value)| *value));
    differ.then(|| {
        format!(
            "the topic `{topic}` is read {}: one of them would fail on its records; read it once and map the rest",
            listed(&readers.iter().map(text).collect::<Vec<_>>())
        )
    })
}

/// A type's name without the `Option` that says that nulls may come.
fn bare(name: &'static str) -> &'static str {
    name.strip_prefix("core::option::Option<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(name)
}

fn matched(node: &Node, pattern: &str, readers: &[(&str, Vec<&Node>)]) -> Option<String> {
    // One that is no pattern is reported already.
    let whole = Regex::new(&format!("^(?:{pattern})$")).ok()?;
    let all: Vec<String> = readers
        .iter()
        .filter(|(topic, _)| whole.is_match(topic))
        .map(|(topic, readers)| format!("`{topic}`, which {} reads", readers[0].describe()))
        .collect();
    (!all.is_empty()).then(|| {
        format!(
            "the pattern `{pattern}` of {} matches {}: a topic has one reader; make the pattern narrower, or read the \
             topics by name",
            node.describe(),
            listed(&all)
        )
    })
}
