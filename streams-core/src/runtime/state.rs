//! What an application is doing, seen from outside.

use std::fmt;

use crate::error::ErrorKind;

/// What an application is doing.
///
/// | from | to | when |
/// |---|---|---|
/// | `Created` | `Rebalancing` | it has joined its group |
/// | `Rebalancing` | `Restoring` | all its partitions are handed out, and stores have to be filled |
/// | `Rebalancing`, `Restoring` | `Running` | all tasks run |
/// | `Restoring`, `Running` | `Rebalancing` | partitions come or go, or a transaction failed and its tasks are made anew |
/// | any of these | `Stopping` | a stop was asked for, the bounded input has ended, or it has failed |
/// | `Stopping` | `Stopped` | everything is committed |
/// | `Stopping` | `Failed` | it stops by an error |
///
/// A watcher sees the last state, and may miss one that was short. `Stopped` and `Failed` are final.
/// Kafka's names: `Restoring` is a part of `REBALANCING`, `Stopping` is `PENDING_SHUTDOWN` or `PENDING_ERROR`, `Stopped`
/// is `NOT_RUNNING`, and `Failed` is `ERROR`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AppState {
    /// Not started yet.
    #[default]
    Created,
    /// Partitions are being handed out.
    Rebalancing,
    /// Stores of some tasks are being restored; the other tasks run.
    Restoring,
    /// All tasks run.
    Running,
    /// A stop was asked for: what is under way is being committed.
    Stopping,
    /// Stopped; everything is committed.
    Stopped,
    /// Stopped by an error; nothing of what it broke is committed.
    Failed {
        /// The kind of the error.
        kind: ErrorKind,
        /// What happened, where, and what to do.
        message: String,
    },
}

impl AppState {
    /// Whether it will not change any more.
    pub fn is_final(&self) -> bool {
        matches!(self, AppState::Stopped | AppState::Failed { .. })
    }

    /// Its name, without what it failed of.
    pub const fn name(&self) -> &'static str {
        match self {
            AppState::Created => "created",
            AppState::Rebalancing => "rebalancing",
            AppState::Restoring => "restoring",
            AppState::Running => "running",
            AppState::Stopping => "stopping",
            AppState::Stopped => "stopped",
            AppState::Failed { .. } => "failed",
        }
    }
}

impl fmt::Display for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AppState::Failed { message, .. } => write!(f, "failed: {message}"),
            other => f.write_str(other.name()),
        }
    }
}
