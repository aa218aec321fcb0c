//! The records of the service and how they become bytes.

mod click;
mod event;
mod metrics;

pub use click::{Click, SiteCategory};
pub use event::AdEvent;
pub use metrics::{Counts, CtrMetrics, ctr};
