//! Partitions come and go: opening, closing and dropping tasks.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TaskId, TopicPartition};
use crate::log::{Committed, GroupEvent};
use crate::runtime::config::OffsetReset;
use crate::runtime::coordinator::{Coordinator, LOOK, join};
use crate::runtime::gauges::Gauges;
use crate::runtime::pulse::Doing;
use crate::runtime::topics;
use crate::runtime::worker::{Bound, Command, OpenInput, OpenTask};

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
                    tracing::info!(application = %self.shared.application_id, ?partitions, "assigned");
                    self.owned.extend(partitions);
                }
                Some(GroupEvent::Revoked(partitions)) => {
                    tracing::info!(application = %self.shared.application_id, ?partitions, "revoked");
                    self.owned.retain(|partition| !partitions.contains(partition));
                    let tasks = self.tasks_reading(&partitions);
                    self.close(&tasks)?;
                }
                Some(GroupEvent::Suspended(partitions)) => {
                    tracing::info!(application = %self.shared.application_id, ?partitions, "suspended");
                    self.owned.retain(|partition| !partitions.contains(partition));
                    let tasks = self.tasks_reading(&partitions);
                    self.ask(&tasks, Command::Suspend)?;
                }
                Some(GroupEvent::Lost(partitions)) => {
                    tracing::warn!(application = %self.shared.application_id, ?partitions, "lost");
                    self.owned.retain(|partition| !partitions.contains(partition));
                    let workers: BTreeSet<usize> =
                        self.tasks_reading(&partitions).iter().map(|task| self.open[task]).collect();
                    // A worker drops all of its tasks, since they share a transaction.
                    self.lost.extend(
                        self.open.iter().filter(|(_, worker)| workers.contains(worker)).map(|(task, _)| task),
                    );
                    if !self.lost.is_empty() {
                        self.shared.forget_membership();
                    }
                    for worker in workers {
                        self.workers[worker].commands.send(Command::Reset);
                    }
                }
            }
        }
        Ok(())
    }

    /// Opens every task whose inputs are all owned and that is not open.
    pub(super) fn open_owned(&mut self) -> Result<()> {
        self.resume_owned();
        let owned = |partition: &TopicPartition| self.owned.contains(partition);
        let mut missing = Vec::new();
        for task in self.assignments.tasks() {
            let inputs = self.inputs(task);
            if !self.open.contains_key(&task) && !inputs.is_empty() && inputs.iter().all(owned) {
                missing.push((task, inputs));
            }
        }
        if missing.is_empty() {
            self.shared.gauges.set_waiting(None);
            return Ok(());
        }
        self.set_state(crate::runtime::state::AppState::Rebalancing);
        for (task, inputs) in missing {
            self.beat(Doing::Opening, Some(task));
            match self.open_task(task, &inputs) {
                // Lost meanwhile, which the next poll says; or the log has to wait for something, such as the
                // transaction of a process that died, and the group must not wait with it.
                Err(error) if matches!(error.kind(), ErrorKind::Fenced | ErrorKind::Timeout) => {
                    tracing::warn!(%task, %error, "not opened yet");
                    let what = format!("task {task} cannot be opened yet: {error}");
                    self.shared.gauges.set_waiting(Some(what));
                    self.shared.events.wakeup().ring();
                    return Ok(());
                }
                other => other?,
            }
        }
        self.shared.gauges.set_waiting(None);
        Ok(())
    }

    /// Lets suspended tasks go on whose inputs have all come back.
    fn resume_owned(&mut self) {
        let back = |task: &TaskId| self.inputs(*task).iter().all(|input| self.owned.contains(input));
        let back: BTreeSet<TaskId> = self.suspended.iter().copied().filter(back).collect();
        for task in back {
            self.suspended.remove(&task);
            if let Some(&worker) = self.open.get(&task) {
                self.workers[worker].commands.send(Command::Resume(task));
            }
        }
    }

    fn open_task(&mut self, task: TaskId, partitions: &[TopicPartition]) -> Result<()> {
        let worker = self.least_loaded()?;
        let committed = self.shared.log.committed(&self.shared.config.application_id, partitions)?;
        let mut inputs = Vec::new();
        for ((topic, partition), committed) in
            self.assignments.inputs_of(task).into_iter().zip(partitions).zip(committed)
        {
            let from = self.start_of(task, partition, committed.as_ref())?;
            tracing::debug!(%task, %partition, from, "opening");
            let wakeup = self.workers[worker].commands.wakeup();
            let reader = self.member.reader(partition, from, wakeup)?;
            let bound = match &self.bounded {
                Some(bounded) => bounded.bound(partition),
                None => Bound::Endless,
            };
            let purge = self.assignments.repartition_topics().contains_key(&topic.topic);
            inputs.push(OpenInput { topic, reader, committed, bound, purge });
        }
        let aligned_outputs = if self.shared.config.aligned_event_time {
            let (topology, id) = (&self.shared.topology, &self.shared.application_id);
            self.assignments.aligned_outputs(topology, id, task.sub_topology)
        } else {
            Vec::new()
        };
        self.workers[worker].commands.send(Command::Open(Box::new(OpenTask {
            id: task,
            inputs,
            aligned_outputs,
        })));
        self.open.insert(task, worker);
        self.restoring.insert(task);
        Ok(())
    }

    /// Where to read a partition from: what is committed, or as the setting says.
    fn start_of(
        &self,
        task: TaskId,
        partition: &TopicPartition,
        committed: Option<&Committed>,
    ) -> Result<Offset> {
        let (log, reset) = (&self.shared.log, self.shared.config.offset_reset);
        let start = log.start_offset(partition)?;
        if let Some(committed) = committed {
            if committed.offset >= start {
                return Ok(committed.offset);
            }
            tracing::warn!(
                %task, %partition, committed = committed.offset, start,
                "records behind the committed position were deleted before they were processed"
            );
        }
        match reset {
            OffsetReset::Earliest => Ok(start),
            // A repartition topic holds results of this application: none may be left out.
            _ if self.assignments.repartition_topics().contains_key(&partition.topic) => Ok(start),
            OffsetReset::Latest => log.end_offset(partition),
            OffsetReset::Fail => Err(Error::new(
                ErrorKind::OffsetOutOfRange,
                format!(
                    "task {task} has no usable committed position in {partition}, and `offset-reset` is `fail`; \
                     commit one for the group, or choose `earliest` or `latest`"
                ),
            )),
        }
    }

    fn least_loaded(&self) -> Result<usize> {
        let load = |worker: &usize| self.open.values().filter(|w| *w == worker).count();
        let able = (0..self.workers.len()).filter(|worker| !self.ended.contains(worker));
        able.min_by_key(|worker| (load(worker), *worker)).ok_or_else(|| self.stopped_early(0))
    }

    /// Commits and closes tasks; returns when it is done, or the application fails.
    pub(super) fn close(&mut self, tasks: &BTreeSet<TaskId>) -> Result<()> {
        self.ask(tasks, Command::Close)
    }

    /// Asks workers to do something with these tasks and waits for their answers.
    fn ask(&mut self, tasks: &BTreeSet<TaskId>, command: fn(Vec<TaskId>) -> Command) -> Result<()> {
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
                self.shared.events.wakeup().wait(self.shared.config.session_timeout.min(LOOK));
            }
        }
        Ok(())
    }

    /// Joins the group anew if topics have appeared, or went, that a pattern of the topology matches.
    pub(super) fn follow_topics(&mut self) -> Result<()> {
        let found = topics::plan(&self.shared.topology, &self.shared.config, &*self.shared.log)?;
        if found.subscription() == self.assignments.subscription() {
            return Ok(());
        }
        tracing::info!(application = %self.shared.application_id, "the topics that match have changed");
        let all = self.open.keys().copied().collect();
        self.close(&all)?;
        self.member.leave()?;
        self.owned.clear();
        self.assigned = false;
        self.assignments = topics::prepare(&self.shared.topology, &self.shared.config, &*self.shared.log)?;
        self.member = join(&self.shared, &self.assignments)?;
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
