//! Apache Kafka as the [`Log`](streams_core::log::Log) of an application: the same topology runs on a cluster.
//!
//! ```no_run
//! use std::sync::Arc;
//! use streams_core::StreamsBuilder;
//! use streams_core::runtime::{App, Config};
//! use streams_kafka::{KafkaConfig, KafkaLog};
//!
//! # fn main() -> streams_core::Result<()> {
//! let mut config = KafkaConfig::new("localhost:9092");
//! config.producer.insert("linger.ms".into(), "20".into());
//! let log = Arc::new(KafkaLog::connect(config)?);
//!
//! let builder = StreamsBuilder::new();
//! // ... the same topology as everywhere ...
//! let app = App::new(builder.build()?, Config::new("word-count"), log).start()?;
//! app.wait()
//! # }
//! ```
//!
//! The client is librdkafka; all of its settings can be reached, see [`KafkaConfig`]. How readers, producers and
//! groups use it is described in `README.md` of this package. A record with timestamp 0 is written with timestamp 1,
//! because librdkafka takes 0 for "now".

mod admin;
mod client;
mod config;
mod error;
mod ffi;
mod group;
mod log;
mod points;
mod producer;
mod reader;
#[cfg(feature = "testing")]
pub mod testing;

pub use config::{GroupProtocol, KafkaConfig};
pub use log::KafkaLog;
