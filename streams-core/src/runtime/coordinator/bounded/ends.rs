//! Looking up where the topics end that the topology writes itself.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::ids::{Offset, TaskId, TopicPartition};
use crate::runtime::coordinator::bounded::{Bounded, Phase};
use crate::runtime::coordinator::{Coordinator, Event};
use crate::runtime::shared::Shared;
use crate::runtime::worker::{Command, may_pass};

/// Pause before ends are looked up again that could not be.
const PAUSE: Duration = Duration::from_millis(100);

impl Coordinator {
    /// Has the ends looked up of topics that the application writes itself; whether there are any.
    pub(super) fn look_up_ends(&self, bounded: &Bounded, section: usize, tasks: &[TaskId]) -> Result<bool> {
        let open = |partition: &TopicPartition| bounded.flow.is_written(&partition.topic);
        let partitions: Vec<TopicPartition> =
            tasks.iter().flat_map(|task| self.inputs(*task)).filter(open).collect();
        if partitions.is_empty() {
            return Ok(false);
        }
        let version = bounded.version;
        let (log, shared): (_, Weak<Shared>) = (Arc::clone(&self.shared.log), Arc::downgrade(&self.shared));
        self.look_ups.send("looking up where the input ends", move || {
            // What was committed lies before it, although readers may not see it yet.
            let end = |partition: TopicPartition| log.written_offset(&partition).map(|end| (partition, end));
            let ends: Result<Vec<_>> = partitions.into_iter().map(end).collect();
            if let Some(shared) = shared.upgrade() {
                shared.events.send(Event::Ends { version, section, ends });
            }
        })?;
        Ok(true)
    }

    /// Tells the workers how far to read, and begins another round if that is further than before.
    pub(in crate::runtime::coordinator) fn found_ends(
        &mut self,
        version: u32,
        section: usize,
        ends: Result<Vec<(TopicPartition, Offset)>>,
    ) -> Result<()> {
        // They may have been asked for when less was known.
        let current = |bounded: &mut Bounded| bounded.version == version;
        let Some(mut bounded) = self.bounded.take_if(current) else { return Ok(()) };
        let result = self.follow_ends(&mut bounded, section, ends);
        self.bounded = Some(bounded);
        result
    }

    fn follow_ends(
        &mut self,
        bounded: &mut Bounded,
        section: usize,
        ends: Result<Vec<(TopicPartition, Offset)>>,
    ) -> Result<()> {
        let ends = match ends {
            Ok(ends) => ends,
            Err(error) if may_pass(&error) => {
                tracing::warn!(%error, "where the input ends is not known yet");
                bounded.sections[section].phase = Phase::Due(Instant::now() + PAUSE);
                return Ok(());
            }
            Err(error) => return Err(error.context("looking up where the input ends")),
        };
        let (mut known, mut records) = (true, 0);
        for (partition, end) in ends {
            let before = bounded.ends.insert(partition.clone(), end);
            if before == Some(end) {
                continue;
            }
            known = false;
            records += before.map_or(0, |before| end.saturating_sub(before).max(0) as u64);
            for (task, &worker) in &self.open {
                if self.inputs(*task).contains(&partition) {
                    bounded.drained.remove(task);
                    let bound = Command::Bound(*task, partition.topic.clone(), end);
                    self.workers[worker].commands.send(bound);
                }
            }
        }
        if known {
            bounded.sections[section].phase = bounded.after_rounds(section);
            return Ok(());
        }
        let progress = &mut bounded.sections[section];
        progress.grew = true;
        progress.phase = Phase::Draining;
        if records > 0 && !progress.rounds.goes_on(records) {
            return Err(self.endless(bounded, section, records));
        }
        Ok(())
    }
}
