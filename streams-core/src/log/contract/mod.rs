//! What every [`Log`] must do, as tests that any implementation can run against itself.
//!
//! Each law takes a log and panics if it is broken. Laws make topics, groups and transactional ids of their own, so
//! that they can share a cluster; they assume neither that offsets are dense nor that anything happens at once:
//! what happens eventually is polled for until a deadline. Behaviour that only one implementation has (locks,
//! recovery, compaction on demand) is not tested here.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

pub mod groups;
mod helpers;
pub mod offsets;
pub mod records;
pub mod topics;
pub mod transactions;

use crate::log::Log;

/// A law and its name.
pub type Law = (&'static str, fn(&dyn Log));

/// All laws.
pub fn laws() -> Vec<Law> {
    [topics::LAWS, records::LAWS, transactions::LAWS, offsets::LAWS, groups::LAWS].concat()
}

/// Runs all laws against logs made by `open`, and panics naming every one that is broken.
///
/// ```
/// use streams_core::log::embedded::EmbeddedLog;
/// streams_core::log::contract::check(|| EmbeddedLog::in_memory());
/// ```
pub fn check<L: Log>(open: impl Fn() -> L) {
    let broken: Vec<String> = laws()
        .into_iter()
        .filter_map(|(name, law)| {
            let log = open();
            let run = std::panic::AssertUnwindSafe(|| law(&log));
            let panic = std::panic::catch_unwind(run).err()?;
            let why = panic.downcast_ref::<String>().cloned();
            let why = why.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            Some(format!("{name}: {}", why.unwrap_or_default()))
        })
        .collect();
    assert!(broken.is_empty(), "{} laws are broken:\n{}", broken.len(), broken.join("\n"));
}
