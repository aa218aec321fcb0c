//! Every metric there is, with where its value comes from. Names that begin with `kafka_` are Kafka's, with Kafka's
//! meaning and units; the others are ours, in base units.

use super::text::{Family, Kind};
use crate::runtime::metrics::{
    InputMetrics, Metrics, OutputMetrics, StoreMetrics, TaskMetrics, TaskPhase, ThreadMetrics, ThreadPhase,
};
use crate::runtime::state::AppState;
use crate::state::RestoreProgress;
use crate::time::UNKNOWN;

const fn counter<T>(name: &'static str, help: &'static str, value: fn(&T) -> Option<f64>) -> Family<T> {
    Family { name, kind: Kind::Counter, help, value }
}

const fn gauge<T>(name: &'static str, help: &'static str, value: fn(&T) -> Option<f64>) -> Family<T> {
    Family { name, kind: Kind::Gauge, help, value }
}

/// Kafka's latencies are in milliseconds.
fn ms(time: std::time::Duration) -> Option<f64> {
    Some(time.as_secs_f64() * 1e3)
}

fn seconds(time: std::time::Duration) -> Option<f64> {
    Some(time.as_secs_f64())
}

fn count(number: u64) -> Option<f64> {
    Some(number as f64)
}

fn size(number: usize) -> Option<f64> {
    Some(number as f64)
}

/// The ordinal of Kafka's `KafkaStreams.State`.
fn client_state(state: &AppState) -> f64 {
    match state {
        AppState::Created => 0.0,
        AppState::Rebalancing | AppState::Restoring => 1.0,
        AppState::Running => 2.0,
        AppState::Stopping => 3.0,
        AppState::Stopped => 4.0,
        AppState::Failed { .. } => 6.0,
    }
}

/// The ordinal of Kafka's `StreamThread.State`.
fn thread_state(phase: ThreadPhase) -> f64 {
    match phase {
        ThreadPhase::Starting => 1.0,
        ThreadPhase::Restoring => 3.0,
        ThreadPhase::Running => 4.0,
        ThreadPhase::Ended | ThreadPhase::Failed => 6.0,
    }
}

/// Labels: `client_id`.
#[rustfmt::skip]
pub(super) const CLIENT: &[Family<Metrics>] = &[
    gauge("kafka_streams_stream_metrics_client_state", "State: 0 created, 1 rebalancing or restoring, 2 running, 3 stopping, 4 stopped, 6 failed", |m| Some(client_state(&m.state))),
    gauge("kafka_streams_stream_metrics_alive_stream_threads", "Worker threads that run", |m| size(m.alive_threads())),
    gauge("kafka_streams_stream_metrics_failed_stream_threads", "Worker threads that ended by an error", |m| size(m.threads.iter().filter(|t| t.phase == ThreadPhase::Failed).count())),
    gauge("streams_live", "1 while no thread stands still and nothing has failed", |m| Some(f64::from(m.health.live.ok))),
    gauge("streams_ready", "1 while all tasks that are owned run, with their state restored", |m| Some(f64::from(m.health.ready.ok))),
    gauge("streams_uptime_seconds", "Time since the start", |m| seconds(m.uptime)),
    counter("streams_consumed_records_total", "Records processed; those of aborted transactions each time", |m| count(m.consumed)),
    counter("streams_produced_records_total", "Records sent, to changelogs and repartition topics too", |m| count(m.produced)),
    counter("streams_commits_total", "Commits that had something to commit", |m| count(m.commits)),
    counter("streams_failed_transactions_total", "Transactions that failed, after which tasks went back to what is committed", |m| count(m.restarts)),
    counter("streams_restored_records_total", "Changelog records read to restore stores", |m| count(m.restored)),
    counter("streams_rebalances_total", "Changes of what belongs to this process", |m| count(m.rebalances)),
    gauge("streams_memory_limit_bytes", "Memory that all stores together may use", |m| size(m.memory.limit)),
    gauge("streams_memory_used_bytes", "Memory that all stores together use, estimated", |m| size(m.memory.used)),
    gauge("streams_memory_pending_bytes", "Of it, committed entries that the engine does not have yet", |m| size(m.memory.pending)),
    gauge("streams_memory_dirty_bytes", "Uncommitted entries", |m| size(m.memory.dirty)),
];

