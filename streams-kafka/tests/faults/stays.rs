//! Tasks that stay where they are in a rebalance.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use streams_core::ids::TaskId;
use streams_core::runtime::AppHandle;
use streams_core::testing::PATIENCE;
use streams_kafka::GroupProtocol;

use crate::arena::Arena;
use crate::check::Checker;
use crate::job::{Job, Writer};
use crate::process::Process;

/// Tasks of the application: two sub-topologies with four partitions each.
const TASKS: usize = 8;

/// An application in this process with all tasks, all of which have processed something.
struct Own {
    app: AppHandle,
    writer: Writer,
    checker: Checker,
    /// Records that each task has processed since it was opened.
    consumed: BTreeMap<TaskId, u64>,
    job: Job,
    dir: tempfile::TempDir,
}

impl Own {
    fn start(protocol: GroupProtocol) -> Own {
        let bootstrap = Arena::shared().cluster.bootstrap();
        let mut job = Job::new(&format!("stays-{protocol:?}").to_lowercase());
        // So that a machine that is busy with other things loses no tasks.
        (job.protocol, job.session) = (protocol, Duration::from_secs(20));
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, mut checker) = (Writer::create(&job, bootstrap), Checker::open(&job, bootstrap));
        let app = job.start(bootstrap, &dir.path().join("own")).unwrap();
        writer.write(40);
        checker.catch_up(&writer.written).unwrap();
        let words = |consumed: &BTreeMap<TaskId, u64>| consumed.values().sum::<u64>() == 40 + 3 * 40;
        let consumed = until(|| Some(consumed(&app)).filter(words));
        assert_eq!(consumed.len(), TASKS);
        Own { app, writer, checker, consumed, job, dir }
    }

    fn other(&self) -> Process {
        Process::new(&self.job, Arena::shared().cluster.bootstrap(), self.dir.path(), 1)
    }

    /// The tasks that are here now have been here all the time: they have counted on.
    fn assert_stayed(&self) {
        for (task, consumed) in consumed(&self.app) {
            assert!(
                consumed >= self.consumed[&task],
                "{task} was opened again: {consumed}, {:?}",
                self.consumed
            );
        }
        let metrics = self.app.metrics();
        assert_eq!(metrics.restarts, 0);
        assert_eq!(metrics.threads.iter().map(|thread| thread.tasks_created).sum::<u64>(), TASKS as u64);
    }

    fn end(mut self, mut other: Process) {
        self.writer.write(20);
        self.checker.end(&self.writer.written).unwrap();
        other.stop().unwrap();
        assert_eq!(other.complaint(), None);
        self.app.shutdown(PATIENCE).unwrap();
    }
}

#[test]
fn with_the_consumer_protocol_tasks_that_stay_go_on_in_the_middle_of_a_rebalance() {
    let _beside_others = Arena::beside_others();
    let mut own = Own::start(GroupProtocol::Consumer);
    let mut other = own.other();
    other.start(Some("assigned:1:stop"));
    until(|| other.is_paused().then_some(()));
    // The other one has its share and stands still: the rebalance does not end.
    let staying = until(|| Some(consumed(&own.app)).filter(|tasks| tasks.len() == TASKS / 2));
    own.assert_stayed();
    own.writer.write(20);
    let goes_on = |(task, before): (&TaskId, &u64)| consumed(&own.app)[task] > *before;
    until(|| staying.iter().filter(|(task, _)| task.sub_topology == 0).all(goes_on).then_some(()));
    assert!(other.is_paused());
    let after = consumed(&own.app);
    for (task, before) in &staying {
        assert!(after[task] >= *before, "{task} was opened again: {after:?}, {staying:?}");
    }
    other.signal("-CONT");
    own.end(other);
}

#[test]
fn with_the_classic_protocol_tasks_that_come_back_go_on_where_they_were() {
    let _beside_others = Arena::beside_others();
    let own = Own::start(GroupProtocol::Classic);
    let mut other = own.other();
    other.start(None);
    let share =
        |status: &crate::process::Status| status.state == "running" && status.tasks as usize == TASKS / 2;
    other.wait_for("its share", share).unwrap();
    until(|| (consumed(&own.app).len() == TASKS / 2).then_some(()));
    own.assert_stayed();
    own.end(other);
}

fn consumed(app: &AppHandle) -> BTreeMap<TaskId, u64> {
    app.metrics().tasks.iter().map(|task| (task.task, task.consumed)).collect()
}

fn until<T>(mut so: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = so() {
            return found;
        }
        assert!(Instant::now() < end, "it does not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}
