//! Applications on the embedded log: threads, commits, rebalances, failures.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../common/mod.rs"]
mod common;

mod basics;
mod bounded;
mod circles;
mod clients;
mod exactly_once;
mod failing_log;
mod failures;
mod groups;
mod lifecycle;
mod panics;
mod positions;
mod reset;
mod restore;
mod support;
mod topic_checks;
mod topics;
