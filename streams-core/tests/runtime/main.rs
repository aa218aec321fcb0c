//! Applications on the embedded log: threads, commits, rebalances, failures.

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
