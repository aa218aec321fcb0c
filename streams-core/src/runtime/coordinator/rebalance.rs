//! Partitions come and go: closing, suspending and dropping tasks.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::error::Result;
use crate::ids::{TaskId, TopicPartition};
use crate::log::GroupEvent;
use crate::runtime::coordinator::{Coordinator, LOOK, join};
use crate::runtime::gauges::Gauges;
use crate::runtime::listed::Listed;
use crate::runtime::pulse::Doing;
use crate::runtime::worker::{Command, may_pass};
use crate::task::Assignments;

/// Pause before joining the group is tried again.
const PAUSE: Duration = Duration::from_millis(500);

impl Coordinator {
    /// Asks the group for changes and follows them.
    pub(super) fn poll_group(&mut self) -> Result<()> {
        while self.failure.is_none() {
            let event = self.member.poll()?;
            let membership = self.member.metadata();
            self.assigned |= event.is_some() || membership.generation > 0;
            // What was lost and is not dropped yet must not be committed by a member that has come back.
            if self.lost.is_empty() && !matches!(event, Some(GroupEvent::Lost(_))) {
                self.shared.set_membership(membership);
            }
            if matches!(event, Some(GroupEvent::Assigned(_) | GroupEvent::Revoked(_) | GroupEvent::Lost(_))) {
                Gauges::add(&self.shared.gauges.rebalances, 1);
            }
            match event {
                None => return Ok(()),
                Some(GroupEvent::Assigned(partitions)) => {
                    tracing::info!(partitions = %Listed(&partitions), "partitions assigned");
                    self.owned.extend(partitions);
                }
                Some(GroupEvent::Revoked(partitions)) => {
                    tracing::info!(partitions = %Listed(&partitions), "partitions revoked");
                    self.owned.retain(|partition| !partitions.contains(partition));
                    self.forget_opening(&partitions);
                    let tasks = self.tasks_reading(&partitions);
                    self.close(&tasks)?;
                    self.forget_positions(&partitions);
                }
                Some(GroupEvent::Suspended(partitions)) => {
                    tracing::info!(partitions = %Listed(&partitions), "partitions suspended");
                    self.owned.retain(|partition| !partitions.contains(partition));
                    self.forget_opening(&partitions);
                    let tasks = self.tasks_reading(&partitions);
                    self.ask(&tasks, Command::Suspend)?;
                }
                Some(GroupEvent::Lost(partitions)) => {
                    tracing::warn!(partitions = %Listed(&partitions), "partitions lost");
                    self.owned.retain(|partition| !partitions.contains(partition));
                    self.forget_opening(&partitions);
                    self.forget_positions(&partitions);
                    let workers: BTreeSet<usize> =
                        self.tasks_reading(&partitions).iter().map(|task| self.open[task]).collect();
                    self.drop_tasks(workers);
                }
            }
        }
        Ok(())
    }

    /// Has these workers drop their tasks, all of them, since they share a transaction. Nothing is committed before.
    pub(super) fn drop_tasks(&mut self, workers: BTreeSet<usize>) {
        self.lost
            .extend(self.open.iter().filter(|(_, worker)| workers.contains(worker)).map(|(task, _)| task));
        if !self.lost.is_empty() {
            self.shared.forget_membership();
        }
        for worker in workers {
            self.workers[worker].commands.send(Command::Reset);
        }
    }

    /// Lets suspended tasks go on whose inputs have all come back.
    pub(super) fn resume_owned(&mut self) {
        let back = |task: &TaskId| self.inputs(*task).iter().all(|input| self.owned.contains(input));
        let back: BTreeSet<TaskId> = self.suspended.iter().copied().filter(back).collect();
        for task in back {
            self.suspended.remove(&task);
            if let Some(&worker) = self.open.get(&task) {
                self.workers[worker].commands.send(Command::Resume(task));
            }
        }
    }

    /// Commits and closes tasks; returns when it is done, or the application fails.
    pub(super) fn close(&mut self, tasks: &BTreeSet<TaskId>) -> Result<()> {
        self.ask(tasks, Command::Close)
    }

    /// Asks workers to do something with these tasks and waits for their answers.
    fn ask(&mut self, tasks: &BTreeSet<TaskId>, command: fn(Vec<TaskId>) -> Command) -> Result<()> {
        // What a process that stood still has in hand is dropped before it can be committed.
        self.tick();
        for worker in 0..self.workers.len() {
            let its: Vec<TaskId> = tasks.iter().copied().filter(|task| self.open[task] == worker).collect();
            if !its.is_empty() {
                self.closing.extend(its.iter().copied());
                self.workers[worker].commands.send(command(its));
            }
        }
        self.show_state();
        while !self.closing.is_empty() && self.failure.is_none() {
            self.take_events()?;
            self.beat(Doing::Waiting, None);
            self.shared.vitals.watch(&mut self.stuck);
            if !self.closing.is_empty() {
                self.shared.events.wakeup().wait((self.shared.config.session_timeout / 3).min(LOOK));
                self.tick();
            }
        }
        Ok(())
    }

    /// Joins the group anew if topics have appeared, or went, that a pattern of the topology matches.
    pub(super) fn follow_topics(&mut self, found: Assignments) -> Result<()> {
        if found.subscription() == self.assignments.subscription() {
            return Ok(());
        }
        tracing::info!("the topics that match have changed");
        // First, so that no task is opened while the others are closed.
        self.opening.clear();
        let all = self.open.keys().copied().collect();
        self.close(&all)?;
        self.member.leave()?;
        self.owned.clear();
        self.positions.clear();
        self.assigned = false;
        self.assignments = found;
        while !self.stop && self.failure.is_none() {
            match join(&self.shared, &self.assignments) {
                Ok(member) => {
                    self.member = member;
                    break;
                }
                Err(error) if may_pass(&error) => {
                    tracing::warn!(%error, "not joined yet");
                    self.beat(Doing::Waiting, None);
                    self.shared.events.wakeup().wait(PAUSE);
                    self.tick();
                    self.take_events()?;
                }
                Err(error) => return Err(error),
            }
        }
        self.shared.events.wakeup().ring();
        Ok(())
    }

    pub(super) fn inputs(&self, task: TaskId) -> Vec<TopicPartition> {
        let inputs = self.assignments.inputs_of(task).into_iter();
        inputs.map(|input| TopicPartition::new(input.topic, task.partition)).collect()
    }

    fn tasks_reading(&self, partitions: &[TopicPartition]) -> BTreeSet<TaskId> {
        let reads = |task: &&TaskId| self.inputs(**task).iter().any(|input| partitions.contains(input));
        self.open.keys().filter(reads).copied().collect()
    }
}