/// Labels: `thread_id`.
#[rustfmt::skip]
pub(super) const THREAD: &[Family<ThreadMetrics>] = &[
    gauge("kafka_streams_stream_thread_metrics_thread_state", "State: 1 starting, 3 restoring, 4 running, 6 ended", |t| Some(thread_state(t.phase))),
    gauge("kafka_streams_stream_thread_metrics_thread_start_time", "When the thread began, in milliseconds since the epoch", |t| Some(t.started as f64)),
    counter("kafka_streams_stream_thread_metrics_task_created_total", "Tasks opened", |t| count(t.tasks_created)),
    counter("kafka_streams_stream_thread_metrics_task_closed_total", "Tasks closed", |t| count(t.tasks_closed)),
    counter("kafka_streams_stream_thread_metrics_poll_total", "Turns of the loop that asked the log for records", |t| count(t.poll.count)),
    gauge("kafka_streams_stream_thread_metrics_poll_rate", "Such turns per second", |t| Some(t.poll.rate)),
    gauge("kafka_streams_stream_thread_metrics_poll_latency_avg", "Milliseconds to take records from the log, per turn", |t| ms(t.poll.mean)),
    gauge("kafka_streams_stream_thread_metrics_poll_latency_max", "The most of them", |t| ms(t.poll.max)),
    gauge("kafka_streams_stream_thread_metrics_poll_ratio", "Share of the time spent taking records from the log", |t| Some(t.poll.ratio)),
    gauge("kafka_streams_stream_thread_metrics_poll_records_avg", "Records taken from the log per turn that took some", |t| Some(t.poll_records.mean)),
    gauge("kafka_streams_stream_thread_metrics_poll_records_max", "The most of them", |t| Some(t.poll_records.max)),
    counter("kafka_streams_stream_thread_metrics_process_total", "Records processed", |t| count(t.process.count)),
    gauge("kafka_streams_stream_thread_metrics_process_rate", "Records processed per second", |t| Some(t.process.rate)),
    gauge("kafka_streams_stream_thread_metrics_process_latency_avg", "Milliseconds to process a record", |t| ms(t.process.mean)),
    gauge("kafka_streams_stream_thread_metrics_process_latency_max", "The highest average of a run of up to 256 records", |t| ms(t.process.max)),
    gauge("kafka_streams_stream_thread_metrics_process_ratio", "Share of the time spent processing", |t| Some(t.process.ratio)),
    gauge("kafka_streams_stream_thread_metrics_process_records_avg", "Records processed per turn that processed some", |t| Some(t.process_records.mean)),
    gauge("kafka_streams_stream_thread_metrics_process_records_max", "The most of them", |t| Some(t.process_records.max)),
    counter("kafka_streams_stream_thread_metrics_punctuate_total", "Punctuations by the wall clock", |t| count(t.punctuate.count)),
    gauge("kafka_streams_stream_thread_metrics_punctuate_rate", "Punctuations by the wall clock per second", |t| Some(t.punctuate.rate)),
    gauge("kafka_streams_stream_thread_metrics_punctuate_latency_avg", "Milliseconds that one takes", |t| ms(t.punctuate.mean)),
    gauge("kafka_streams_stream_thread_metrics_punctuate_latency_max", "The most of them", |t| ms(t.punctuate.max)),
    gauge("kafka_streams_stream_thread_metrics_punctuate_ratio", "Share of the time spent in them", |t| Some(t.punctuate.ratio)),
    counter("kafka_streams_stream_thread_metrics_commit_total", "Commits that had something to commit", |t| count(t.commit.count)),
    gauge("kafka_streams_stream_thread_metrics_commit_rate", "Such commits per second", |t| Some(t.commit.rate)),
    gauge("kafka_streams_stream_thread_metrics_commit_latency_avg", "Milliseconds that one takes", |t| ms(t.commit.mean)),
    gauge("kafka_streams_stream_thread_metrics_commit_latency_max", "The most of them", |t| ms(t.commit.max)),
    gauge("kafka_streams_stream_thread_metrics_commit_ratio", "Share of the time spent committing", |t| Some(t.commit.ratio)),
    counter("kafka_streams_stream_thread_metrics_blocked_time_ns_total", "Nanoseconds spent waiting for the log to take and commit records", |t| Some(t.blocked.as_nanos() as f64)),
    gauge("streams_thread_tasks", "Tasks that the thread runs", |t| size(t.tasks)),
    counter("streams_thread_failed_transactions_total", "Transactions of the thread that failed", |t| count(t.failed_transactions)),
    counter("streams_thread_poll_seconds_total", "Time spent taking records from the log", |t| seconds(t.poll.total)),
    counter("streams_thread_process_seconds_total", "Time spent processing", |t| seconds(t.process.total)),
    counter("streams_thread_punctuate_seconds_total", "Time spent in punctuations by the wall clock", |t| seconds(t.punctuate.total)),
    counter("streams_thread_commit_seconds_total", "Time spent committing", |t| seconds(t.commit.total)),
    counter("streams_thread_idle_seconds_total", "Time spent waiting for something to do", |t| seconds(t.idle)),
];

