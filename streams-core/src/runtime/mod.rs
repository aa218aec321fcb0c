//! Runs a topology on a log.
//!
//! One coordinator thread is the application's member of its consumer group and decides which worker runs which
//! task; worker threads own tasks, read their partitions, process and commit; one thread writes committed state to
//! the engine. The hot path is synchronous and belongs to one thread per task: threads exchange messages only when
//! tasks come, go or commit. Nothing here is global, so any number of applications run side by side in a process.

mod app;
mod client;
mod config;
mod coordinator;
mod flusher;
mod gauges;
mod handle;
mod health;
mod heartbeat;
mod latch;
mod listed;
mod mailbox;
mod metrics;
mod monitor;
mod pulse;
mod reset;
mod shared;
mod state;
mod topics;
mod worker;

pub use app::App;
pub use client::{Received, Start, Subscription, TopicProducer};
pub use config::{Config, Forwarding, Guarantee, OffsetReset, TaskIdle};
pub use handle::AppHandle;
pub use health::{Check, Health, HealthReason};
pub use metrics::{
    Dropped, FlushMetrics, Identity, InputMetrics, MemoryMetrics, Metrics, OutputMetrics, Spread,
    StoreMetrics, TaskMetrics, TaskPhase, ThreadMetrics, ThreadPhase, Timing,
};
pub use monitor::Monitor;
pub use reset::{PositionReset, ResetPlan, ResetTo};
pub use state::AppState;
