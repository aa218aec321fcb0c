//! The comparison on Apache Kafka: `cargo bench -p streams-kafka` runs the workloads with this library, with a loop over
//! librdkafka that does the same work without a framework, and with Kafka Streams, one after the other on one broker,
//! and prints a table.
//!
//! Behind `--` stand workloads (`W1` to `W8`; all by default) and options: `--peers ours,bare,java`, `--scale 0.5` (of the
//! numbers of records), `--reps N`, `--alos` (at-least-once too), `--write` (puts the table into `BENCHMARKS.md`), and
//! `--smoke` (tiny sizes: only to see that it runs). It needs Java 17 and Maven, `taskset` of util-linux, and about 6 GB of
//! space for temporary files at full scale. Nothing is measured without `--bench`, which cargo gives.
//!
//! `-- --scale 1 --write` is the whole: about a quarter of an hour on two quiet cores, behind a build of some minutes.
//! From `--scale 0.5` on, which is the default, Kafka Streams has a million records to get warm before it is measured;
//! below, its column says that the JVM is not warm.
//!
//! Broker and program are pinned to a core each; CPU time and memory are those of the whole process, read from `/proc`
//! between two lines that the program prints. Outputs are checked after every run.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table")]

mod bare;
mod check;
mod child;
mod data;
mod java;
mod measure;
mod options;
#[path = "../../../tests/benches/page.rs"]
mod page;
mod place;
mod proc;
#[path = "../../examples/peer/program/mod.rs"]
mod program;
mod table;
mod workloads;

use std::process::ExitCode;

use crate::options::Options;
use crate::place::Place;

/// What a step gives back.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, rest)) if first == "--run-ours" => child(program::run(rest.iter().cloned())),
        Some((first, rest)) if first == "--run-bare" => child(bare::run(rest.iter().cloned())),
        _ => {
            Options::parse(&arguments).and_then(|options| options.map_or(Ok(()), |options| compare(&options)))
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A program that is measured, in a process of its own.
fn child(result: streams_core::Result<()>) -> Outcome<()> {
    if result.is_err() {
        println!("BENCH error");
    }
    Ok(result?)
}

fn compare(options: &Options) -> Outcome<()> {
    let runs = workloads::runs(options);
    let java = runs.iter().any(|run| run.peer == workloads::Peer::Java);
    let java = if java { Some(java::build()?) } else { None };
    let place = Place::prepare(&runs, java)?;
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for run in &runs {
        eprintln!("{} ..", run.name());
        match (0..options.repetitions).map(|_| measure::measure(&place, run)).collect::<Outcome<Vec<_>>>() {
            Ok(mut found) => {
                found.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
                // The one in the middle.
                let found = found.swap_remove(found.len() / 2);
                eprintln!("   {found}");
                rows.push((run, found));
                if options.write && !options.smoke {
                    // At once: a later run that hangs must not lose it.
                    page::write("kafka", table::HEADER, &table::lines(&rows))?;
                }
            }
            Err(error) => {
                eprintln!("   {error}");
                failed.push(run.name());
            }
        }
    }
    let lines = table::lines(&rows);
    println!("{}{}", table::HEADER, lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    if options.smoke {
        println!("sizes were tiny, so that they say nothing of speed");
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("these could not be measured: {failed:?}").into()) }
}
