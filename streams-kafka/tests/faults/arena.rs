//! The cluster that all scenarios share, of which one broker at a time is away.

use std::ops::Deref;
use std::sync::{
    Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

use streams_kafka::testing::{Cluster, ClusterOptions, Lane};

/// Processes that can be cut off at the same time.
const LANES: usize = 4;

pub(crate) struct Arena {
    pub(crate) cluster: Cluster,
    turn: Mutex<()>,
    /// Lanes that nobody has.
    free: Mutex<Vec<usize>>,
    given_back: Condvar,
}

/// Whether somebody may do something to brokers.
static BROKERS: RwLock<()> = RwLock::new(());

impl Arena {
    /// The one of this test program. It ends with the process.
    pub(crate) fn shared() -> &'static Arena {
        static SHARED: OnceLock<Arena> = OnceLock::new();
        SHARED.get_or_init(|| {
            let options =
                ClusterOptions { brokers: 3, lanes: LANES, heap: "320m".into(), ..ClusterOptions::default() };
            let cluster = Cluster::start(&options).unwrap();
            let free = Mutex::new((0..LANES).collect());
            Arena { cluster, turn: Mutex::default(), free, given_back: Condvar::new() }
        })
    }

    /// The right to use the cluster alone, for a test that does something to its brokers.
    pub(crate) fn alone() -> RwLockWriteGuard<'static, ()> {
        BROKERS.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to use the cluster beside others, none of whom does anything to its brokers.
    pub(crate) fn beside_others() -> RwLockReadGuard<'static, ()> {
        BROKERS.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to do something to a broker, for one scenario of a test at a time.
    pub(crate) fn brokers(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane for one process, which nobody else has until it is dropped.
    pub(crate) fn lane(&'static self) -> TakenLane {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.given_back.wait_while(free, |free| free.is_empty());
        let number = waited.unwrap_or_else(PoisonError::into_inner).pop().unwrap();
        TakenLane { arena: self, number }
    }
}

/// A lane that belongs to one scenario. It is healed when that is over.
pub(crate) struct TakenLane {
    arena: &'static Arena,
    number: usize,
}

impl Deref for TakenLane {
    type Target = Lane;

    fn deref(&self) -> &Lane {
        self.arena.cluster.lane(self.number)
    }
}

impl Drop for TakenLane {
    fn drop(&mut self) {
        self.heal();
        self.arena.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.number);
        self.arena.given_back.notify_one();
    }
}
