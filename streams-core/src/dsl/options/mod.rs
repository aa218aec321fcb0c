//! Option structs: each has a constructor for what is needed and methods for what is optional.

mod consumed;
mod grouped;
mod joined;
mod materialized;
mod produced;
mod repartitioned;
mod store;
mod stream_joined;

pub use consumed::Consumed;
pub use grouped::Grouped;
pub use joined::Joined;
pub use materialized::Materialized;
pub use produced::Produced;
pub use repartitioned::Repartitioned;
pub use store::{StoreOptions, WindowStoreOptions};
pub use stream_joined::StreamJoined;
