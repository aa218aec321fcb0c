//! What optimizations change, and what they must not change.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod killed;
mod on_log;
mod positions;
mod repartitions;
mod reuse;
mod sources;
mod support;
mod texts;
