//! Running topologies in tests: no files, no threads, no sleeps.

mod commit;
mod driver;
#[cfg(feature = "testing")]
pub mod laws;
mod options;
mod steps;
mod stores;
mod topics;

pub use driver::TestDriver;
pub use options::TestDriverOptions;
pub use topics::RawRecord;
