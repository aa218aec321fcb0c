//! What is done now and then: deleting consumed records, looking for new topics.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::runtime::coordinator::Coordinator;
use crate::topology::SourceTopics;

impl Coordinator {
    /// Does what is due.
    pub(super) fn keep_house(&mut self) -> Result<()> {
        let config = &self.shared.config;
        if self.last_purge.elapsed() >= config.repartition_purge_interval {
            self.purge();
        }
        if self.follows_patterns()
            && self.last_topic_check.elapsed() >= self.shared.config.topic_check_interval
        {
            self.last_topic_check = Instant::now();
            self.follow_topics()?;
        }
        Ok(())
    }

    /// Time until something is due.
    pub(super) fn until_due(&self) -> Duration {
        let config = &self.shared.config;
        let purge = config.repartition_purge_interval.saturating_sub(self.last_purge.elapsed());
        if self.follows_patterns() {
            purge.min(config.topic_check_interval.saturating_sub(self.last_topic_check.elapsed()))
        } else {
            purge
        }
    }

    /// Deletes the records of repartition topics that are processed and committed.
    pub(super) fn purge(&mut self) {
        self.last_purge = Instant::now();
        let below = self.shared.gauges.take_purgeable();
        if below.is_empty() {
            return;
        }
        // Nothing is wrong if they stay: they are deleted the next time.
        if let Err(error) = self.shared.log.delete_records(&below) {
            tracing::warn!(%error, "consumed records of repartition topics were not deleted");
            for (partition, offset) in &below {
                self.shared.gauges.purge_below(partition, *offset);
            }
        }
    }

    fn follows_patterns(&self) -> bool {
        let topology = &self.shared.topology;
        let pattern = |sub| topology.sources_of(sub).any(|(_, s)| matches!(s, SourceTopics::Pattern(_)));
        self.bounded.is_none() && (0..topology.sub_topology_count() as u32).any(pattern)
    }
}
