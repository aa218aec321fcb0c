//! Restoring stores from their changelogs.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::ids::Offset;
use crate::record::RecordBatch;
use crate::state::task_state::TaskState;

/// Fills the stores of a task from their changelogs, any number of them side by side.
///
/// Records gather in memory, the last one per key, and go to the engine sorted, with the offset they reach up to, when
/// somebody flushes the task: [`wants_flush`](TaskState::wants_flush) says when that is due. So a short tail touches no
/// engine, and a restore that is cut off goes on from there.
pub struct Restorer {
    task: Arc<TaskState>,
    stores: Vec<Restoring>,
}

#[derive(Debug, Clone, Default)]
struct Restoring {
    begun: Option<Duration>,
    restored: u64,
    expired: u64,
    bytes: u64,
    start: Offset,
    position: Offset,
    end: Offset,
}

/// How far a restore has come.
#[derive(Debug, Clone, PartialEq)]
pub struct RestoreProgress {
    /// The store's name.
    pub store: String,
    /// Records read.
    pub restored: u64,
    /// Of them, records of windows that had expired already.
    pub expired: u64,
    /// Bytes of the records read.
    pub bytes: u64,
    /// Offset of the next record to be read.
    pub position: Offset,
    /// Offset to be reached.
    pub end: Offset,
    /// Records per second since the beginning; 0 if no time has passed.
    pub rate: f64,
    /// Time left at the speed so far; `None` if nothing can be said.
    pub eta: Option<Duration>,
}

impl Restorer {
    /// A restore into `task`.
    pub fn new(task: Arc<TaskState>) -> Self {
        let stores = vec![Restoring::default(); task.len()];
        Restorer { task, stores }
    }

    /// The task it fills.
    pub fn task(&self) -> &Arc<TaskState> {
        &self.task
    }

    /// Begins with a store: records from `start` (its checkpoint, or where its changelog starts) to before `end`.
    /// `now` is the time since any fixed moment, here and below.
    pub fn begin(&mut self, store: usize, start: Offset, end: Offset, now: Duration) {
        self.stores[store] =
            Restoring { begun: Some(now), start, position: start, end, ..Restoring::default() };
    }

    /// Takes over a piece of a store's changelog that ends before `position`. Errs on a key that cannot be one of the
    /// store's.
    pub fn apply(&mut self, store: usize, batch: &RecordBatch, position: Offset) -> Result<()> {
        let restoring = &mut self.stores[store];
        {
            // A flush meanwhile must not see the rows without the offset or the offset without the rows.
            let mut point = self.task.point();
            restoring.expired += self.task.stores[store].store.restore(&mut batch.iter())?;
            point.changelogs[store].offset = Some(position);
            point.changed = true;
        }
        restoring.restored += batch.len() as u64;
        restoring.bytes += batch.byte_len() as u64;
        restoring.position = position;
        Ok(())
    }

    /// Whether a store has reached its end.
    pub fn is_done(&self, store: usize) -> bool {
        let restoring = &self.stores[store];
        restoring.begun.is_some() && restoring.position >= restoring.end
    }

    /// How far a store has come at time `now`.
    pub fn progress(&self, store: usize, now: Duration) -> RestoreProgress {
        let Restoring { begun, restored, expired, bytes, start, position, end } = self.stores[store];
        let elapsed = begun.map_or(Duration::ZERO, |begun| now.saturating_sub(begun)).as_secs_f64();
        let rate = if elapsed > 0.0 { restored as f64 / elapsed } else { 0.0 };
        // By offsets, because a compacted changelog has fewer records than offsets.
        let (done, left) = ((position - start) as f64, (end - position).max(0) as f64);
        let eta = if left == 0.0 { Some(0.0) } else { (done > 0.0).then(|| elapsed * left / done) };
        RestoreProgress {
            store: self.task.stores[store].store.spec().name.clone(),
            restored,
            expired,
            bytes,
            position,
            end,
            rate,
            eta: eta.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        }
    }
}
