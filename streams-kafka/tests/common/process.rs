//! An instance of the application in a process of its own, which is this test program again.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use streams_core::ErrorKind;
use streams_core::testing::PATIENCE;
use tracing_subscriber::filter::LevelFilter;

use crate::job::Job;

const JOB: &str = "STREAMS_KAFKA_TEST_JOB";
/// Times that a process tries to start.
const STARTS: usize = 5;

/// What the child does; nothing in an ordinary run of the tests.
#[test]
fn child() {
    let Ok(text) = std::env::var(JOB) else { return };
    let level =
        std::env::var("STREAMS_KAFKA_TEST_LOG").map_or(LevelFilter::INFO, |level| level.parse().unwrap());
    tracing_subscriber::fmt().with_ansi(false).with_max_level(level).with_writer(std::io::stderr).init();
    let mut words = text.split('\n');
    let (bootstrap, state) = (words.next().unwrap(), words.next().unwrap());
    let job = Job::of_text(&mut words);
    let mut left = STARTS;
    let app = loop {
        left -= 1;
        match job.start(bootstrap, Path::new(state)) {
            Ok(app) => break app,
            // Brokers may be away: whoever supervises a process starts it again.
            Err(error) if error.kind() == ErrorKind::Timeout && left > 0 => {
                tracing::warn!(%error, "not started");
            }
            Err(error) => return println!("\nended failed: {error}"),
        }
    };
    let app = Arc::new(app);
    let for_stop = Arc::clone(&app);
    std::thread::spawn(move || {
        let mut line = String::new();
        // At its end the parent has died: then nobody needs this process.
        if std::io::stdin().read_line(&mut line).unwrap_or(0) == 0 {
            std::process::exit(1);
        }
        for_stop.stop();
    });
    let mut last = String::new();
    loop {
        let metrics = app.metrics();
        if metrics.state.is_final() {
            return println!("\nended {}", metrics.state);
        }
        let line = format!(
            "{} {} {} {} {} {}",
            metrics.state,
            metrics.restored,
            metrics.consumed,
            metrics.restarts,
            metrics.commits,
            metrics.tasks.len()
        );
        if line != last {
            println!("\nstatus {line}");
            last = line;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a child has told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) state: String,
    pub(crate) restored: u64,
    pub(crate) consumed: u64,
    pub(crate) restarts: u64,
    pub(crate) commits: u64,
    pub(crate) tasks: u64,
    /// How it has ended, in its words.
    pub(crate) ended: Option<String>,
    /// Its output is closed.
    closed: bool,
}

#[derive(Default)]
struct Board {
    status: Mutex<Status>,
    news: Condvar,
}

/// A process, running or not, with its state directory and log file.
pub(crate) struct Process {
    job: Job,
    bootstrap: String,
    pub(crate) state: PathBuf,
    pub(crate) log: PathBuf,
    /// A shell command that ends in `exec "$@"`, to start it with limits.
    pub(crate) prelude: Option<String>,
    running: Option<Running>,
}

struct Running {
    child: Child,
    stdin: ChildStdin,
    board: Arc<Board>,
}

impl Process {
    pub(crate) fn new(job: &Job, bootstrap: &str, dir: &Path, number: usize) -> Process {
        Process {
            job: job.clone(),
            bootstrap: bootstrap.to_owned(),
            state: dir.join(format!("state-{number}")),
            log: dir.join(format!("log-{number}")),
            prelude: None,
            running: None,
        }
    }

    /// Starts it. `point` is an instant at which it is to end or stop (`STREAMS_KAFKA_POINT`).
    pub(crate) fn start(&mut self, point: Option<&str>) {
        assert!(self.running.is_none());
        let own = std::env::current_exe().unwrap();
        let mut command = match &self.prelude {
            None => Command::new(own),
            Some(prelude) => {
                let mut command = Command::new("sh");
                command.args(["-c", prelude, "sh"]).arg(own);
                command
            }
        };
        let text = format!("{}\n{}\n{}", self.bootstrap, self.state.display(), self.job.to_text());
        let mut log = File::options().create(true).append(true).open(&self.log).unwrap();
        writeln!(log, "---- started, to end at {point:?}").unwrap();
        command.args(["process::child", "--exact", "--nocapture", "--test-threads=1"]).env(JOB, text);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        match point {
            Some(point) => command.env("STREAMS_KAFKA_POINT", point),
            None => command.env_remove("STREAMS_KAFKA_POINT"),
        };
        let mut child = command.spawn().unwrap();
        let board = Arc::new(Board::default());
        let (lines, for_thread) = (BufReader::new(child.stdout.take().unwrap()), Arc::clone(&board));
        std::thread::spawn(move || listen(lines, &for_thread));
        let stdin = child.stdin.take().unwrap();
        self.running = Some(Running { child, stdin, board });
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub(crate) fn status(&self) -> Status {
        self.running.as_ref().map(|running| running.board.status.lock().unwrap().clone()).unwrap_or_default()
    }

    /// Waits until its status is so, at most `patience`; what it was last, and whether it was so.
    pub(crate) fn wait_within(&self, patience: Duration, enough: impl Fn(&Status) -> bool) -> (Status, bool) {
        let board = &self.running.as_ref().unwrap().board;
        let until = Instant::now() + patience;
        let mut status = board.status.lock().unwrap();
        while !enough(&status) && !status.closed && Instant::now() < until {
            status =
                board.news.wait_timeout(status, until.saturating_duration_since(Instant::now())).unwrap().0;
        }
        let so = enough(&status);
        (status.clone(), so)
    }

    /// Waits until its status is so.
    pub(crate) fn wait_for(&self, what: &str, enough: impl Fn(&Status) -> bool) -> Result<Status, String> {
        match self.wait_within(PATIENCE, enough) {
            (status, true) => Ok(status),
            (status, false) => Err(format!("waited for {what}; {} is {status:?}", self.name())),
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.child.kill().unwrap();
            running.child.wait().unwrap();
        }
    }

    /// Waits until it has ended by itself; how.
    pub(crate) fn wait_ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        self.wait_within(patience, |status| status.closed);
        let status = self.running.as_mut().unwrap().child.try_wait().unwrap();
        let closed = self.status().closed;
        if status.is_none() && !closed {
            return None;
        }
        let mut running = self.running.take()?;
        Some(running.child.wait().unwrap())
    }

    /// Asks it to stop and waits until it has. Errs if it failed.
    pub(crate) fn stop(&mut self) -> Result<(), String> {
        let asked = self.running.as_mut().unwrap().stdin.write_all(b"stop\n");
        asked.map_err(|error| format!("{} was to stop: {error}; {:?}", self.name(), self.status()))?;
        let status = self.wait_for("its end", |status| status.ended.is_some())?;
        self.wait_ended(PATIENCE);
        match status.ended.as_deref() {
            Some("stopped") => Ok(()),
            ended => Err(format!("{} was to stop: {ended:?}", self.name())),
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.running.as_ref().unwrap().child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Whether it is stopped in its tracks.
    pub(crate) fn is_paused(&self) -> bool {
        let Some(running) = &self.running else { return false };
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", running.child.id())).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    }

    /// Where its threads are, if a debugger is installed; goes to its log.
    pub(crate) fn tell_stacks(&self) {
        let Some(running) = &self.running else { return };
        let mut log = File::options().append(true).open(&self.log).unwrap();
        let mut gdb = Command::new("gdb");
        gdb.args(["-batch", "-ex", "thread apply all bt 25", "-p", &running.child.id().to_string()]);
        if let Ok(output) = gdb.output() {
            log.write_all(&output.stdout).unwrap();
        }
    }

    pub(crate) fn name(&self) -> String {
        self.log.file_name().unwrap().to_string_lossy().replace("log-", "process ")
    }

    /// The first line of its log that tells of a panic or of an error of ours.
    pub(crate) fn complaint(&self) -> Option<String> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let bad = |line: &&str| {
            let ours = line.contains(" ERROR ") && !line.contains(" librdkafka: ");
            ours || line.contains("panicked") || line.contains("Assertion") || line.contains("assert:")
        };
        log.lines().find(bad).map(str::to_owned)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn listen(mut lines: BufReader<std::process::ChildStdout>, board: &Board) {
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap_or(0) > 0 {
        let mut status = board.status.lock().unwrap();
        if let Some(text) = line.trim().strip_prefix("status ") {
            let words: Vec<&str> = text.split(' ').collect();
            let number = |index: usize| words[index].parse().unwrap();
            *status = Status {
                state: words[0].to_owned(),
                restored: number(1),
                consumed: number(2),
                restarts: number(3),
                commits: number(4),
                tasks: number(5),
                ..status.clone()
            };
        } else if let Some(text) = line.trim().strip_prefix("ended ") {
            status.ended = Some(text.to_owned());
        }
        drop(status);
        board.news.notify_all();
        line.clear();
    }
    board.status.lock().unwrap().closed = true;
    board.news.notify_all();
}
