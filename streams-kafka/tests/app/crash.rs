//! What comes out is what an undisturbed run puts out, once and in order, whatever happens to the processes.

use std::time::Duration;

use streams_core::testing::wait_until;
use streams_kafka::GroupProtocol;
use streams_kafka::testing::Cluster;

use crate::check::Checker;
use crate::job::{Job, SESSION, Writer};
use crate::process::Process;

#[test]
fn processes_killed_at_any_instant_lose_and_repeat_nothing_with_the_classic_protocol() {
    killed(GroupProtocol::Classic);
}

#[test]
fn processes_killed_at_any_instant_lose_and_repeat_nothing_with_the_consumer_protocol() {
    killed(GroupProtocol::Consumer);
}

#[test]
fn a_process_paused_beyond_its_session_commits_nothing_that_others_took_over_with_the_classic_protocol() {
    paused(GroupProtocol::Classic);
}

#[test]
fn a_process_paused_beyond_its_session_commits_nothing_that_others_took_over_with_the_consumer_protocol() {
    paused(GroupProtocol::Consumer);
}

fn killed(protocol: GroupProtocol) {
    let mut pair = Pair::start("kill", protocol);
    for round in 0..6 {
        pair.writer.write(300);
        let victim = &mut pair.processes[round % 2];
        // The other one may have done everything before this one had a share.
        wait_until(format_args!("{} to work in round {round}", victim.name()), || {
            let status = victim.status();
            if status.state == "running" && status.tasks > 0 {
                pair.writer.write(10);
            }
            status.consumed > 20 * round as u64
        });
        victim.kill();
        victim.start(None);
    }
    pair.writer.write(100);
    pair.checker.end(&pair.writer.written).unwrap();
}

fn paused(protocol: GroupProtocol) {
    let mut pair = Pair::start("pause", protocol);
    pair.writer.write(300);
    for process in &pair.processes {
        process.wait_for("a share", |status| status.state == "running" && status.tasks > 0).unwrap();
    }
    for paused in &pair.processes {
        pair.writer.write(300);
        paused.signal("-STOP");
        // The pause itself is what is tested.
        std::thread::sleep(SESSION + Duration::from_secs(2));
        pair.writer.write(200);
        pair.checker.catch_up(&pair.writer.written).unwrap();
        paused.signal("-CONT");
        pair.writer.write(300);
    }
    pair.checker.end(&pair.writer.written).unwrap();
}

/// A job with two processes that share it.
struct Pair {
    writer: Writer,
    checker: Checker,
    processes: [Process; 2],
    _state: tempfile::TempDir,
}

impl Pair {
    fn start(name: &str, protocol: GroupProtocol) -> Pair {
        let bootstrap = Cluster::shared().bootstrap();
        let mut job = Job::new(&format!("{name}-{protocol:?}"));
        job.protocol = protocol;
        let state = tempfile::tempdir().unwrap();
        let (writer, checker) = (Writer::create(&job, bootstrap), Checker::open(&job, bootstrap));
        let mut processes = [0, 1].map(|number| Process::new(&job, bootstrap, state.path(), number));
        processes.iter_mut().for_each(|process| process.start(None));
        Pair { writer, checker, processes, _state: state }
    }
}
