//! What belongs to running an application on a cluster: its topics, its group, its reset.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that unwraps fails with the line that was wrong"
)]

mod assigned;
mod circles;
mod created;
mod members;
mod positions;
#[allow(dead_code, reason = "not all of it is of interest here")]
#[path = "../../../tests/topics/programs.rs"]
mod programs;
mod purge;
mod refused;
mod reset;
mod statics;
mod support;
mod unauthorised;
