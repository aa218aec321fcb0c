//! The CTR service; see `ctr --help`.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use ctr::args::{Args, Command, ResetArgs};
use ctr::cluster::Cluster;
use ctr::files::FileRun;
use ctr::input::Settings;
use ctr::live::{LiveRun, Stop};
use streams_core::{Error, ErrorKind, Result};

/// What the service takes if nothing is said.
const DATA_DIR: &str = "ctr-data";
const GRACE: Duration = Duration::from_secs(10);
const PARTITIONS: u32 = 4;

fn main() -> ExitCode {
    let args = Args::parse();
    let level = if args.verbose { tracing::Level::DEBUG } else { tracing::Level::WARN };
    tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).init();
    let result = match &args.command {
        Some(Command::Reset(how)) => reset(&args, how),
        None if args.input.is_empty() => live(&args),
        None => files(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error nobody can be told.
            let _ = writeln!(io::stderr(), "ctr: {error}");
            ExitCode::FAILURE
        }
    }
}

fn files(args: Args) -> Result<()> {
    let run = FileRun {
        cluster: Cluster::of(args.bootstrap.as_deref(), args.kafka_config.as_deref())?,
        inputs: args.input,
        output_dir: args.output_dir.unwrap_or_default(),
        data_dir: args.data_dir,
        grace: args.grace.unwrap_or(Duration::ZERO),
        partitions: args.partitions.unwrap_or(1),
        threads: args.threads,
        dead_letter: args.dead_letter,
    };
    let mut out = io::stderr();
    let is_terminal = out.is_terminal();
    let summary = run.run(&mut out, is_terminal)?;
    let _ = writeln!(out, "{summary}");
    Ok(())
}

fn reset(args: &Args, how: &ResetArgs) -> Result<()> {
    let cluster = Cluster::of(args.bootstrap.as_deref(), args.kafka_config.as_deref())?;
    let settings = Settings {
        inputs: Vec::new(),
        grace_ms: u64::try_from(args.grace.unwrap_or(GRACE).as_millis()).unwrap_or(u64::MAX),
        partitions: args.partitions.unwrap_or(PARTITIONS),
    };
    let dir = args.data_dir.clone().unwrap_or_else(|| PathBuf::from(DATA_DIR));
    ctr::reset::reset(cluster.as_ref(), &dir, settings, how, &mut io::stdout().lock())
}

fn live(args: &Args) -> Result<()> {
    let cluster = Cluster::of(args.bootstrap.as_deref(), args.kafka_config.as_deref())?;
    if args.no_generate && cluster.is_none() {
        let message =
            "without a generator nothing comes into the log of this process: --no-generate needs --bootstrap";
        return Err(Error::new(ErrorKind::Config, message));
    }
    let run = LiveRun {
        cluster,
        generate: !args.no_generate,
        data_dir: args.data_dir.clone().unwrap_or_else(|| PathBuf::from(DATA_DIR)),
        grace: args.grace.unwrap_or(GRACE),
        partitions: args.partitions.unwrap_or(PARTITIONS),
        threads: args.threads,
        rate: args.rate,
        speed: args.speed,
        seed: args.seed,
        metrics: args.metrics,
    };
    let stop = Arc::new(Stop::default());
    let requested = Arc::clone(&stop);
    let on_signal = move || {
        if requested.request() {
            // The second signal: it is not to wait. Everything that is committed survives that too.
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(on_signal)
        .map_err(|e| Error::new(ErrorKind::Io, "Ctrl-C cannot be caught").caused_by(e))?;
    let is_terminal = io::stdout().is_terminal();
    run.run(&mut io::stdout().lock(), &mut io::stderr(), is_terminal, &stop)
}
