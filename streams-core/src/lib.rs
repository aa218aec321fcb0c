//! Typed stream processing with the model of Kafka Streams.

pub mod error;
pub mod ids;
pub mod log;
pub mod record;
pub mod serde;
pub mod time;
pub mod topic;
pub mod windows;

pub use error::{Error, ErrorKind, Result};
pub use record::{Header, Headers, Record};
pub use topic::{Store, Topic};
