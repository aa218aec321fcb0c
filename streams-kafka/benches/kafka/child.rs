//! A program that is measured: its lines, and what it had used when each of them came.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::place::Place;
use crate::workloads::{Peer, Run};
use crate::{Outcome, proc};

/// How long anything may take.
const LONGEST: Duration = Duration::from_secs(600);

/// What a program and the broker had used at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Snapshot {
    pub(crate) at: Instant,
    pub(crate) cpu: f64,
    pub(crate) broker: f64,
    /// By everything on the machine.
    pub(crate) busy: f64,
}

impl Snapshot {
    pub(crate) fn of(program: u32, broker: u32) -> Outcome<Self> {
        let (cpu, broker) = (proc::cpu(program)?, proc::cpu(broker)?);
        Ok(Snapshot { at: Instant::now(), cpu, broker, busy: proc::busy()? })
    }
}

/// A line: what happened, its number, and a snapshot.
pub(crate) type Event = (String, u64, Option<Snapshot>);

pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    events: Receiver<Event>,
    pub(crate) started: Instant,
}

impl Program {
    /// Starts a run, whose topics are there.
    pub(crate) fn start(place: &Place, run: &Run, name: &str, input: &str, pinned: bool) -> Outcome<Self> {
        let mut words: Vec<String> = Vec::new();
        if pinned {
            words.extend(["taskset", "-c", "1"].map(str::to_owned));
        }
        let this = std::env::current_exe()?.to_string_lossy().into_owned();
        match run.peer {
            Peer::Ours => words.extend([this, "--run-ours".into()]),
            Peer::Bare => words.extend([this, "--run-bare".into()]),
            Peer::Java => {
                words.extend(place.java.clone().ok_or("the program on Kafka Streams was not built")?);
            }
        }
        let state = place.state(name);
        let guarantee = if run.exactly_once { "eos" } else { "alos" };
        let cache = if run.cached { "10485760" } else { "0" };
        let application = if run.workload == "W6" { "restore" } else { name };
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command.args([
            "--workload",
            run.workload,
            "--bootstrap",
            place.bootstrap(),
            "--guarantee",
            guarantee,
        ]);
        command.args(["--commit-ms", "100", "--cache", cache, "--store", "rocksdb", "--threads", "1"]);
        command.args(["--app-id", application, "--in", input, "--out", &output_of(name)]);
        command.args(["--records", &run.records.to_string(), "--warm", &run.warm.to_string(), "--state-dir"]);
        command.arg(state).stdin(Stdio::piped()).stdout(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn()?;
        let (pid, broker) = (child.id(), place.broker());
        let stdout = child.stdout.take().ok_or("it has no output")?;
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let Some(rest) = line.strip_prefix("BENCH ") else { continue };
                let (event, number) = rest.split_once(' ').unwrap_or((rest, ""));
                let number = number.rsplit('=').next().and_then(|number| number.parse().ok());
                let event = (event.to_owned(), number.unwrap_or(0), Snapshot::of(pid, broker).ok());
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Ok(Program { stdin: child.stdin.take(), child, events, started })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for this line; its number, and what was used then.
    pub(crate) fn wait(&self, wanted: &str) -> Outcome<(u64, Snapshot)> {
        loop {
            match self.events.recv_timeout(LONGEST) {
                Ok((event, number, snapshot)) if event == wanted => {
                    return Ok((number, snapshot.ok_or("the process was gone")?));
                }
                Ok((event, ..)) if event == "error" => return Err("the program failed".into()),
                Ok(_) => {}
                Err(error) => return Err(format!("the program did not say `{wanted}`: {error}").into()),
            }
        }
    }

    /// Tells it to commit and close, and waits until it has.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        if let Some(mut stdin) = self.stdin.take() {
            stdin.write_all(b"\n")?;
        }
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the program ended with {status}").into()) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The topic of the results.
pub(crate) fn output_of(name: &str) -> String {
    format!("{name}-out")
}
