//! Running to the end of the input: what is to be read, what is drained, and closing windows from upstream to
//! downstream.
//!
//! The ends of the user's topics are taken once, at the start. A topic that the topology writes itself ends where its
//! writers have left it when they have finished. Where records come back to those that write them, it ends where they
//! are when all have processed what there is and nothing new has come of it: in rounds, each of which reads up to
//! where the topics were at its beginning. A task is finished once all of its input is processed and committed; what
//! that puts out is committed with the progress of its operators, so that a run that is killed and started again
//! closes no window twice.

mod ends;
mod rounds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TaskId, TopicPartition};
use crate::runtime::coordinator::Coordinator;
use crate::runtime::shared::Shared;
use crate::runtime::worker::{Bound, Command};
use crate::task::{Assignments, Flow};
use rounds::Rounds;

pub(in crate::runtime) struct Bounded {
    flow: Arc<Flow>,
    /// Topics that are read, and that sinks of these sub-topologies have chosen so far.
    chosen: BTreeSet<(u32, String)>,
    /// How often it has become known that there are more of them.
    version: u32,
    /// How far each section of the flow is.
    sections: Vec<Progress>,
    ends: BTreeMap<TopicPartition, Offset>,
    /// Tasks that have processed and committed what lies before the ends.
    drained: BTreeSet<TaskId>,
    /// Tasks that were asked to close the windows of their section's stage, and those that have.
    finishing: BTreeSet<TaskId>,
    finished: BTreeSet<TaskId>,
    /// Since when partitions are missing.
    incomplete: Option<Instant>,
}

struct Progress {
    phase: Phase,
    /// Stages that have closed their windows, the last one perhaps to do it again.
    closed: usize,
    /// Whether something came of what was closed last.
    grew: bool,
    rounds: Rounds,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// For the sections upstream to be done.
    Waiting,
    /// The ends of inputs are to be looked up, not before this.
    Due(Instant),
    /// They are being looked up.
    LookingUp,
    /// Tasks read up to the ends.
    Draining,
    /// Tasks close their windows.
    Closing,
    Done,
}

impl Bounded {
    pub(super) fn new(shared: &Shared, assignments: &Assignments) -> Result<Self> {
        let flow = Arc::clone(assignments.flow());
        let mut ends = BTreeMap::new();
        for task in assignments.tasks() {
            for input in assignments.inputs_of(task) {
                if !flow.is_written(&input.topic) {
                    let partition = TopicPartition::new(input.topic, task.partition);
                    let end = shared.log.written_offset(&partition)?;
                    ends.insert(partition, end);
                }
            }
        }
        Ok(Bounded {
            sections: flow.sections.iter().map(|_| Progress::new()).collect(),
            flow,
            chosen: BTreeSet::new(),
            version: 0,
            ends,
            drained: BTreeSet::new(),
            finishing: BTreeSet::new(),
            finished: BTreeSet::new(),
            incomplete: None,
        })
    }

    /// How far to read a partition, as far as it is known.
    pub(super) fn bound(&self, partition: &TopicPartition) -> Bound {
        self.ends.get(partition).map_or(Bound::Unknown, |end| Bound::At(*end))
    }

    pub(super) fn drained(&mut self, task: TaskId) {
        self.drained.insert(task);
    }

    pub(super) fn finished(&mut self, tasks: &[TaskId]) {
        for task in tasks {
            self.finishing.remove(task);
            self.finished.insert(*task);
        }
    }

    /// The task was closed, and what was not committed is lost.
    pub(super) fn forget(&mut self, task: TaskId) {
        self.drained.remove(&task);
        self.finishing.remove(&task);
    }

    /// When something is to be tried again.
    pub(super) fn due(&self) -> Option<Instant> {
        let due = |progress: &Progress| match progress.phase {
            Phase::Due(at) => Some(at),
            _ => None,
        };
        self.sections.iter().filter_map(due).min()
    }

    /// Everything that comes of what was closed so far is processed.
    fn after_rounds(&mut self, at: usize) -> Phase {
        let (stages, progress) = (&self.flow.sections[at].stages, &mut self.sections[at]);
        // New windows may have come of those that were closed.
        if progress.grew && progress.closed > 0 && stages[progress.closed - 1].circular {
            progress.closed -= 1;
        } else {
            progress.rounds = Rounds::default();
        }
        if progress.closed == stages.len() {
            return Phase::Done;
        }
        let subs = &self.flow.sections[at].subs;
        self.finished.retain(|task| !subs.contains(&task.sub_topology));
        Phase::Closing
    }
}

impl Progress {
    fn new() -> Self {
        Progress { phase: Phase::Waiting, closed: 0, grew: false, rounds: Rounds::default() }
    }
}

impl Coordinator {
    /// Goes on to what is due next in a bounded run; whether everything is done.
    pub(super) fn advance_bounded(&mut self) -> Result<bool> {
        let Some(mut bounded) = self.bounded.take() else { return Ok(false) };
        let result = self.advance(&mut bounded);
        self.bounded = Some(bounded);
        result
    }

