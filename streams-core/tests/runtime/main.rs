//! Applications on the embedded log: threads, commits, rebalances, failures.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
<<<<<<< HEAD
=======
#![allow(clippy::unwrap_used, reason = "a test fails where something it needs does")]
>>>>>>> review

mod basics;
mod bounded;
mod clients;
mod exactly_once;
mod failing_log;
mod failures;
mod groups;
mod lifecycle;
mod restore;
mod support;
mod topics;
