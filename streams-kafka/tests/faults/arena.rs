//! The cluster that all scenarios share, of which one broker at a time is away.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use streams_kafka::testing::{Cluster, ClusterOptions, Lane};

/// Processes that can be cut off at the same time.
const LANES: usize = 8;

pub(crate) struct Arena {
    pub(crate) cluster: Cluster,
    turn: Mutex<()>,
    lanes: AtomicUsize,
}

impl Arena {
    /// The one of this test program. It ends with the process.
    pub(crate) fn shared() -> &'static Arena {
        static SHARED: OnceLock<Arena> = OnceLock::new();
        SHARED.get_or_init(|| {
            let options =
                ClusterOptions { brokers: 3, lanes: LANES, heap: "320m".into(), ..ClusterOptions::default() };
            let cluster = Cluster::start(&options).unwrap();
            Arena { cluster, turn: Mutex::default(), lanes: AtomicUsize::new(0) }
        })
    }

    /// The right to use the cluster: one test has it at a time, since others may kill its brokers.
    pub(crate) fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to do something to a broker.
    pub(crate) fn brokers(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane for one process; scenarios that run at the same time get different ones.
    pub(crate) fn lane(&self) -> &Lane {
        self.cluster.lane(self.lanes.fetch_add(1, Ordering::Relaxed) % LANES)
    }
}
