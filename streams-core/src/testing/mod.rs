//! Running topologies in tests: no files, no threads, no sleeps.
//!
//! With the feature `testing` also [`laws`] of topologies, [random numbers](Random) that can be repeated, and
//! [waiting](wait_for) for what other threads and processes do.

mod commit;
mod driver;
#[cfg(feature = "testing")]
pub mod laws;
mod options;
#[cfg(any(test, feature = "testing"))]
mod random;
mod steps;
mod stores;
mod topics;
#[cfg(any(test, feature = "testing"))]
mod wait;

pub use driver::TestDriver;
pub use options::TestDriverOptions;
#[cfg(any(test, feature = "testing"))]
pub use random::{Random, given_seed};
pub use topics::RawRecord;
#[cfg(any(test, feature = "testing"))]
pub use wait::{PATIENCE, wait_for, wait_until};
