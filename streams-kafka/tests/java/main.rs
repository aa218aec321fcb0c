//! Beside Kafka Streams: an application of either kind goes on where the other has stopped, and both put out the same
//! for the same input. The programs of the other side are in `beside/`, and one JVM runs them all.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that unwraps fails with the line that was wrong, and what it prints is shown then"
)]

mod apps;
mod compare;
mod equal;
mod hand_over;
mod input;
mod jvm;
mod programs;
mod records;
mod strangers;
