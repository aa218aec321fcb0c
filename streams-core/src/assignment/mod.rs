//! Who runs which task: the decision, apart from how a group agrees on it.
//!
//! An [`Assignor`] is a function of what the members and tasks of a group are, so that every member that asks gets the
//! same answer, and tests need no group. A log that divides work itself calls one (the embedded log); groups of Apache
//! Kafka have assignors of their own. What an assignor does not know, it must do without: see the fields.

mod range;
mod sticky;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use range::RangeAssignor;
pub use sticky::StickyAssignor;

use crate::ids::{TaskId, TopicPartition};

/// Decides which member runs which task.
///
/// The answer may depend on what is in the group and on nothing else: not on the order of members or tasks, on time or on chance.
/// Every task that some member may run (it is subscribed to all topics of the task's inputs) gets exactly one owner,
/// and no other task gets one. A standby of a task is another member than its owner, and may run it too.
pub trait Assignor: Send + Sync + fmt::Debug {
    /// Its name, for messages.
    fn name(&self) -> &'static str;

    /// The owner of every task, and the members that keep a copy of its state.
    fn assign(&self, group: &GroupView) -> Assignment;
}

/// A group as an assignor sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupView {
    /// Its members, with different ids.
    pub members: Vec<MemberView>,
    /// The tasks there are, with different ids.
    pub tasks: Vec<TaskView>,
}

/// A member as an assignor sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberView {
    /// Its id; the name of its instance if it is a static member. Members are ordered by it.
    pub id: String,
    /// The topics that it is subscribed to.
    pub topics: BTreeSet<String>,
    /// The tasks that it runs now.
    pub owned: BTreeSet<TaskId>,
    /// The tasks whose state it keeps a copy of now.
    pub standbys: BTreeSet<TaskId>,
    /// How many changelog records its copy of a task's state is behind; tasks that are not named have no copy here.
    /// Empty if nobody knows.
    pub lags: BTreeMap<TaskId, u64>,
}

/// A task as an assignor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskView {
    /// Its id. Tasks of one sub-topology are alike.
    pub id: TaskId,
    /// The partitions that it reads, which its owner has to get together.
    pub inputs: Vec<TopicPartition>,
    /// Whether it has state, so that moving it costs a restore, and a standby is of use. A log that does not know
    /// says so of all.
    pub has_state: bool,
}

/// What an assignor decided, for each member by its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment {
    /// What each member gets; members without a task are left out.
    pub members: BTreeMap<String, Share>,
}

/// What one member gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// The tasks that it is to run.
    pub owned: BTreeSet<TaskId>,
    /// The tasks whose state it is to keep a copy of. Empty with the assignors here.
    pub standbys: BTreeSet<TaskId>,
}

impl Assignment {
    /// The member that is to run `task`.
    pub fn owner(&self, task: TaskId) -> Option<&str> {
        let share = self.members.iter().find(|(_, share)| share.owned.contains(&task));
        share.map(|(member, _)| member.as_str())
    }

    fn give(&mut self, task: TaskId, member: &str) {
        self.members.entry(member.to_owned()).or_default().owned.insert(task);
    }
}

/// The tasks of one sub-topology in order, and the members that may run all of them, by their ids.
struct Family<'a> {
    tasks: Vec<TaskId>,
    members: Vec<&'a MemberView>,
}

impl GroupView {
    /// The tasks put together by sub-topology and by who may run them.
    fn families(&self) -> Vec<Family<'_>> {
        let mut tasks: BTreeMap<u32, Vec<&TaskView>> = BTreeMap::new();
        for task in &self.tasks {
            tasks.entry(task.id.sub_topology).or_default().push(task);
        }
        let mut members: Vec<&MemberView> = self.members.iter().collect();
        members.sort_by(|a, b| a.id.cmp(&b.id));
        let family = |mut tasks: Vec<&TaskView>| {
            tasks.sort_by_key(|task| task.id);
            let topics: BTreeSet<&str> =
                tasks.iter().flat_map(|task| &task.inputs).map(|input| input.topic.as_str()).collect();
            let able = |member: &&&MemberView| topics.iter().all(|topic| member.topics.contains(*topic));
            let members = members.iter().filter(able).copied().collect();
            Family { tasks: tasks.iter().map(|task| task.id).collect(), members }
        };
        tasks.into_values().map(family).collect()
    }
}

#[cfg(test)]
mod tests;
