//! Runs a topology on a log.
//!
//! One coordinator thread is the application's member of its consumer group and decides which worker runs which
//! task; worker threads own tasks, read their partitions, process and commit; one thread writes committed state to
//! the engine. The hot path is synchronous and belongs to one thread per task: threads exchange messages only when
//! tasks come, go or commit. Nothing here is global, so any number of applications run side by side in a process.
//!
//! # In operation
//!
//! [`AppHandle::monitor`] gives a [`Monitor`], which any thread may ask, for example that of an HTTP server:
//!
//! - [`Monitor::metrics`]: counters of the application, its threads, tasks, topics and stores. [`Metrics::to_prometheus`]
//!   is the same as text, with Kafka's names where Kafka has the metric; its page has the table. What to look at first:
//!   lag, dropped records by reason, `streams_ready`, the ratios of the threads, failed transactions.
//! - [`Monitor::health`]: *live* is false when a thread stands still for longer than
//!   [`Config::stuck_after`], also one that holds a store, or when the application has failed: restarting the process
//!   helps. *Ready* is true when all tasks that belong to the process run with restored stores. Both say why, in a code
//!   and in words: `worker 1 has not come round for 61 s, processing: task 0_1, at or behind node ... record words-1@4711`.
//!   Calls of the log count for readiness after 5 s, and for liveness after ten times `stuck_after`: a broker that is away
//!   is no reason to restart. The thread that writes to the engine in the background is not watched.
//! - [`AppHandle::state`]: [`AppState`] to watch, with all transitions.
//!
//! None of these waits for a thread that runs.
//!
//! Log lines are `tracing` events under the target `streams_core`, in a span `streams` with the field `application` and,
//! on workers, a span `worker` with its number. Things are always in the same fields: `task`, `topic`, `partition`
//! (or `partitions`), `offset`, `store`, `node`, `records`, `bytes`, `elapsed_ms`, `error`.
//!
//! | level | what |
//! |---|---|
//! | error | the application fails |
//! | warn | a transaction failed, partitions were lost, a thread stands still, state cannot be used, something is tried again |
//! | info | `starting` (version, process, guarantee, threads, engine, log), `topic created`, `partitions assigned` and `revoked`, `task assigned` with its worker, `restored` with records and time, state changes, `task closed`, `stopped` with the time of each step |
//! | debug | `committed` with positions, `state written`, each dropped record with its reason |

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
mod panics;
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
