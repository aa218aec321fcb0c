//! Applications of streams-core on a real broker.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that unwraps fails with the line that was wrong"
)]

mod crash;
mod process;
mod words;
