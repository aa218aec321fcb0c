//! Without transactions, the coordinator commits the workers' positions, whose outputs are in the log by then.
//!
//! What the group does not take because its coordinator is away is kept and committed later. What it refuses is left
//! to those who own the partitions now, who process these records again.

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::TopicPartition;
use crate::log::Committed;
use crate::runtime::coordinator::Coordinator;
use crate::runtime::listed::Listed;

/// Pause before a commit is tried again.
const PAUSE: Duration = Duration::from_millis(500);

impl Coordinator {
    /// Commits these positions, and those that wait.
    pub(super) fn commit_positions(&mut self, positions: Vec<(TopicPartition, Committed)>) -> Result<()> {
        // What a worker is about to drop may belong to others by now, and go backwards.
        let lost =
            |partition: &TopicPartition| self.lost.iter().any(|task| self.inputs(*task).contains(partition));
        let known: Vec<_> = positions.into_iter().filter(|(partition, _)| !lost(partition)).collect();
        self.positions.extend(known);
        self.commit_waiting()
    }

    /// Commits positions that wait.
    pub(super) fn commit_waiting(&mut self) -> Result<()> {
        self.commit_after = None;
        if self.positions.is_empty() {
            return Ok(());
        }
        let positions: Vec<_> = self.positions.clone().into_iter().collect();
        match self.member.commit(&positions) {
            Ok(()) => self.committed_positions(&positions),
            // One that is refused is no reason to forget the others, whose records would be processed again.
            Err(error) if error.is_fenced() && positions.len() > 1 => {
                tracing::debug!(%error, "committing positions one by one");
                return self.commit_each(&positions);
            }
            Err(error) => return self.not_committed(&positions, error),
        }
        Ok(())
    }

    fn commit_each(&mut self, positions: &[(TopicPartition, Committed)]) -> Result<()> {
        for position in positions.chunks(1) {
            match self.member.commit(position) {
                Ok(()) => self.committed_positions(position),
                Err(error) => self.not_committed(position, error)?,
            }
            if self.commit_after.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn committed_positions(&mut self, positions: &[(TopicPartition, Committed)]) {
        let repartition = self.assignments.repartition_topics();
        for (partition, committed) in positions {
            self.positions.remove(partition);
            if repartition.contains_key(&partition.topic) {
                self.shared.gauges.purge_below(partition, committed.offset);
            }
        }
    }

    fn not_committed(&mut self, positions: &[(TopicPartition, Committed)], error: Error) -> Result<()> {
        let partitions = Listed(positions.iter().map(|(partition, _)| partition));
        match error.kind() {
            ErrorKind::Fenced => {
                tracing::warn!(%partitions, %error, "positions were not committed");
                self.positions
                    .retain(|partition, _| !positions.iter().any(|(refused, _)| refused == partition));
            }
            ErrorKind::Timeout => {
                tracing::warn!(%partitions, %error, "positions are not committed yet");
                self.commit_after = Some(Instant::now() + PAUSE);
            }
            _ => return Err(error.context(format!("committing the positions of {partitions}"))),
        }
        Ok(())
    }

    /// These partitions go to others, with the positions that are committed.
    pub(super) fn forget_positions(&mut self, partitions: &[TopicPartition]) {
        self.positions.retain(|partition, _| !partitions.contains(partition));
    }
}
