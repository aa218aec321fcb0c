//! How often something happens and how long it takes: totals since the start, and rates over the last half to whole
//! minute, as Kafka's metrics have them.

use std::time::{Duration, Instant};

/// Rates, means and maxima are over this window and the one before.
const WINDOW: Duration = Duration::from_secs(30);
/// A rate is taken over at least this long.
const SHORTEST: Duration = Duration::from_secs(1);

/// How often something was done and how long it took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Timing {
    /// How often, since the start.
    pub count: u64,
    /// How long altogether, since the start.
    pub total: Duration,
    /// How often per second, over the last 30 to 60 seconds.
    pub rate: f64,
    /// Share of the time that it took, over the last 30 to 60 seconds: 1 is all of it.
    pub ratio: f64,
    /// How long it took on average, over the last 30 to 60 seconds.
    pub mean: Duration,
    /// How long it took at most, over the last 30 to 60 seconds; of what is measured in batches, the highest average
    /// of a batch.
    pub max: Duration,
}

/// Least, mean and most of some values over the last 30 to 60 seconds; all 0 if there were none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The most.
    pub max: f64,
}

/// Takes values; one thread owns it.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Recorder {
    count: u64,
    sum: u64,
    /// When the window under way began.
    began: Instant,
    /// Whether there is a window before it.
    older: bool,
    windows: [Window; 2],
}

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    count: u64,
    sum: u64,
    min: u64,
    max: u64,
}

impl Recorder {
    pub(in crate::runtime) fn new(now: Instant) -> Self {
        Recorder { count: 0, sum: 0, began: now, older: false, windows: [Window::default(); 2] }
    }

    /// Adds `count` values, which are `sum` together.
    pub(in crate::runtime) fn add(&mut self, now: Instant, count: u64, sum: u64) {
        if count == 0 {
            return;
        }
        self.turn(now);
        self.count += count;
        self.sum += sum;
        let window = &mut self.windows[0];
        let mean = sum / count;
        window.min = if window.count == 0 { mean } else { window.min.min(mean) };
        window.max = window.max.max(mean);
        window.count += count;
        window.sum += sum;
    }

    /// Adds something that was done `count` times in `elapsed`.
    pub(in crate::runtime) fn took(&mut self, now: Instant, count: u64, elapsed: Duration) {
        self.add(now, count, nanos(elapsed));
    }

    /// The values as lengths of time, in nanoseconds.
    pub(in crate::runtime) fn timing(&mut self, now: Instant) -> Timing {
        let (window, span) = self.recent(now);
        let mean = window.sum.checked_div(window.count).unwrap_or(0);
        Timing {
            count: self.count,
            total: Duration::from_nanos(self.sum),
            rate: window.count as f64 / span.as_secs_f64(),
            ratio: (window.sum as f64 / 1e9 / span.as_secs_f64()).min(1.0),
            mean: Duration::from_nanos(mean),
            max: Duration::from_nanos(window.max),
        }
    }

    /// The values as they are.
    pub(in crate::runtime) fn spread(&mut self, now: Instant) -> Spread {
        let (window, _) = self.recent(now);
        let mean = if window.count == 0 { 0.0 } else { window.sum as f64 / window.count as f64 };
        Spread { min: window.min as f64, mean, max: window.max as f64 }
    }

    /// Both windows together, and the time that they are over.
    fn recent(&mut self, now: Instant) -> (Window, Duration) {
        self.turn(now);
        let [new, old] = self.windows;
        let both = match (new.count, old.count) {
            (_, 0) => new,
            (0, _) => old,
            _ => Window {
                count: new.count + old.count,
                sum: new.sum + old.sum,
                min: new.min.min(old.min),
                max: new.max.max(old.max),
            },
        };
        let span = now.duration_since(self.began) + if self.older { WINDOW } else { Duration::ZERO };
        (both, span.max(SHORTEST))
    }

    /// Begins a new window if it is time.
    fn turn(&mut self, now: Instant) {
        let passed = now.duration_since(self.began);
        if passed < WINDOW {
            return;
        }
        self.older = true;
        if passed < WINDOW * 2 {
            self.windows = [Window::default(), self.windows[0]];
            self.began += WINDOW;
        } else {
            self.windows = [Window::default(); 2];
            self.began = now;
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn totals_are_kept_and_rates_are_of_the_last_half_to_whole_minute() {
        let start = Instant::now();
        let mut recorder = Recorder::new(start);
        recorder.took(start, 10, 20 * MS);
        recorder.took(start + WINDOW / 2, 10, 40 * MS);
        let timing = recorder.timing(start + WINDOW / 2);
        assert_eq!((timing.count, timing.total, timing.mean, timing.max), (20, 60 * MS, 3 * MS, 4 * MS));
        assert!((timing.rate - 20.0 / 15.0).abs() < 1e-9 && (timing.ratio - 0.06 / 15.0).abs() < 1e-9);
        // The second window knows the first, the third does not.
        recorder.took(start + WINDOW + MS, 1, MS);
        assert_eq!(recorder.timing(start + WINDOW + MS).max, 4 * MS);
        let later = recorder.timing(start + WINDOW * 2 + MS);
        assert_eq!((later.count, later.max), (21, MS));
        let quiet = recorder.timing(start + WINDOW * 9);
        assert_eq!((quiet.count, quiet.max, quiet.rate), (21, Duration::ZERO, 0.0));
    }

    #[test]
    fn a_spread_knows_the_least_and_the_most_of_both_windows() {
        let start = Instant::now();
        let mut recorder = Recorder::new(start);
        assert_eq!(recorder.spread(start), Spread::default());
        recorder.add(start, 1, 7);
        recorder.add(start + WINDOW, 1, 3);
        recorder.add(start + WINDOW, 0, 100);
        assert_eq!(recorder.spread(start + WINDOW), Spread { min: 3.0, mean: 5.0, max: 7.0 });
    }
}
