//! What is done now and then: deleting consumed records, looking for new topics, trying again what failed.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::error::{ErrorKind, Result};
use crate::runtime::coordinator::{Bounded, Coordinator, Event};
use crate::runtime::listed::Listed;
use crate::runtime::shared::Shared;
use crate::runtime::topics;
use crate::task::Assignments;
use crate::topology::SourceTopics;

impl Coordinator {
    /// Does what is due.
    pub(super) fn keep_house(&mut self) -> Result<()> {
        let config = &self.shared.config;
        if self.last_purge.elapsed() >= config.repartition_purge_interval {
            self.purge()?;
        }
        if self.commit_after.is_some_and(|after| Instant::now() >= after) {
            self.commit_waiting()?;
        }
        if self.follows_patterns()
            && self.last_topic_check.elapsed() >= self.shared.config.topic_check_interval
        {
            self.last_topic_check = Instant::now();
            self.look_for_topics()?;
        }
        match self.planned.take() {
            Some(found) => self.planned(found),
            None => Ok(()),
        }
    }

    /// Time until something is due.
    pub(super) fn until_due(&self) -> Duration {
        let config = &self.shared.config;
        let mut due = config.repartition_purge_interval.saturating_sub(self.last_purge.elapsed());
        if self.follows_patterns() {
            due = due.min(config.topic_check_interval.saturating_sub(self.last_topic_check.elapsed()));
        }
        let ends = self.bounded.as_ref().and_then(Bounded::due);
        for after in self.open_after.iter().chain(&self.commit_after).chain(&ends) {
            due = due.min(after.saturating_duration_since(Instant::now()));
        }
        due
    }

    /// Has the records of repartition topics deleted that are processed and committed.
    pub(super) fn purge(&mut self) -> Result<()> {
        self.last_purge = Instant::now();
        let below = self.shared.gauges.take_purgeable();
        if below.is_empty() {
            return Ok(());
        }
        let (log, shared): (_, Weak<Shared>) = (Arc::clone(&self.shared.log), Arc::downgrade(&self.shared));
        self.house.send("deleting consumed records of repartition topics", move || {
            // Nothing is wrong if they stay: they are deleted the next time.
            if let Err(error) = log.delete_records(&below) {
                let partitions = Listed(below.iter().map(|(partition, _)| partition));
                tracing::warn!(%partitions, %error, "consumed records of repartition topics were not deleted");
                if let Some(shared) = shared.upgrade() {
                    for (partition, offset) in &below {
                        shared.gauges.purge_below(partition, *offset);
                    }
                }
            }
        })
    }

    fn look_for_topics(&mut self) -> Result<()> {
        let shared: Weak<Shared> = Arc::downgrade(&self.shared);
        let known = self.assignments.subscription();
        self.house.send("looking for topics that match", move || {
            if let Some(shared) = shared.upgrade() {
                let (topology, config, log) = (&shared.topology, &shared.config, &*shared.log);
                let found = match topics::plan(topology, config, log) {
                    // What the tasks need is there before they are closed.
                    Ok(found) if found.subscription() != known => topics::prepare(topology, config, log),
                    found => found,
                };
                shared.events.send(Event::Planned(found));
            }
        })
    }

    fn planned(&mut self, found: Result<Assignments>) -> Result<()> {
        match found {
            Ok(found) => self.follow_topics(found),
            // It is looked again; a topic that is being made or deleted may be known to one broker only.
            Err(error) if matches!(error.kind(), ErrorKind::Timeout | ErrorKind::NotFound) => {
                tracing::warn!(%error, "the topics that match were not looked up");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn follows_patterns(&self) -> bool {
        let topology = &self.shared.topology;
        let pattern = |sub| topology.sources_of(sub).any(|(_, s)| matches!(s, SourceTopics::Pattern(_)));
        self.bounded.is_none() && (0..topology.sub_topology_count() as u32).any(pattern)
    }
}
