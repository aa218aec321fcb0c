//! One peer of the benchmarks: `cargo build --release -p streams-kafka --example peer`.
//!
//! A program as a user would write it, that runs one of the workloads W1 to W8 on a cluster and says how far it has come,
//! so that a harness can measure it from outside. `program/mod.rs` says which lines it prints and takes, and
//! `program/arguments.rs` which arguments. `benches/` runs the same program beside others.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for the command line")]

mod program;

use std::process::ExitCode;

fn main() -> ExitCode {
    match program::run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("BENCH error");
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
