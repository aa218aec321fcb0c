//! Topologies as values: what is wrong with them, and the texts about them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails with the line that was wrong")]

mod build_errors;
mod explain;
mod explicit_names;
mod joins;
mod support;
mod texts;
