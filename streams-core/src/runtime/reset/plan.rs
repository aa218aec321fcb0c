//! What a reset is going to do: looking up, changing nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use regex_lite::Regex;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TopicPartition};
use crate::log::{Committed, Log, Wakeup};
use crate::runtime::config::Config;
use crate::runtime::reset::{PositionReset, ResetPlan, ResetTo, state};
use crate::topology::{SourceTopics, Topology};

/// How long to wait for transactions of processes that died.
const DECIDED: Duration = Duration::from_secs(60);

pub(in crate::runtime) fn plan(
    topology: &Topology,
    config: &Config,
    log: &Arc<dyn Log>,
    to: &ResetTo,
) -> Result<ResetPlan> {
    config.check()?;
    let internal: Vec<String> = topology
        .internal_topics_kept(config.changelog_additional_retention)
        .iter()
        .map(|topic| topic.full_name(&config.application_id))
        .collect();
    let mut topics = Vec::new();
    for name in &internal {
        if let Some(found) = log.describe_topic(name)? {
            topics.push((name.clone(), found.partitions));
        }
    }
    let partitions = inputs(topology, &**log, &internal)?;
    if let ResetTo::Offsets(given) = to
        && let Some(other) = given.keys().find(|partition| !partitions.contains(partition))
    {
        let message = format!(
            "partition {other} is no input of application `{}`; there are {}",
            config.application_id,
            partitions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    let committed = committed(&**log, &config.application_id, &partitions)?;
    let mut positions = Vec::new();
    for (partition, committed) in partitions.into_iter().zip(committed) {
        let to = target(&**log, &partition, to)?;
        positions.push(PositionReset { partition, from: committed.map(|committed| committed.offset), to });
    }
    let state = state::folder(config)?;
    Ok(ResetPlan { log: Arc::clone(log), config: config.clone(), positions, topics, state })
}

/// Every partition of the user's topics that exist and are read.
fn inputs(topology: &Topology, log: &dyn Log, internal: &[String]) -> Result<Vec<TopicPartition>> {
    let mut topics: BTreeSet<String> = BTreeSet::new();
    for sub in 0..topology.sub_topology_count() as u32 {
        for (_, source) in topology.sources_of(sub) {
            match source {
                SourceTopics::Names(names) => topics.extend(names.iter().cloned()),
                SourceTopics::Pattern(pattern) => {
                    let pattern = Regex::new(&format!("^(?:{pattern})$")).map_err(|e| {
                        Error::new(ErrorKind::Topology, format!("`{pattern}` is no regular expression"))
                            .caused_by(e)
                    })?;
                    let names = log.list_topics()?.into_iter();
                    topics.extend(names.filter(|name| pattern.is_match(name) && !internal.contains(name)));
                }
                SourceTopics::Repartition { .. } => {}
            }
        }
    }
    let mut partitions = Vec::new();
    for topic in topics {
        let count = log.describe_topic(&topic)?.map_or(0, |found| found.partitions);
        partitions.extend((0..count).map(|number| TopicPartition::new(topic.clone(), number)));
    }
    Ok(partitions)
}

/// What is committed, once no transaction can change it any more.
fn committed(log: &dyn Log, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<Committed>>> {
    let (until, pause) = (Instant::now() + DECIDED, Wakeup::new());
    loop {
        match log.committed(group, partitions) {
            Err(error) if error.kind() == ErrorKind::Timeout && Instant::now() < until => {
                pause.wait(Duration::from_millis(100));
            }
            other => return other,
        }
    }
}

fn target(log: &dyn Log, partition: &TopicPartition, to: &ResetTo) -> Result<Offset> {
    match to {
        ResetTo::Earliest => log.start_offset(partition),
        ResetTo::Latest => log.end_offset(partition),
        ResetTo::Timestamp(timestamp) => log.offset_at(partition, *timestamp),
        ResetTo::Offsets(given) => {
            let (start, end) = (log.start_offset(partition)?, log.end_offset(partition)?);
            Ok(given.get(partition).map_or(start, |offset| (*offset).clamp(start, end)))
        }
    }
}
