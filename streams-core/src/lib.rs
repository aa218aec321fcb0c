//! Typed stream processing with the model of Kafka Streams.
//!
//! A topology says what is to be done with the records of topics: streams are filtered, mapped, grouped and counted,
//! in windows or without, and the results go to topics again. It is a value: the same one runs in a test driver and in
//! an application on a log.
//!
//! ```
//! use streams_core::{StreamsBuilder, Topic, testing::TestDriver};
//!
//! const LINES: Topic<Option<String>, String> = Topic::new("lines");
//! const COUNTS: Topic<String, i64> = Topic::new("counts");
//!
//! let builder = StreamsBuilder::new();
//! builder
//!     .stream(&LINES)
//!     .flat_map_values(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
//!     .group_by(|_, word| word.clone())
//!     .count()
//!     .to_stream()
//!     .to(&COUNTS);
//!
//! let mut driver = TestDriver::new(&builder.build()?)?;
//! driver.pipe(&LINES, None, "to be or not to be".to_owned(), 0)?;
//! let last = driver.read(&COUNTS)?.pop().map(|record| (record.key, record.value));
//! assert_eq!(last, Some(("be".to_owned(), 2)));
//! # Ok::<(), streams_core::Error>(())
//! ```
//!
//! Where to look:
//! - [`StreamsBuilder`], [`KStream`], [`KGroupedStream`], [`TimeWindowedKStream`] and [`KTable`] are the verbs;
//!   [`windows`] says how time is divided, [`serde`] how types become bytes, [`schema`] how
//!   structs become records with a schema, [`processor`] how your own code keeps
//!   state and timers.
//! - [`testing`] runs a topology step by step, with commits and crashes; [`runtime`] runs it on a log.
//! - [`log`] is the boundary to where records are kept, with an embedded durable log; [`state`] is what stores are
//!   made of.
//! - [`ErrorPolicies`] decides what becomes of records that fail; [`DropCounts`] says what was dropped, where and why.
//!
//! Nulls are in the types: a topic whose keys may be null is a `Topic<Option<K>, V>`, and groups, tables and windows
//! exist only where the key cannot be null. Times are milliseconds since the epoch, lengths of time are `Duration`s.

pub mod assignment;
mod dsl;
pub mod error;
pub mod ids;
pub mod log;
mod operators;
pub mod record;
pub mod runtime;
pub mod schema;
pub mod serde;
pub mod state;
mod task;
pub mod testing;
pub mod time;
pub mod topic;
pub mod topology;
pub mod windows;

pub use dsl::{
    Consumed, EmitStrategy, Grouped, Joined, KGroupedStream, KGroupedTable, KStream, KTable, Key,
    Materialized, Produced, Repartitioned, Split, StoreOptions, StreamJoined, StreamsBuilder,
    TimeWindowedKStream, WindowStoreOptions,
};
pub use error::{Error, ErrorKind, Result};
pub use operators::policies::{ErrorPolicies, ErrorPolicy};
pub use operators::sink::Partitioning;
pub use operators::source::{RecordTimestamp, TimestampExtractor, ValueTimestamp};
pub use operators::{Change, DropCounts, DropReason, JoinKey, RecordMetadata};
pub use record::{Header, Headers, Record};
#[cfg(feature = "derive")]
pub use streams_derive::Record;
pub use topic::{Store, Topic};
pub use topology::{Optimization, Topology};

/// User code with state and timers: Kafka's Processor API.
pub mod processor {
    pub use crate::operators::{
        FixedKeyContext, FixedKeyProcessor, Processor, ProcessorContext, Punctuation, PunctuationId,
        PunctuationType, RecordMetadata, TransformContext, UserResult, ValueTransformer,
    };
}
