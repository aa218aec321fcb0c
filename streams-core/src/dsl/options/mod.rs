//! Option structs: each has a constructor for what is needed and methods for what is optional.

mod consumed;
mod grouped;
mod materialized;
mod produced;
mod repartitioned;
mod store;

pub use consumed::Consumed;
pub use grouped::Grouped;
pub use materialized::Materialized;
pub use produced::Produced;
pub use repartitioned::Repartitioned;
pub use store::{StoreOptions, WindowStoreOptions};
