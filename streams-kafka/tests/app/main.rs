//! Applications of streams-core on a real broker, and processes that are killed and paused; `faults` does more to them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that unwraps fails with the line that was wrong, and what it prints is shown then"
)]

#[path = "../common/check.rs"]
#[allow(dead_code, reason = "other tests that have this file use more of it")]
mod check;
mod crash;
#[path = "../common/job.rs"]
mod job;
#[path = "../common/process.rs"]
#[allow(dead_code, reason = "other tests that have this file use more of it")]
mod process;
mod undisturbed;
