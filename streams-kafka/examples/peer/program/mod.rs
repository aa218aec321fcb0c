//! Runs a workload and says how far it is.
//!
//! On standard output, a line each: `BENCH restoring n=N` when stores are being restored (W6), `BENCH running
//! restored=N` when records are processed, `BENCH warm n=N` and `BENCH done n=N` when so many were taken up by the last
//! stage. A line on standard input, or its end, commits and closes.

mod ads;
mod arguments;
mod progress;
mod workloads;

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use futures_executor::block_on;
use streams_core::runtime::{App, AppState, Config, Forwarding};
use streams_core::state::EngineKind;
use streams_core::{Error, Result};
use streams_kafka::{KafkaConfig, KafkaLog};

pub(crate) use self::arguments::Arguments;
use self::progress::Progress;

/// How long closing may take.
const CLOSING: Duration = Duration::from_secs(60);

/// Runs the workload that these arguments name until it is told to stop.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let arguments = Arguments::parse(arguments)?;
    let mut cluster = KafkaConfig::new(&arguments.bootstrap);
    // The other peers do not compress.
    cluster.producer.insert("compression.type".into(), "none".into());
    let log = Arc::new(KafkaLog::connect(cluster)?);
    let progress = Arc::new(Progress::new(arguments.warm, arguments.records));
    let topology = workloads::topology(&arguments, &progress)?;
    let app = App::new(topology, config(&arguments), log).start()?;

    let mut state = app.state();
    let mut next = |wanted: fn(&AppState) -> bool| -> Result<AppState> {
        let found = block_on(state.wait_for(|state| wanted(state) || state.is_final()));
        found.map(|state| state.clone()).map_err(|_| closed("it ended without a last state"))
    };
    if arguments.workload == "W6" {
        next(|state| matches!(state, AppState::Restoring | AppState::Running))?;
        let metrics = app.metrics();
        let stores = metrics.tasks.iter().flat_map(|task| &task.restore);
        say("restoring", "n", stores.map(|store| store.end.saturating_sub(store.position) as u64).sum());
    }
    match next(|state| *state == AppState::Running)? {
        AppState::Running => say("running", "restored", app.metrics().restored),
        other => return Err(closed(&other.to_string())),
    }
    std::thread::spawn(move || {
        // Whatever comes, and an end or an error too, says to stop.
        let _ = std::io::stdin().read(&mut [0]);
        app.stop();
        app
    });
    match next(AppState::is_final)? {
        AppState::Stopped => Ok(()),
        other => Err(closed(&other.to_string())),
    }
}

fn config(arguments: &Arguments) -> Config {
    let mut config = Config::new(&arguments.app_id);
    config.guarantee = arguments.guarantee;
    config.commit_interval = Some(arguments.commit_interval);
    config.num_threads = arguments.threads;
    config.forwarding = if arguments.cache == 0 { Forwarding::PerUpdate } else { Forwarding::PerCommit };
    config.state_dir = arguments.state_dir.clone();
    config.engine = EngineKind::Fjall;
    config.close_timeout = CLOSING;
    config
}

fn closed(what: &str) -> Error {
    Error::new(streams_core::ErrorKind::Closed, what.to_owned())
}

/// Prints a line for the harness at once.
pub(crate) fn say(event: &str, name: &str, number: u64) {
    let mut out = std::io::stdout().lock();
    // A harness that has gone needs no lines.
    let _ = writeln!(out, "BENCH {event} {name}={number}").and_then(|()| out.flush());
}
