//! Seeded faults on real brokers: whatever happens to processes, brokers and the network, with exactly-once the output
//! is that of an undisturbed run, and with at-least-once nothing is lost.
//!
//! Every scenario follows from its seed: how many processes and threads there are, the guarantee, the group protocol,
//! and the faults. `STREAMS_SEED=7 cargo test -p streams-kafka --test faults seeded` repeats one; when things happen
//! depends on the machine all the same. `scripts/kafka/soak.sh MINUTES` goes on with new seeds.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that unwraps fails with the line that was wrong, and what it prints is shown then"
)]

mod arena;
#[path = "../common/check.rs"]
#[allow(dead_code, reason = "other tests that have this file use more of it")]
mod check;
mod disk;
mod fault;
mod fenced;
#[path = "../common/job.rs"]
mod job;
mod lost;
mod offsets;
#[path = "../common/process.rs"]
mod process;
mod scenario;
mod seeded;
mod stays;
