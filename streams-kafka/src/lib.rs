//! Apache Kafka as the [`Log`](streams_core::log::Log) of an application: the same topology runs on a cluster.
//!
//! ```no_run
//! use std::sync::Arc;
//! use streams_core::runtime::{App, Config};
//! use streams_core::{Result, StreamsBuilder, Topic};
//! use streams_kafka::{KafkaConfig, KafkaLog};
//!
//! const ORDERS: Topic<String, i64> = Topic::new("orders");
//! const SALES: Topic<String, i64> = Topic::new("sales");
//!
//! fn main() -> Result<()> {
//!     // The same as on every other log.
//!     let builder = StreamsBuilder::new();
//!     builder.stream(&ORDERS).group_by_key().reduce(|sum, price| sum + price).to_stream().to(&SALES);
//!
//!     let log = Arc::new(KafkaLog::connect(KafkaConfig::new("localhost:9092"))?);
//!     let mut config = Config::new("sales");
//!     config.state_dir = Some("state".into());
//!     // It creates the topics that it needs in between; `orders` and `sales` have to be there.
//!     App::new(builder.build()?, config, log).start()?.wait()
//! }
//! ```
//!
//! Processes with the same application id share the partitions. Results are exactly-once unless the application's
//! [`Config`](streams_core::runtime::Config) says otherwise; who reads them has to read committed records only, as
//! all readers of this crate do. A cluster of three brokers or more keeps that through crashes of brokers too.
//!
//! | where | what |
//! |---|---|
//! | [`KafkaConfig`] | all settings, those of librdkafka too; from code, TOML or the environment |
//! | [`KafkaLog`] | the cluster: also for programs that only write and read typed records |
//! | [`GroupProtocol`] | how processes share partitions: by the protocol of every Kafka, or that of Kafka 4 |
//! | `testing` (feature `testing`) | real brokers for tests, started from their jars |
//!
//! The client is librdkafka, which is built with the crate: gcc and make are enough. TLS needs one of the features
//! `tls` and `tls-system`, Kerberos `sasl-gssapi`. How readers, producers and groups use the client, what happens
//! when something fails, and how to move from Kafka Streams is in `README.md` of this package. A record with timestamp
//! 0 is written with timestamp 1, because librdkafka takes 0 for "now".

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
