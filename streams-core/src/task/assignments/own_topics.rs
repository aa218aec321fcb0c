//! A topology must not name the topics that the application makes for itself.

use crate::error::{Error, ErrorKind, Result};
use crate::ids::NodeId;
use crate::task::assignments::Assignments;
use crate::topology::{NodeKind, SourceTopics, Topology};

impl Assignments {
    /// Errs with every source and sink that names an internal topic of this application.
    pub(crate) fn check_own_topics(topology: &Topology, application_id: &str) -> Result<()> {
        let own = Self::own_topics(topology, application_id);
        let mut found = Vec::new();
        for index in 0..topology.nodes().len() {
            let id = NodeId(index as u32);
            let topics: &[String] = match &topology.node(id).kind {
                NodeKind::Source(SourceTopics::Names(topics)) => topics,
                NodeKind::Sink(Some(topic)) if !topic.internal => std::slice::from_ref(&topic.name),
                _ => &[],
            };
            for topic in topics {
                if let Some((_, owner)) = own.iter().find(|(name, _)| name == topic) {
                    found.push(format!(
                        "{} names the topic {topic}, which the application `{application_id}` makes for {owner}: \
                         continue from that stream or table, or rename one of them",
                        topology.describe_node(id)
                    ));
                }
            }
        }
        if found.is_empty() { Ok(()) } else { Err(Error::new(ErrorKind::Topology, found.join("\n"))) }
    }

    /// The internal topics by full name, each with what it belongs to.
    fn own_topics(topology: &Topology, application_id: &str) -> Vec<(String, String)> {
        let mut own = Vec::new();
        for sub in 0..topology.sub_topology_count() as u32 {
            for (source, topics) in topology.sources_of(sub) {
                if let SourceTopics::Repartition { name, .. } = topics {
                    let owner = format!("the repartition that {} reads", topology.describe_node(source));
                    own.push((format!("{application_id}-{name}"), owner));
                }
            }
            let stores = topology.stores_of(sub).into_iter().map(|store| topology.store(store));
            for store in stores.filter(|store| store.has_changelog()) {
                let owner = format!("the store `{}` ({})", store.spec.name, store.place());
                own.push((format!("{application_id}-{}-changelog", store.spec.name), owner));
            }
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::TestDriver;
    use crate::{Materialized, StreamsBuilder, Topic};

    #[test]
    fn a_topic_that_the_application_makes_itself_is_no_input_and_no_output() {
        let builder = StreamsBuilder::new();
        let topic = |name: &'static str| Topic::<String, String>::new(name);
        let _ = builder.stream(&topic("in")).group_by_key().count_with(Materialized::named("counts"));
        builder.stream(&topic("app-counts-changelog")).to(&topic("app-counts-changelog"));
        builder.stream(&topic("other-counts-changelog")).to(&topic("out"));
        let error = TestDriver::new(&builder.build().unwrap()).err().unwrap().to_string();
        assert_eq!(error.matches("makes for the store `counts`").count(), 2, "{error}");
        assert!(error.contains("own_topics.rs:") && !error.contains("other-"), "{error}");
    }
}
