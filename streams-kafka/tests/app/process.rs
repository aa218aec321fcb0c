//! An instance of an application in a process of its own, which is this test program again.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use streams_kafka::GroupProtocol;

use crate::words::Job;

const JOB: &str = "STREAMS_KAFKA_TEST_JOB";

/// What the child does; nothing in an ordinary run of the tests.
#[test]
#[allow(clippy::print_stdout, reason = "the parent reads it")]
fn child() {
    let Ok(text) = std::env::var(JOB) else { return };
    if let Ok(level) = std::env::var("STREAMS_KAFKA_TEST_LOG") {
        let level: tracing_subscriber::filter::LevelFilter = level.parse().unwrap();
        tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).init();
    }
    let mut words = text.split('\n');
    let (id, bootstrap, protocol, state) =
        (words.next().unwrap(), words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let protocol = if protocol == "consumer" { GroupProtocol::Consumer } else { GroupProtocol::Classic };
    let job = Job { id: id.to_owned(), bootstrap: bootstrap.to_owned(), protocol };
    let app = job.start(Path::new(state), |config| config.num_threads = 2);
    let mut last = String::new();
    loop {
        let metrics = app.metrics();
        let line =
            format!("{} {} {} {}", metrics.state, metrics.restored, metrics.consumed, metrics.restarts);
        if line != last {
            println!("\nstatus {line}");
            last = line;
        }
        if metrics.state.is_final() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A running child.
pub(crate) struct Instance {
    child: Child,
    state: PathBuf,
    job: Job,
    lines: BufReader<std::process::ChildStdout>,
}

/// What a child has told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    pub(crate) state: String,
    pub(crate) restored: u64,
    pub(crate) consumed: u64,
}

impl Instance {
    pub(crate) fn start(job: &Job, state: &Path) -> Instance {
        let protocol = if job.protocol == GroupProtocol::Consumer { "consumer" } else { "classic" };
        let text = format!("{}\n{}\n{protocol}\n{}", job.id, job.bootstrap, state.display());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["process::child", "--exact", "--nocapture", "--test-threads=1"])
            .env(JOB, text)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Instance { child, state: state.to_owned(), job: job.clone(), lines }
    }

    /// Reads what it tells until that is so.
    pub(crate) fn wait_for(&mut self, what: &str, enough: impl Fn(&Status) -> bool) -> Status {
        let mut last = Status::default();
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "ended before {what}; last: {last:?}");
            let Some(status) = line.trim().strip_prefix("status ") else { continue };
            let words: Vec<&str> = status.split(' ').collect();
            assert_ne!(words[0], "failed:", "{status}");
            last = Status {
                state: words[0].to_owned(),
                restored: words[1].parse().unwrap(),
                consumed: words[2].parse().unwrap(),
            };
            if enough(&last) {
                return last;
            }
        }
    }

    /// `kill -9`, and the same instance again.
    pub(crate) fn kill_and_restart(&mut self) {
        self.kill();
        *self = Instance::start(&self.job, &self.state);
    }

    /// Stops it in its tracks (SIGSTOP).
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on (SIGCONT).
    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").arg(name).arg(self.child.id().to_string()).status().unwrap().success());
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
