//! Each broker is lost once, and comes back: results come without it too.

use streams_core::runtime::Guarantee;
use streams_kafka::GroupProtocol;

use crate::arena::Arena;
use crate::check::Checker;
use crate::job::{Job, Writer};
use crate::process::Process;

/// One application with two processes.
struct Under {
    writer: Writer,
    checker: Checker,
    processes: [Process; 2],
}

impl Under {
    fn start(job: &Job, bootstrap: &str, dir: &std::path::Path) -> Under {
        let (writer, checker) = (Writer::create(job, bootstrap), Checker::open(job, bootstrap));
        let mut processes = [0, 1].map(|number| {
            let dir = dir.join(&job.id);
            std::fs::create_dir_all(&dir).unwrap();
            Process::new(job, bootstrap, &dir, number)
        });
        processes.iter_mut().for_each(|process| process.start(None));
        Under { writer, checker, processes }
    }

    /// New lines are counted now.
    fn goes_on(&mut self, when: &str) {
        self.writer.write(30);
        if let Err(error) = self.checker.settle(&mut self.writer) {
            self.processes.iter().for_each(Process::tell_stacks);
            panic!("{when}: {error}");
        }
    }
}

#[test]
fn an_application_goes_on_while_any_one_of_three_brokers_is_lost() {
    let _alone = Arena::alone();
    let arena = Arena::shared();
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        (Guarantee::ExactlyOnce, GroupProtocol::Classic),
        (Guarantee::ExactlyOnce, GroupProtocol::Consumer),
        (Guarantee::AtLeastOnce, GroupProtocol::Classic),
    ];
    let mut all = cases.map(|(guarantee, protocol)| {
        let mut job = Job::new(&format!("lost-{guarantee:?}-{protocol:?}").to_lowercase());
        (job.guarantee, job.protocol) = (guarantee, protocol);
        Under::start(&job, arena.cluster.bootstrap(), dir.path())
    });
    // Whichever it is, it coordinates the group or the transactions of one of them or leads some of their partitions.
    for broker in 0..3 {
        all.iter_mut().for_each(|one| one.goes_on(&format!("before broker {broker} is lost")));
        arena.cluster.kill(broker);
        all.iter_mut().for_each(|one| one.goes_on(&format!("without broker {broker}")));
        arena.cluster.restart(broker).unwrap();
    }
    for one in &mut all {
        one.goes_on("with all brokers again");
        one.checker.end(&one.writer.written).unwrap();
        for process in &mut one.processes {
            process.stop().unwrap();
            assert_eq!(process.complaint(), None);
        }
    }
}
