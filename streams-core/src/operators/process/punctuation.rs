//! Timers of a task (reference section 5).

use std::time::Duration;

use crate::ids::NodeId;
use crate::time::{Timestamp, UNKNOWN, millis};

/// Which clock a punctuation follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PunctuationType {
    /// The task's stream time: fires only when records move it, first with the first record. What a processor
    /// schedules in `init` goes on after a restart where it was: the grid points that stream time had passed are past
    /// (Kafka's rule would fire once more).
    StreamTime,
    /// The machine's clock: first after one interval.
    WallClock,
}

/// One schedule, for telling several apart and for cancelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PunctuationId(u64);

/// A punctuation that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Punctuation {
    /// The schedule.
    pub id: PunctuationId,
    /// The clock's time now: not the time it was due at, if that was missed.
    pub time: Timestamp,
}

/// All schedules of a task.
#[derive(Default)]
pub(crate) struct Punctuations {
    schedules: Vec<Schedule>,
    next_id: u64,
    /// Stream time that was reached before a restart, while the nodes are told to begin.
    resumed: Option<Timestamp>,
}

struct Schedule {
    id: PunctuationId,
    node: NodeId,
    kind: PunctuationType,
    interval_ms: i64,
    due: Timestamp,
}

impl Punctuations {
    /// From now on schedules are those of a task that had come to this stream time before; `None` ends that.
    pub(crate) fn resume(&mut self, stream_time: Option<Timestamp>) {
        self.resumed = stream_time.filter(|time| *time != UNKNOWN);
    }

    /// Adds a schedule: on the grid `start + n * interval`. Without a start the grid is that of rules U-2 and U-3.
    pub(crate) fn add(
        &mut self,
        node: NodeId,
        kind: PunctuationType,
        interval: Duration,
        start: Option<Timestamp>,
        wall_clock: Timestamp,
    ) -> PunctuationId {
        let id = PunctuationId(self.next_id);
        self.next_id += 1;
        let interval_ms = millis(interval).max(1);
        let due = start.unwrap_or(match kind {
            PunctuationType::StreamTime => 0,
            PunctuationType::WallClock => wall_clock.saturating_add(interval_ms),
        });
        let mut schedule = Schedule { id, node, kind, interval_ms, due };
        if let Some(passed) = self.resumed.filter(|_| kind == PunctuationType::StreamTime) {
            schedule.pass(passed);
        }
        self.schedules.push(schedule);
        id
    }

    pub(crate) fn cancel(&mut self, id: PunctuationId) {
        self.schedules.retain(|s| s.id != id);
    }

    /// Whether any schedule follows the wall clock.
    pub(crate) fn next_wall_clock(&self) -> Option<Timestamp> {
        self.schedules.iter().filter(|s| s.kind == PunctuationType::WallClock).map(|s| s.due).min()
    }

    /// What is due at `now`, each at most once, by due time and then in the order scheduled; moves each to its
    /// first grid point behind `now` (rules U-4, U-8).
    pub(crate) fn take_due(&mut self, kind: PunctuationType, now: Timestamp) -> Vec<(NodeId, PunctuationId)> {
        if now == UNKNOWN || !self.schedules.iter().any(|s| s.kind == kind && s.due <= now) {
            return Vec::new();
        }
        let mut due: Vec<(Timestamp, PunctuationId, NodeId)> = Vec::new();
        for schedule in self.schedules.iter_mut().filter(|s| s.kind == kind && s.due <= now) {
            due.push((schedule.due, schedule.id, schedule.node));
            schedule.pass(now);
        }
        due.sort_by_key(|&(time, id, _)| (time, id));
        due.into_iter().map(|(_, id, node)| (node, id)).collect()
    }

    /// Whether the schedule is still there: an earlier callback may have cancelled it.
    pub(crate) fn contains(&self, id: PunctuationId) -> bool {
        self.schedules.iter().any(|s| s.id == id)
    }
}

impl Schedule {
    /// Moves on to the first grid point behind `now`, if it is due by then.
    fn pass(&mut self, now: Timestamp) {
        if self.due <= now {
            let missed = now.saturating_sub(self.due) / self.interval_ms;
            let steps = missed.saturating_add(1).saturating_mul(self.interval_ms);
            self.due = self.due.saturating_add(steps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fires(p: &mut Punctuations, kind: PunctuationType, times: &[i64]) -> Vec<i64> {
        times.iter().copied().filter(|&t| !p.take_due(kind, t).is_empty()).collect()
    }

    #[test]
    fn stream_time_fires_with_the_first_record_then_on_the_grid_and_skips_what_was_missed() {
        let mut p = Punctuations::default();
        p.add(NodeId(0), PunctuationType::StreamTime, Duration::from_millis(10), None, 0);
        assert_eq!(fires(&mut p, PunctuationType::StreamTime, &[3, 9, 10, 35, 36, 36, 40]), [3, 10, 35, 40]);
    }

    #[test]
    fn the_wall_clock_fires_first_after_one_interval() {
        let mut p = Punctuations::default();
        p.add(NodeId(0), PunctuationType::WallClock, Duration::from_millis(10), None, 0);
        assert_eq!(fires(&mut p, PunctuationType::WallClock, &[9, 10, 45, 49, 50]), [10, 45, 50]);
    }

    #[test]
    fn after_a_restart_stream_time_goes_on_where_it_was() {
        let mut p = Punctuations::default();
        p.resume(Some(35));
        p.add(NodeId(0), PunctuationType::StreamTime, Duration::from_millis(10), None, 0);
        p.resume(None);
        assert_eq!(fires(&mut p, PunctuationType::StreamTime, &[35, 39, 40, 41]), [40]);
        p.add(NodeId(0), PunctuationType::StreamTime, Duration::from_millis(100), None, 0);
        assert_eq!(
            fires(&mut p, PunctuationType::StreamTime, &[42, 43]),
            [42],
            "not in `init`: as Kafka does"
        );
    }

    #[test]
    fn nothing_fires_before_a_given_start() {
        let mut p = Punctuations::default();
        p.add(NodeId(0), PunctuationType::WallClock, Duration::from_millis(10), Some(25), 0);
        assert_eq!(fires(&mut p, PunctuationType::WallClock, &[20, 25, 34, 35]), [25, 35]);
    }
}
