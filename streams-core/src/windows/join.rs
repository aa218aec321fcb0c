//! Which records of two streams are joined.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::time::millis;

/// How far apart in time two records of one key may be to be joined, and how long late ones are waited for.
///
/// A right record joins a left one if its time is from `before` the left one's to `after` it, both inclusive. The
/// grace period says how long after that span a left or outer join waits for partners before it puts a record out
/// without one, in stream time; it also makes the stores keep records longer, so that late ones find more of their
/// partners. It has to be decided (Kafka: `ofTimeDifferenceAndGrace`, `ofTimeDifferenceWithNoGrace`).
///
/// ```
/// use std::time::Duration;
/// use streams_core::windows::JoinWindows;
///
/// let minute = Duration::from_secs(60);
/// // Up to a minute apart, whichever comes first.
/// let near = JoinWindows::of(minute).grace(Duration::from_secs(10));
/// // The right record comes up to a minute after the left one.
/// let then = JoinWindows::of(minute).no_grace().before(Duration::ZERO);
/// // It comes at least a second, at most a minute after the left one.
/// let later = JoinWindows::between(1000..=60_000).no_grace();
/// assert_eq!(near.size(), 2 * minute);
/// assert_eq!((then.before_ms(), then.after_ms()), (0, 60_000));
/// assert_eq!((later.before_ms(), later.after_ms()), (-1000, 60_000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinWindows {
    before_ms: i64,
    after_ms: i64,
    grace_ms: i64,
    eager: bool,
}

/// [`JoinWindows`] whose grace period is still to be decided.
#[derive(Debug, Clone, Copy)]
#[must_use = "join windows need `.grace(..)` or `.no_grace()`"]
pub struct JoinGraceUndecided(JoinWindows);

impl JoinGraceUndecided {
    /// Partners that are late by up to `grace` are waited for.
    pub fn grace(self, grace: Duration) -> JoinWindows {
        JoinWindows { grace_ms: millis(grace), ..self.0 }
    }

    /// Late partners are not waited for.
    pub fn no_grace(self) -> JoinWindows {
        self.0
    }

    /// Left and outer joins wait for nothing: a record without a partner so far is put out at once joined with
    /// nothing, and again with each partner that comes. The stores keep records for `grace` beyond the windows. This
    /// is what Kafka's deprecated `JoinWindows.of` does; its grace is a day less the size of the windows.
    pub fn eager(self, grace: Duration) -> JoinWindows {
        JoinWindows { grace_ms: millis(grace), eager: true, ..self.0 }
    }
}

impl JoinWindows {
    /// Records up to `difference` apart, either way.
    pub fn of(difference: Duration) -> JoinGraceUndecided {
        let ms = millis(difference);
        JoinGraceUndecided(JoinWindows { before_ms: ms, after_ms: ms, grace_ms: 0, eager: false })
    }

    /// Right records whose time less that of the left one is within `offsets`, in milliseconds. Both ends may be
    /// negative, or both positive: then a record cannot join one of its own time, and a left or outer join puts a
    /// record whose partners can only come before it out at once, joined with nothing, and again with a partner that
    /// comes late (Kafka: a negative `before` or `after`). An empty range is reported by `build`.
    pub fn between(offsets: RangeInclusive<i64>) -> JoinGraceUndecided {
        JoinGraceUndecided(JoinWindows {
            before_ms: offsets.start().saturating_neg(),
            after_ms: *offsets.end(),
            grace_ms: 0,
            eager: false,
        })
    }

    /// The same, with right records that come up to `before` the left one.
    #[must_use]
    pub fn before(self, before: Duration) -> JoinWindows {
        JoinWindows { before_ms: millis(before), ..self }
    }

    /// The same, with right records that come up to `after` the left one.
    #[must_use]
    pub fn after(self, after: Duration) -> JoinWindows {
        JoinWindows { after_ms: millis(after), ..self }
    }

    /// Length of the span in which partners of a record lie.
    pub fn size(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.size_ms()).unwrap_or(0))
    }

    /// How long late partners are waited for.
    pub fn grace_period(&self) -> Duration {
        Duration::from_millis(self.grace_ms.unsigned_abs())
    }

    /// How many milliseconds a right record may come before the left one; negative if it must come after it.
    pub fn before_ms(&self) -> i64 {
        self.before_ms
    }

    /// How many milliseconds a right record may come after the left one; negative if it must come before it.
    pub fn after_ms(&self) -> i64 {
        self.after_ms
    }

    pub(crate) fn grace_ms(&self) -> i64 {
        self.grace_ms
    }

    pub(crate) fn is_eager(&self) -> bool {
        self.eager
    }

    /// How long the stores keep records: size and grace (rule J-1), but at least a millisecond, without which records
    /// of equal times would not find each other (quirk 27).
    pub(crate) fn retention(&self) -> Duration {
        self.size().saturating_add(self.grace_period()).max(Duration::from_millis(1))
    }

    /// What is wrong with them, if anything.
    pub(crate) fn mistake(&self) -> Option<String> {
        (self.size_ms() < 0).then(|| {
            format!(
                "join windows from {} ms to {} ms are empty: the first must not be greater",
                self.before_ms.saturating_neg(),
                self.after_ms
            )
        })
    }

    fn size_ms(&self) -> i64 {
        self.before_ms.saturating_add(self.after_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_keep_records_for_size_and_grace_and_never_for_less_than_a_millisecond() {
        let ms = Duration::from_millis;
        assert_eq!(JoinWindows::of(ms(5)).grace(ms(3)).retention(), ms(13));
        assert_eq!(JoinWindows::of(ms(0)).no_grace().retention(), ms(1));
        assert_eq!(JoinWindows::between(-12..=-4).no_grace().retention(), ms(8));
    }

    #[test]
    fn a_span_that_ends_before_it_begins_is_a_mistake() {
        let (first, last) = (3, 2);
        assert!(JoinWindows::between(first..=last).no_grace().mistake().is_some());
        assert!(JoinWindows::between(2..=2).no_grace().mistake().is_none());
    }
}
