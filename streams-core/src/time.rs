//! Event time: milliseconds since the epoch, and the one type that says how far a task has come.

use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Timestamp = i64;

/// "No time known yet", as Kafka writes it.
pub const UNKNOWN: Timestamp = -1;

/// How far event time has come: it never goes back.
///
/// Kafka Streams keeps several such clocks (reference rule C-1): one per partition, per task and per windowed
/// operator. All of them are this type, so that a clock that is driven from elsewhere needs one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamTime(Timestamp);

impl StreamTime {
    /// A clock that has seen nothing.
    pub const fn unknown() -> Self {
        StreamTime(UNKNOWN)
    }

    /// A clock that has come to `time`.
    pub const fn at(time: Timestamp) -> Self {
        StreamTime(time)
    }

    /// Moves to `time` unless it is earlier; the time after that.
    #[inline]
    pub fn advance(&mut self, time: Timestamp) -> Timestamp {
        self.0 = self.0.max(time);
        self.0
    }

    /// Milliseconds since the epoch, −1 if nothing was seen.
    #[inline]
    pub const fn get(self) -> Timestamp {
        self.0
    }
}

impl Default for StreamTime {
    fn default() -> Self {
        Self::unknown()
    }
}

/// Whole milliseconds of `duration`, at most `i64::MAX`.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
