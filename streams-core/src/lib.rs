//! Typed stream processing with the model of Kafka Streams.

mod dsl;
pub mod error;
pub mod ids;
pub mod log;
mod operators;
pub mod record;
pub mod runtime;
pub mod serde;
pub mod state;
mod task;
pub mod testing;
pub mod time;
pub mod topic;
mod topology;
pub mod windows;

pub use dsl::{
    Consumed, EmitStrategy, Grouped, KGroupedStream, KStream, KTable, Key, Materialized, Produced,
    Repartitioned, Split, StoreOptions, StreamsBuilder, TimeWindowedKStream, WindowStoreOptions,
};
pub use error::{Error, ErrorKind, Result};
pub use operators::policies::{ErrorPolicies, ErrorPolicy};
pub use operators::sink::Partitioning;
pub use operators::source::{RecordTimestamp, TimestampExtractor};
pub use operators::{Change, DropCounts, DropReason, RecordMetadata};
pub use record::{Header, Headers, Record};
pub use topic::{Store, Topic};
pub use topology::Topology;

/// User code with state and timers: Kafka's Processor API.
pub mod processor {
    pub use crate::operators::{
        FixedKeyContext, FixedKeyProcessor, Processor, ProcessorContext, Punctuation, PunctuationId,
        PunctuationType, RecordMetadata, UserResult,
    };
}
