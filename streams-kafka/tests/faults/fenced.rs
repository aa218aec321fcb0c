//! A process that stood still for longer than its session: others go on with its tasks, and it comes back by itself.

use streams_core::runtime::Guarantee;
use streams_kafka::GroupProtocol;

use crate::arena::Arena;
use crate::check::Checker;
use crate::job::{Job, Writer};
use crate::process::{Process, Status};

/// Tasks of the application: two sub-topologies with four partitions each.
const TASKS: u64 = 8;

#[test]
fn a_process_paused_beyond_its_session_is_fenced_and_comes_back() {
    let _beside_others = Arena::beside_others();
    let cases = [
        (Guarantee::ExactlyOnce, GroupProtocol::Classic),
        (Guarantee::ExactlyOnce, GroupProtocol::Consumer),
        (Guarantee::AtLeastOnce, GroupProtocol::Classic),
    ];
    std::thread::scope(|scope| {
        for (guarantee, protocol) in cases {
            scope.spawn(move || paused(guarantee, protocol));
        }
    });
}

fn paused(guarantee: Guarantee, protocol: GroupProtocol) {
    let bootstrap = Arena::shared().cluster.bootstrap();
    let mut job = Job::new(&format!("paused-{guarantee:?}-{protocol:?}").to_lowercase());
    (job.guarantee, job.protocol) = (guarantee, protocol);
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, mut checker) = (Writer::create(&job, bootstrap), Checker::open(&job, bootstrap));
    let mut processes = [0, 1].map(|number| Process::new(&job, bootstrap, dir.path(), number));
    processes.iter_mut().for_each(|process| process.start(None));
    let has = |tasks: u64| move |status: &Status| status.state == "running" && status.tasks == tasks;
    let half = |processes: &[Process; 2]| {
        processes.each_ref().map(|process| process.wait_for("half of the tasks", has(TASKS / 2)).unwrap())
    };
    let restarts = half(&processes)[1].restarts;
    writer.write(30);
    checker.settle(&mut writer).unwrap();

    processes[1].signal("-STOP");
    processes[0].wait_for("all of the tasks", has(TASKS)).unwrap();
    writer.write(30);
    checker.settle(&mut writer).unwrap();
    processes[1].signal("-CONT");
    processes[1].wait_for("being fenced", |status| status.restarts > restarts).unwrap();
    half(&processes);
    writer.write(30);
    checker.settle(&mut writer).unwrap();
    checker.end(&writer.written).unwrap();
    for process in &mut processes {
        process.stop().unwrap();
        assert_eq!(process.complaint(), None);
    }
}
