//! What users write: handles to a graph that is being built. No logic beyond adding nodes.

mod builder;
mod grouped;
mod handle;
mod kstream;
mod ktable;
mod materialize;
mod options;
mod split;
mod windowed;

pub use builder::StreamsBuilder;
pub use grouped::{KGroupedStream, Key};
pub use kstream::KStream;
pub use ktable::KTable;
pub use options::{
    Consumed, Grouped, Materialized, Produced, Repartitioned, StoreOptions, WindowStoreOptions,
};
pub use split::Split;
pub use windowed::{EmitStrategy, TimeWindowedKStream};
