//! What an application is doing, seen from outside.

use std::fmt;

use crate::error::ErrorKind;

/// What an application is doing.
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
