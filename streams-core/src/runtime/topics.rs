//! The topics of an application: those it needs are looked up, those it owns are created (formats 3.13).

use crate::error::{Error, ErrorKind, Result};
use crate::log::{CleanupPolicy, Log, NewTopic, TopicConfig};
use crate::runtime::config::Config;
use crate::runtime::shared::partitions_of;
use crate::task::Assignments;
use crate::topology::{InternalTopicKind, NodeKind, Topology};

/// Finds out what every task reads, and creates the internal topics that are missing. Errs if a topic of the user
/// is missing, naming it and the node, or if an internal one exists with another number of partitions.
pub(super) fn prepare(topology: &Topology, config: &Config, log: &dyn Log) -> Result<Assignments> {
    let assignments = plan(topology, config, log)?;
    check_sinks(topology, &config.application_id, log)?;
    for NewTopic { name, partitions, config } in internal(topology, config, &assignments) {
        ensure(log, &name, partitions, config)?;
    }
    warn_of_short_memory(topology, log)?;
    let dead_letters = config.errors.dead_letter_topic.as_ref().filter(|_| config.errors.uses_dead_letters());
    if let Some(topic) = dead_letters
        && log.describe_topic(topic)?.is_none()
    {
        create(log, NewTopic::new(topic, 1))?;
    }
    Ok(assignments)
}

/// The internal topics, with as many partitions as the tasks need; none for sub-topologies that have no tasks.
pub(super) fn internal(topology: &Topology, config: &Config, assignments: &Assignments) -> Vec<NewTopic> {
    let topics = topology.internal_topics_kept(config.changelog_additional_retention);
    let found = topics.into_iter().filter_map(|topic| {
        let name = topic.full_name(&config.application_id);
        let counts = match topic.kind {
            InternalTopicKind::Repartition => assignments.repartition_topics(),
            InternalTopicKind::Changelog => assignments.changelog_topics(),
        };
        let partitions = counts.get(&name).copied().filter(|partitions| *partitions > 0)?;
        Some(NewTopic::new(name, partitions).with_config(topic.config))
    });
    found.collect()
}

/// What every task reads, by the topics there are now.
pub(super) fn plan(topology: &Topology, config: &Config, log: &dyn Log) -> Result<Assignments> {
    let own = format!("{}-", config.application_id);
    let internal = |topic: &str| {
        topic.starts_with(&own) && (topic.ends_with("-changelog") || topic.ends_with("-repartition"))
    };
    let known: Vec<String> = log.list_topics()?.into_iter().filter(|topic| !internal(topic)).collect();
    let count = |topic: &str| partitions_of(log, topic);
    Assignments::of(topology, &config.application_id, &known, &count)
}

fn check_sinks(topology: &Topology, application_id: &str, log: &dyn Log) -> Result<()> {
    for sub in 0..topology.sub_topology_count() as u32 {
        for &id in topology.nodes_of(sub) {
            if let NodeKind::Sink(Some(topic)) = &topology.node(id).kind
                && !topic.internal
            {
                partitions_of(log, &topic.full_name(application_id))
                    .map_err(|e| e.context(format!("sink {}", topology.describe_node(id))))?;
            }
        }
    }
    Ok(())
}

/// A topic that is the changelog of a table has to keep what the table has.
fn warn_of_short_memory(topology: &Topology, log: &dyn Log) -> Result<()> {
    for store in (0..topology.sub_topology_count() as u32).flat_map(|sub| topology.stores_of(sub)) {
        let store = topology.store(store);
        let Some(source) = &store.source else { continue };
        let config = log.describe_topic(&source.topic)?.map(|info| info.config);
        if config.is_some_and(|config| {
            config.cleanup_policy != CleanupPolicy::Compact
                && (config.retention.is_some() || config.retention_bytes.is_some())
        }) {
            tracing::warn!(
                topic = source.topic,
                store = store.spec.name,
                "the topic of a table is its changelog, but deletes records by age or size: rows older than that \
                 cannot be restored; let the topic be compacted"
            );
        }
    }
    Ok(())
}

fn ensure(log: &dyn Log, name: &str, partitions: u32, config: TopicConfig) -> Result<()> {
    if log.describe_topic(name)?.is_none() {
        create(log, NewTopic::new(name, partitions).with_config(config))?;
    }
    match log.describe_topic(name)? {
        Some(found) if found.partitions != partitions => Err(Error::new(
            ErrorKind::Exists,
            format!(
                "internal topic {name} exists with {} partitions, but its inputs now ask for {partitions}; give \
                 the inputs their old counts, or reset the application (delete its internal topics and its state)",
                found.partitions
            ),
        )),
        Some(_) => Ok(()),
        None => Err(Error::new(
            ErrorKind::NotFound,
            format!("internal topic {name} vanished while the application was starting; start it again"),
        )),
    }
}

/// Creates a topic that another instance may be creating too.
fn create(log: &dyn Log, topic: NewTopic) -> Result<()> {
    match log.create_topics(&[topic]) {
        Err(error) if error.kind() != ErrorKind::Exists => Err(error),
        _ => Ok(()),
    }
}
