//! Real brokers for tests: Apache Kafka in KRaft mode, started from its jars on free ports of the loopback interface.
//!
//! A [`Cluster`] belongs to the process that started it: its brokers are killed when it is dropped, and also when the
//! process dies without a word. Only for tests: data go to a temporary folder, and passwords are known.

mod broker;
mod cluster;
mod lane;
mod leaders;
pub(crate) mod points;
mod raw;
mod security;
mod settings;
mod tools;

pub use cluster::{Cluster, ClusterOptions};
pub use lane::{Cut, Lane};
pub use points::POINTS;
pub use raw::{RawProducer, RawReader, RawRecord};
pub use security::Security;
pub use tools::run_tool;
