//! Tumbling and hopping windows.

use std::time::Duration;

use crate::time::{Timestamp, millis};
use crate::windows::{JoinWindows, Window};

/// Windows of one size that start at every multiple of an advance: tumbling if the two are equal, else hopping.
///
/// The grace period says how long after its end a window still takes records, in stream time; it has to be
/// decided, because forgetting it loses records or memory (Kafka: `ofSizeAndGrace`, `ofSizeWithNoGrace`).
///
/// ```
/// use std::time::Duration;
/// use streams_core::windows::TimeWindows;
///
/// let minutes = TimeWindows::tumbling(Duration::from_secs(60)).grace(Duration::from_secs(10));
/// let hops = TimeWindows::hopping(Duration::from_secs(600), Duration::from_secs(300)).no_grace();
/// assert_eq!(minutes.size(), Duration::from_secs(60));
/// assert_eq!(hops.advance(), Duration::from_secs(300));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeWindows {
    size_ms: i64,
    advance_ms: i64,
    grace_ms: i64,
}

/// [`TimeWindows`] whose grace period is still to be decided.
#[derive(Debug, Clone, Copy)]
#[must_use = "windows need `.grace(..)` or `.no_grace()`"]
pub struct GraceUndecided(TimeWindows);

/// Windows `W` whose grace period is decided, which is `W` itself and nothing else: what verbs take, so that they can
/// say what is missing.
#[diagnostic::on_unimplemented(
    message = "it is not decided how long these windows wait for late records",
    label = "windows without a decision about their grace period",
    note = "write `.grace(Duration::from_secs(..))` behind the windows, or `.no_grace()` not to wait"
)]
pub trait GraceDecided<W>: sealed::Decided<W> {}

impl GraceDecided<TimeWindows> for TimeWindows {}
impl GraceDecided<JoinWindows> for JoinWindows {}

pub(crate) mod sealed {
    /// Not for others to implement.
    pub trait Decided<W> {
        fn decided(self) -> W;
    }

    impl<W> Decided<W> for W {
        fn decided(self) -> W {
            self
        }
    }
}

impl GraceUndecided {
    /// A window takes records until stream time is `grace` behind its end.
    pub fn grace(self, grace: Duration) -> TimeWindows {
        TimeWindows { grace_ms: millis(grace), ..self.0 }
    }

    /// A window takes no record once stream time has reached its end.
    pub fn no_grace(self) -> TimeWindows {
        self.0
    }
}

impl TimeWindows {
    /// Windows side by side. `size` is at least one millisecond, or `build` reports it.
    pub fn tumbling(size: Duration) -> GraceUndecided {
        Self::hopping(size, size)
    }

    /// Windows of `size` that start every `advance`. `advance` is at least one millisecond and at most `size`, or
    /// `build` reports it.
    pub fn hopping(size: Duration, advance: Duration) -> GraceUndecided {
        GraceUndecided(TimeWindows { size_ms: millis(size), advance_ms: millis(advance), grace_ms: 0 })
    }

    /// Length of each window.
    pub fn size(&self) -> Duration {
        Duration::from_millis(self.size_ms.unsigned_abs())
    }

    /// Distance of the starts of two windows.
    pub fn advance(&self) -> Duration {
        Duration::from_millis(self.advance_ms.unsigned_abs())
    }

    /// How long after its end a window takes records.
    pub fn grace_period(&self) -> Duration {
        Duration::from_millis(self.grace_ms.unsigned_abs())
    }

    pub(crate) fn size_ms(&self) -> i64 {
        self.size_ms
    }

    pub(crate) fn grace_ms(&self) -> i64 {
        self.grace_ms
    }

    /// What is wrong with them, if anything.
    pub(crate) fn mistake(&self) -> Option<String> {
        if self.size_ms < 1 {
            Some("the window size must be at least 1 ms".to_owned())
        } else if self.advance_ms < 1 || self.advance_ms > self.size_ms {
            Some(format!(
                "the advance of hopping windows must be from 1 ms to the size ({} ms), it is {} ms",
                self.size_ms, self.advance_ms
            ))
        } else {
            None
        }
    }

    /// The windows that contain `time`, by ascending start; none starts before 0 (rule W-1).
    #[inline]
    pub(crate) fn windows_for(&self, time: Timestamp) -> impl Iterator<Item = Window> + use<> {
        let TimeWindows { size_ms, advance_ms, .. } = *self;
        let earliest = time.saturating_sub(size_ms).saturating_add(advance_ms).max(0);
        let mut next = Some(earliest / advance_ms * advance_ms);
        std::iter::from_fn(move || {
            let start = next.filter(|start| *start <= time)?;
            next = start.checked_add(advance_ms);
            Some(Window { start, end: start.saturating_add(size_ms) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(windows: TimeWindows, time: i64) -> Vec<i64> {
        windows.windows_for(time).map(|w| w.start).collect()
    }

    #[test]
    fn a_time_is_in_every_window_that_spans_it_and_none_starts_before_zero() {
        let ms = Duration::from_millis;
        let hops = TimeWindows::hopping(ms(10), ms(3)).no_grace();
        assert_eq!(starts(hops, 0), [0]);
        assert_eq!(starts(hops, 11), [3, 6, 9]);
        assert_eq!(starts(TimeWindows::tumbling(ms(10)).no_grace(), 19), [10]);
    }

    #[test]
    fn the_last_time_there_is_has_an_end_of_windows() {
        let ms = Duration::from_millis;
        assert_eq!(starts(TimeWindows::tumbling(ms(1)).no_grace(), i64::MAX), [i64::MAX]);
        assert_eq!(starts(TimeWindows::hopping(ms(4), ms(2)).no_grace(), i64::MAX).len(), 2);
    }
}
