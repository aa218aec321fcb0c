//! The real binary as a process: started, watched and killed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The binary, with these arguments.
pub(crate) fn ctr(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctr"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    ctr(arguments).output().expect("the binary can be started")
}

/// Runs the binary to its end, which must be a good one; what it says on standard error.
#[track_caller]
pub(crate) fn run_well(arguments: &[&str]) -> String {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// A running process whose lines of one output are read.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) lines: Receiver<String>,
}

impl Running {
    /// Starts it; reads standard output, or standard error if not.
    pub(crate) fn start(mut command: Command, standard_output: bool) -> Self {
        let (out, err) =
            if standard_output { (Stdio::piped(), Stdio::null()) } else { (Stdio::null(), Stdio::piped()) };
        let mut child = command.stdout(out).stderr(err).spawn().expect("the binary can be started");
        let (sender, lines) = channel();
        let read = move |stream: Box<dyn std::io::Read + Send>| {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        };
        let stream: Box<dyn std::io::Read + Send> = match (child.stdout.take(), child.stderr.take()) {
            (Some(out), _) => Box::new(out),
            (None, Some(err)) => Box::new(err),
            (None, None) => unreachable!("one of the two is piped"),
        };
        thread::spawn(move || read(stream));
        Running { child, lines }
    }

    /// Kills it as `kill -9` does; what it said until then.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        self.lines.iter().collect()
    }

    /// Sends the signal of Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().expect("there is a kill command");
        assert!(sent.success());
    }

    /// Waits for its end; whether it was a good one, and what it said.
    pub(crate) fn end(mut self) -> (bool, Vec<String>) {
        let said = self.lines.iter().collect();
        let status = self.child.wait().expect("it ends");
        (status.success(), said)
    }

    /// Waits until `condition` holds or it has ended; whether the condition holds.
    pub(crate) fn wait_until(&mut self, mut condition: impl FnMut() -> bool) -> bool {
        let started = Instant::now();
        loop {
            if condition() {
                return true;
            }
            if self.child.try_wait().expect("it can be asked").is_some() {
                return false;
            }
            assert!(started.elapsed() < PATIENCE, "nothing happened for {PATIENCE:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Bytes of all files below a folder.
pub(crate) fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size_of(&entry.path()),
        _ => entry.metadata().map_or(0, |found| found.len()),
    };
    entries.flatten().map(size).sum()
}

/// The number in the line `restored N records`, if it was said.
pub(crate) fn restored(said: &[String]) -> Option<u64> {
    let mut numbers = said.iter().filter_map(|line| line.strip_prefix("restored ")?.strip_suffix(" records"));
    numbers.next_back().and_then(|number| number.parse().ok())
}
