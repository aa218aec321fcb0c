//! How to open an embedded log.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::assignment::{Assignor, StickyAssignor};
use crate::time::{Timestamp, millis};

/// When what is written is forced to the disk.
///
/// Every policy survives the end of the process at any instant, `kill -9` included: what is committed is with the
/// operating system. The policies differ in what a power loss takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FsyncPolicy {
    /// A power loss takes at most the commits of about this long: the newest ones, whole ones only.
    Interval(Duration),
    /// A power loss takes nothing. Every commit waits for the disk.
    EveryCommit,
    /// Left to the operating system but for a clean close and the journal's rotation.
    Never,
}

/// Tells the time in milliseconds since the epoch: the log's only source of it.
pub type ClockFn = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Settings of an embedded log.
#[derive(Clone)]
pub struct EmbeddedLogOptions {
    /// When what is written is forced to the disk; every second by default. Nothing to a log in memory.
    pub fsync: FsyncPolicy,
    /// The time, for the sessions of group members and for the retention done in the background. The real one by
    /// default.
    pub clock: ClockFn,
    /// How often the background thread of a durable log applies retention and compaction; every 30 seconds by
    /// default. `None`: only when [`EmbeddedLog::clean`](super::EmbeddedLog::clean) is called.
    pub clean_interval: Option<Duration>,
    /// The journal is rewritten when this much was appended to it since the last time; 4 MiB by default.
    pub journal_bytes: u64,
    /// How many segment files are kept open; 256 by default.
    pub max_open_files: usize,
    /// How members of a group share its partitions; [`StickyAssignor`] by default. [`RangeAssignor`] does what groups of
    /// Kafka do.
    ///
    /// [`RangeAssignor`]: crate::assignment::RangeAssignor
    pub assignor: Arc<dyn Assignor>,
    /// Upper half of the ids of topics of a new log. By default random for a durable log, so that no two logs have
    /// a topic id in common, and 0 for one in memory.
    pub log_id: Option<u64>,
}

impl Default for EmbeddedLogOptions {
    fn default() -> Self {
        EmbeddedLogOptions {
            fsync: FsyncPolicy::Interval(Duration::from_secs(1)),
            clock: system_clock(),
            clean_interval: Some(Duration::from_secs(30)),
            journal_bytes: 4 << 20,
            max_open_files: 256,
            assignor: Arc::new(StickyAssignor),
            log_id: None,
        }
    }
}

impl fmt::Debug for EmbeddedLogOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedLogOptions")
            .field("fsync", &self.fsync)
            .field("clean_interval", &self.clean_interval)
            .field("journal_bytes", &self.journal_bytes)
            .field("max_open_files", &self.max_open_files)
            .field("assignor", &self.assignor)
            .field("log_id", &self.log_id)
            .finish_non_exhaustive()
    }
}

/// The wall clock as it was when this was called, moved on by a clock that never goes back.
fn system_clock() -> ClockFn {
    let started = Instant::now();
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Arc::new(move || millis(since_epoch.saturating_add(started.elapsed())))
}
