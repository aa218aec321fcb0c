//! What an application tells those who operate it: metrics, health, log lines.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../common/mod.rs"]
mod common;

mod errors;
mod events;
mod health;
mod metrics;
mod prometheus;
mod slow_log;
mod support;
