//! What users write: handles to a graph that is being built. No logic beyond adding nodes.

mod builder;
mod co_locate;
mod grouped;
mod grouped_table;
mod handle;
mod join_key;
mod kstream;
mod ktable;
mod materialize;
mod options;
mod split;
mod stream_join;
mod windowed;

pub use builder::StreamsBuilder;
pub use grouped::{KGroupedStream, Key};
pub use grouped_table::KGroupedTable;
pub use kstream::KStream;
pub use ktable::KTable;
pub use options::{
    Consumed, Grouped, Joined, Materialized, Produced, Repartitioned, StoreOptions, StreamJoined,
    WindowStoreOptions,
};
pub use split::Split;
pub use windowed::{EmitStrategy, TimeWindowedKStream};
