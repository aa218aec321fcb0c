//! Whether an application is alive and ready, with the reason.

use std::fmt;
use std::time::{Duration, Instant};

use crate::runtime::metrics::{TaskMetrics, TaskPhase};
use crate::runtime::monitor::Monitor;
use crate::runtime::pulse::Doing;
use crate::runtime::state::AppState;

/// A wait for the log that takes longer is said.
const LOG_PATIENCE: Duration = Duration::from_secs(5);
/// A thread that has nothing to do comes round this often at least.
const REST: Duration = Duration::from_secs(10);
/// Calls of the log have time limits of their own: they may take so many times longer than anything else.
const LOG_FACTOR: u32 = 10;

/// The answers to what an orchestrator asks: is the process to be restarted, and is it to be given work.
///
/// [`live`](Self::live) is false if restarting the process is what helps: a thread stands still, or the application has
/// failed. [`ready`](Self::ready) is true while all tasks that belong to this process run with their state restored.
/// A process that restores or waits for a broker is not ready, and alive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether the process is to be left alone.
    pub live: Check,
    /// Whether it does its work.
    pub ready: Check,
}

/// One answer, with its reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// Yes or no.
    pub ok: bool,
    /// Why, for code that decides by it.
    pub reason: HealthReason,
    /// Why, for people: names threads, tasks, nodes and records.
    pub text: String,
}

/// Why an application is alive and ready, or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HealthReason {
    /// It has not joined its group yet.
    #[default]
    Starting,
    /// Everything runs.
    Running,
    /// Partitions are being handed out.
    Rebalancing,
    /// Stores are being restored.
    Restoring,
    /// The log does not answer, or has to wait for something.
    WaitingForLog,
    /// A thread stands still.
    Stuck,
    /// A stop was asked for.
    Stopping,
    /// It has stopped as asked.
    Stopped,
    /// It has stopped by an error.
    Failed,
}

impl HealthReason {
    /// The code used in JSON and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            HealthReason::Starting => "starting",
            HealthReason::Running => "running",
            HealthReason::Rebalancing => "rebalancing",
            HealthReason::Restoring => "restoring",
            HealthReason::WaitingForLog => "waiting-for-log",
            HealthReason::Stuck => "stuck",
            HealthReason::Stopping => "stopping",
            HealthReason::Stopped => "stopped",
            HealthReason::Failed => "failed",
        }
    }
}

impl fmt::Display for HealthReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Check {
    fn yes(reason: HealthReason, text: impl Into<String>) -> Self {
        Check { ok: true, reason, text: text.into() }
    }

    fn no(reason: HealthReason, text: impl Into<String>) -> Self {
        Check { ok: false, reason, text: text.into() }
    }

    /// As JSON: `{"ok":false,"reason":"restoring","text":"..."}`.
    pub fn to_json(&self) -> String {
        serde_json::json!({"ok": self.ok, "reason": self.reason.code(), "text": self.text}).to_string()
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", if self.ok { "ok" } else { "not ok" }, self.text)
    }
}

impl Health {
    pub(super) fn of(monitor: &Monitor) -> Self {
        let threads = Threads::look(monitor);
        let state = monitor.state().borrow().clone();
        let live = live(monitor, &state, &threads);
        let ready = ready(monitor, &state, &threads, &live);
        Health { live, ready }
    }
}

/// What the threads are at, and how long each has been at the same thing.
struct Threads {
    still: Vec<Duration>,
}

impl Threads {
    fn look(monitor: &Monitor) -> Threads {
        Threads { still: monitor.look(Instant::now()) }
    }

    /// The first thread that has been longer at what it does than `limit` allows for that.
    fn first(&self, monitor: &Monitor, limit: impl Fn(Doing) -> Option<Duration>) -> Option<String> {
        let exceeds = |(index, still): (usize, &Duration)| {
            (limit(monitor.pulse(index).doing())? < *still).then(|| monitor.describe_still(index, *still))
        };
        self.still.iter().enumerate().find_map(exceeds)
    }
}

/// How long a thread may be at the same thing before it is stuck.
pub(super) fn limit_of(doing: Doing, stuck_after: Duration) -> Option<Duration> {
    match doing {
        Doing::Waiting | Doing::Ended => None,
        // Whoever has nothing to do looks round by itself.
        Doing::Resting => Some(stuck_after.saturating_add(REST)),
        doing if doing.is_of_log() => Some(stuck_after.saturating_mul(LOG_FACTOR)),
        _ => Some(stuck_after),
    }
}

fn live(monitor: &Monitor, state: &AppState, threads: &Threads) -> Check {
    match state {
        AppState::Failed { message, .. } => return Check::no(HealthReason::Failed, message.clone()),
        AppState::Stopped => return Check::yes(HealthReason::Stopped, "stopped as asked"),
        _ => {}
    }
    let stuck_after = monitor.stuck_after();
    match threads.first(monitor, |doing| limit_of(doing, stuck_after)) {
        Some(text) => Check::no(
            HealthReason::Stuck,
            format!("{text}; more than the setting `stuck-after` ({}) allows", seconds(stuck_after)),
        ),
        None => Check::yes(HealthReason::Running, "all threads come round"),
    }
}

fn ready(monitor: &Monitor, state: &AppState, threads: &Threads, live: &Check) -> Check {
    match state {
        AppState::Failed { message, .. } => return Check::no(HealthReason::Failed, message.clone()),
        AppState::Stopped => return Check::no(HealthReason::Stopped, "stopped as asked"),
        AppState::Stopping => {
            return Check::no(HealthReason::Stopping, "stopping: what is under way is being committed");
        }
        AppState::Created => return Check::no(HealthReason::Starting, "it has not joined its group yet"),
        _ if !live.ok => return live.clone(),
        _ => {}
    }
    if let Some(text) = monitor.waiting() {
        return Check::no(HealthReason::WaitingForLog, text);
    }
    if let Some(text) = threads.first(monitor, |doing| doing.is_of_log().then_some(LOG_PATIENCE)) {
        return Check::no(HealthReason::WaitingForLog, format!("waiting for the log: {text}"));
    }
    let since = seconds(monitor.in_state_for());
    match state {
        AppState::Restoring => Check::no(HealthReason::Restoring, restoring(monitor)),
        AppState::Running => {
            let tasks = monitor.tasks().len();
            Check::yes(HealthReason::Running, format!("running {tasks} tasks since {since}"))
        }
        _ => Check::no(
            HealthReason::Rebalancing,
            format!("rebalancing since {since}: the group hands out partitions, or tasks are being moved"),
        ),
    }
}

/// How far the restore of all tasks together has come.
fn restoring(monitor: &Monitor) -> String {
    let tasks = monitor.tasks();
    let open: Vec<_> = tasks.iter().filter(|task| task.phase == TaskPhase::Restoring).collect();
    if open.is_empty() {
        return "tasks are being opened".to_owned();
    }
    let done: u64 = tasks.iter().map(|task| task.restored).sum();
    let left: u64 = tasks.iter().map(TaskMetrics::restore_remaining).sum();
    let stores = || open.iter().flat_map(|task| &task.restore).filter(|store| store.position < store.end);
    let eta = stores().map(|store| store.eta).max_by_key(|eta| eta.unwrap_or(Duration::MAX)).flatten();
    let eta = eta.map_or("time left unknown".to_owned(), |eta| format!("about {} left", seconds(eta)));
    let names: Vec<String> = open.iter().map(|task| task.task.to_string()).collect();
    format!("restoring {done} of {} records, {eta}; tasks {}", done + left, names.join(" "))
}

/// A length of time for people.
pub(super) fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} s", time.as_secs())
    }
}