/// Labels: `thread_id`, `task_id`.
#[rustfmt::skip]
pub(super) const TASK: &[Family<TaskMetrics>] = &[
    counter("kafka_streams_stream_task_metrics_process_total", "Records processed", |t| count(t.consumed)),
    gauge("kafka_streams_stream_task_metrics_process_rate", "Records processed per second", |t| Some(t.process.rate)),
    gauge("kafka_streams_stream_task_metrics_process_latency_avg", "Milliseconds to process a record", |t| ms(t.process.mean)),
    gauge("kafka_streams_stream_task_metrics_process_latency_max", "The highest average of a run of up to 256 records", |t| ms(t.process.max)),
    gauge("kafka_streams_stream_task_metrics_active_process_ratio", "Share of its thread's time spent processing this task", |t| Some(t.process.ratio)),
    counter("kafka_streams_stream_task_metrics_punctuate_total", "Punctuations by the wall clock", |t| count(t.punctuate.count)),
    gauge("kafka_streams_stream_task_metrics_punctuate_rate", "Punctuations by the wall clock per second", |t| Some(t.punctuate.rate)),
    gauge("kafka_streams_stream_task_metrics_punctuate_latency_avg", "Milliseconds that one takes", |t| ms(t.punctuate.mean)),
    gauge("kafka_streams_stream_task_metrics_punctuate_latency_max", "The most of them", |t| ms(t.punctuate.max)),
    counter("kafka_streams_stream_task_metrics_commit_total", "Commits that had something of the task to commit", |t| count(t.commits)),
    gauge("kafka_streams_stream_task_metrics_record_lateness_avg", "Milliseconds that records were behind the stream time; a sample per run of up to 256 records", |t| Some(t.lateness.mean)),
    gauge("kafka_streams_stream_task_metrics_record_lateness_max", "The most of them", |t| Some(t.lateness.max)),
    counter("kafka_streams_stream_task_metrics_dropped_records_total", "Records dropped, for whatever reason", |t| count(t.dropped.iter().map(|d| d.count).sum())),
    gauge("kafka_streams_stream_task_metrics_active_buffer_count", "Records read and not processed yet", |t| size(t.buffered)),
    gauge("kafka_streams_stream_task_metrics_input_buffer_bytes_total", "Bytes of the batches that they are in", |t| size(t.buffered_bytes)),
    gauge("kafka_streams_stream_task_metrics_cache_size_bytes_total", "Memory of the entries of its stores", |t| size(t.stores.iter().map(|s| s.usage.hot_bytes).sum())),
    counter("kafka_streams_stream_task_metrics_restore_total", "Changelog records read to restore its stores", |t| count(t.restored)),
    gauge("kafka_streams_stream_task_metrics_restore_rate", "Changelog records read per second while restoring", |t| (t.phase == TaskPhase::Restoring).then(|| t.restore.iter().map(|s| s.rate).sum())),
    gauge("kafka_streams_stream_task_metrics_restore_remaining_records_total", "Offsets left to restore", |t| count(t.restore_remaining())),
    gauge("streams_task_restoring", "1 while its stores are being restored", |t| Some(f64::from(t.phase == TaskPhase::Restoring))),
    gauge("streams_task_stream_time_seconds", "Highest event time taken up, in seconds since the epoch", |t| (t.stream_time != UNKNOWN).then_some(t.stream_time as f64 / 1e3)),
    counter("streams_task_process_seconds_total", "Time spent processing", |t| seconds(t.process.total)),
    counter("streams_task_flushes_total", "Background writes of committed state to the engine", |t| count(t.flush.time.count)),
    counter("streams_task_flush_seconds_total", "Time that they took", |t| seconds(t.flush.time.total)),
    gauge("streams_task_flush_seconds_max", "The longest of them", |t| seconds(t.flush.time.max)),
    counter("streams_task_flushed_rows_total", "Rows put or removed by them", |t| count(t.flush.rows)),
    counter("streams_task_flushed_bytes_total", "Bytes of their keys and values", |t| count(t.flush.bytes)),
];