    fn advance(&mut self, bounded: &mut Bounded) -> Result<bool> {
        let all = self.assignments.tasks();
        self.check_complete(bounded, &all)?;
        self.follow_sinks(bounded);
        let flow = Arc::clone(&bounded.flow);
        for (at, section) in flow.sections.iter().enumerate() {
            let own = |task: &&TaskId| section.subs.contains(&task.sub_topology);
            let tasks: Vec<TaskId> = all.iter().filter(own).copied().collect();
            self.advance_section(bounded, at, &tasks)?;
        }
        Ok(bounded.sections.iter().all(|progress| progress.phase == Phase::Done))
    }

    /// Begins anew, from what was read so far, if sinks have chosen topics that the application reads.
    fn follow_sinks(&self, bounded: &mut Bounded) {
        let read: BTreeSet<String> = self.assignments.subscription().into_iter().flatten().collect();
        let (topology, id) = (&self.shared.topology, &self.shared.application_id);
        let named = |sub: u32, topic: &str| topology.sinks_of(sub).any(|sink| sink.full_name(id) == topic);
        let mut chosen = self.shared.gauges.written();
        chosen.retain(|(sub, topic)| read.contains(topic) && !named(*sub, topic));
        if chosen == bounded.chosen {
            return;
        }
        bounded.flow = Arc::new(self.assignments.find_flow(topology, id, &chosen));
        bounded.sections = bounded.flow.sections.iter().map(|_| Progress::new()).collect();
        bounded.chosen = chosen;
        bounded.version += 1;
    }

    fn advance_section(&mut self, bounded: &mut Bounded, at: usize, tasks: &[TaskId]) -> Result<()> {
        let flow = Arc::clone(&bounded.flow);
        let section = &flow.sections[at];
        loop {
            let phase = bounded.sections[at].phase;
            bounded.sections[at].phase = match phase {
                Phase::Waiting => {
                    let done = |other: &usize| bounded.sections[*other].phase == Phase::Done;
                    if !section.upstream.iter().all(done) {
                        return Ok(());
                    }
                    Phase::Due(Instant::now())
                }
                Phase::Due(at) if Instant::now() < at => return Ok(()),
                Phase::Due(_) => {
                    if self.look_up_ends(bounded, at, tasks)? {
                        Phase::LookingUp
                    } else {
                        Phase::Draining
                    }
                }
                Phase::Draining if tasks.iter().all(|task| bounded.drained.contains(task)) => {
                    // What they have written may come back to them.
                    if section.inner.is_empty() {
                        bounded.after_rounds(at)
                    } else {
                        Phase::Due(Instant::now())
                    }
                }
                Phase::Closing => {
                    if !tasks.iter().all(|task| bounded.finished.contains(task)) {
                        self.finish(bounded, at, tasks);
                        return Ok(());
                    }
                    bounded.sections[at].closed += 1;
                    bounded.sections[at].grew = false;
                    if section.inner.is_empty() {
                        bounded.after_rounds(at)
                    } else {
                        Phase::Due(Instant::now())
                    }
                }
                Phase::LookingUp | Phase::Draining | Phase::Done => return Ok(()),
            };
        }
    }

    /// Asks the workers to close the windows of the section's next stage.
    fn finish(&mut self, bounded: &mut Bounded, at: usize, tasks: &[TaskId]) {
        let stage = &bounded.flow.sections[at].stages[bounded.sections[at].closed];
        for (index, worker) in self.workers.iter().enumerate() {
            // One that was dropped meanwhile has to come to the end of its input again.
            let due = |task: &&TaskId| {
                !bounded.finished.contains(task)
                    && !bounded.finishing.contains(task)
                    && bounded.drained.contains(task)
                    && self.open.get(task) == Some(&index)
            };
            let its: Vec<TaskId> = tasks.iter().filter(due).copied().collect();
            if !its.is_empty() {
                bounded.finishing.extend(its.iter().copied());
                worker.commands.send(Command::Finish(its, Arc::clone(&stage.nodes)));
            }
        }
    }

    /// A bounded run needs every task: it cannot know what others have finished.
    fn check_complete(&mut self, bounded: &mut Bounded, all: &[TaskId]) -> Result<()> {
        let owned = |task: &TaskId| self.inputs(*task).iter().all(|input| self.owned.contains(input));
        let missing: Vec<String> = all.iter().filter(|task| !owned(task)).map(ToString::to_string).collect();
        if missing.is_empty() {
            bounded.incomplete = None;
            return Ok(());
        }
        // A member that died without leaving keeps its partitions for a session timeout.
        let patience = self.shared.config.session_timeout * 2 + Duration::from_secs(5);
        if bounded.incomplete.get_or_insert_with(Instant::now).elapsed() < patience {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Timeout,
            format!(
                "another process of the application {} has the tasks {}: a bounded run needs all of them; stop it first",
                self.shared.application_id,
                missing.join(", ")
            ),
        ))
    }
}
