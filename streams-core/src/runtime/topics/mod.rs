//! The topics of an application: those it needs are checked, those it owns are created (formats 3.13).
//!
//! Everything is looked at before anything is created, and everything that is wrong is one error, so that nobody has
//! to start again and again to learn the next thing. Several instances may do this at the same time.

mod check;
mod found;
mod problems;
mod settings;

use crate::error::{Error, ErrorKind, Result};
use crate::log::{Log, NewTopic, TopicFix};
use crate::runtime::config::Config;
use crate::task::Assignments;
use crate::topology::{InternalTopicKind, Topology};

use check::Checked;
use found::Found;

/// Finds out what every task reads, and creates the internal topics that are missing. Errs with all that is wrong
/// with the topics there are.
pub(super) fn prepare(topology: &Topology, config: &Config, log: &dyn Log) -> Result<Assignments> {
    let found = Found::on(log);
    let mut rounds = None;
    loop {
        let Checked { assignments, missing, warnings } = check::all(topology, config, &found)?;
        let first = rounds.is_none();
        if first {
            warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        }
        // Whoever is faster creates at least one of them in each round; and there is a last look.
        let left = rounds.get_or_insert(missing.len() + 2);
        if missing.is_empty() {
            return Ok(assignments);
        }
        if *left == 0 {
            let names: Vec<&str> = missing.iter().map(|topic| topic.name.as_str()).collect();
            let message =
                format!("{} vanished while the application was starting; start it again", names.join(", "));
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        *left -= 1;
        create(log, &missing)?;
        found.forget(&missing);
    }
}

/// Looks at everything and creates nothing: what is not right but does not keep the application from starting.
pub(super) fn check(topology: &Topology, config: &Config, log: &dyn Log) -> Result<Vec<String>> {
    check::all(topology, config, &Found::on(log)).map(|checked| checked.warnings)
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
    plan_with(topology, config, &Found::on(log))
}

fn plan_with(topology: &Topology, config: &Config, found: &Found<'_>) -> Result<Assignments> {
    let count = |topic: &str| found.partitions(topic);
    Assignments::of(topology, &config.application_id, &matchable(config, found)?, &count)
}

/// The topics that a pattern of the topology may match.
fn matchable(config: &Config, found: &Found<'_>) -> Result<Vec<String>> {
    let own = format!("{}-", config.application_id);
    let internal = |topic: &str| {
        topic.starts_with(&own) && (topic.ends_with("-changelog") || topic.ends_with("-repartition"))
    };
    Ok(found.log.list_topics()?.into_iter().filter(|topic| !internal(topic)).collect())
}

/// Creates topics that another instance may be creating too. Errs with how to create them by hand.
fn create(log: &dyn Log, topics: &[NewTopic]) -> Result<()> {
    match log.create_topics(topics) {
        Ok(()) => {
            for NewTopic { name: topic, partitions, config } in topics {
                tracing::info!(topic, partitions, cleanup = %config.cleanup_policy, "topic created");
            }
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::Exists => Ok(()),
        Err(error) => {
            let mut text =
                "the application's own topics could not be created; if it may not do that itself, let \
                            somebody create them who may:"
                    .to_owned();
            for topic in topics {
                text.push_str(&format!("\n    {}", log.remedy(&TopicFix::Create(topic.clone()))));
            }
            text.push_str("\n  the reason");
            Err(Error::new(error.kind(), text).caused_by(error))
        }
    }
}