/// Labels: `thread_id`, `task_id`, `processor_node_id` of sources.
#[rustfmt::skip]
pub(super) const NODE: &[Family<TaskMetrics>] = &[
    gauge("kafka_streams_stream_processor_node_metrics_record_e2e_latency_min", "Milliseconds from a record's timestamp to its processing; a sample per run of up to 256 records", |t| Some(t.latency.min)),
    gauge("kafka_streams_stream_processor_node_metrics_record_e2e_latency_avg", "The mean of them", |t| Some(t.latency.mean)),
    gauge("kafka_streams_stream_processor_node_metrics_record_e2e_latency_max", "The most of them", |t| Some(t.latency.max)),
];

/// Labels: `thread_id`, `task_id`, `processor_node_id`, `topic_name`.
#[rustfmt::skip]
pub(super) const INPUT: &[Family<InputMetrics>] = &[
    counter("kafka_streams_stream_topic_metrics_records_consumed_total", "Records processed", |i| count(i.records)),
    counter("kafka_streams_stream_topic_metrics_bytes_consumed_total", "Bytes read", |i| count(i.bytes)),
];

/// Labels: `client_id`, `topic`, `partition`.
#[rustfmt::skip]
pub(super) const PARTITION: &[Family<InputMetrics>] = &[
    gauge("kafka_consumer_consumer_fetch_manager_metrics_records_lag", "Records between what is processed and the end", |i| i.lag.and_then(count)),
    gauge("streams_partition_position", "Offset behind the last record processed", |i| i.position.map(|offset| offset as f64)),
];

/// Labels: `thread_id`, `task_id`, `processor_node_id`, `topic_name`.
#[rustfmt::skip]
pub(super) const OUTPUT: &[Family<OutputMetrics>] = &[
    counter("kafka_streams_stream_topic_metrics_records_produced_total", "Records sent", |o| count(o.records)),
    counter("kafka_streams_stream_topic_metrics_bytes_produced_total", "Bytes of their keys, values and headers", |o| count(o.bytes)),
];

/// Labels: `thread_id`, `task_id`, `store`.
#[rustfmt::skip]
pub(super) const STORE: &[Family<StoreMetrics>] = &[
    gauge("streams_store_entries", "Rows, about", |s| count(s.usage.entries)),
    gauge("streams_store_hot_bytes", "Memory of entries that are held typed", |s| size(s.usage.hot_bytes)),
    gauge("streams_store_dirty_bytes", "Of it, uncommitted ones", |s| size(s.usage.dirty_bytes)),
    gauge("streams_store_pending_bytes", "Memory of committed entries that the engine does not have yet", |s| size(s.usage.pending_bytes)),
];

/// Labels: `thread_id`, `task_id`, `store`.
#[rustfmt::skip]
pub(super) const RESTORE: &[Family<RestoreProgress>] = &[
    counter("streams_store_restored_records_total", "Changelog records read to restore it", |r| count(r.restored)),
    counter("streams_store_restored_bytes_total", "Bytes of them", |r| count(r.bytes)),
    gauge("streams_store_restore_remaining_records", "Offsets left to restore", |r| Some((r.end - r.position).max(0) as f64)),
    gauge("streams_store_restore_eta_seconds", "Time left at the speed so far", |r| r.eta.and_then(seconds)),
];

/// Labels: `client_id`, `processor_node_id`, `reason`.
pub(super) const DROPPED: &str = "streams_dropped_records_total";
/// Labels: `client_id`, `application_id`, `process_id`, `version`, `topology`, `guarantee`.
pub(super) const INFO: &str = "streams_info";
/// Labels: `client_id`, `state`.
pub(super) const STATE: &str = "streams_state";
/// Labels: `client_id`, `check`, `reason`.
pub(super) const HEALTH: &str = "streams_health";
