//! Ranges: what Kafka's assignor of that name does.

use crate::assignment::{Assignment, Assignor, GroupView};

/// Gives the tasks of every sub-topology out in ranges: the first member gets the first of them, and so on, each
/// equally many, and those who come first one more where they do not divide.
///
/// It is what Kafka's `range` does for topics that are read together, and where their partition counts differ, the
/// largest decides for the others. It looks at nothing else: tasks may move although they need not, members that come
/// first get more of every sub-topology, and there are no standbys.
#[derive(Debug, Clone, Copy, Default)]
pub struct RangeAssignor;

impl Assignor for RangeAssignor {
    fn name(&self) -> &'static str {
        "range"
    }

    fn assign(&self, group: &GroupView) -> Assignment {
        let mut assignment = Assignment::default();
        for family in group.families().iter().filter(|family| !family.members.is_empty()) {
            let (share, more) =
                (family.tasks.len() / family.members.len(), family.tasks.len() % family.members.len());
            let mut tasks = family.tasks.iter();
            for (index, member) in family.members.iter().enumerate() {
                let count = share + usize::from(index < more);
                tasks.by_ref().take(count).for_each(|task| assignment.give(*task, &member.id));
            }
        }
        assignment
    }
}
