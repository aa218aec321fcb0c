//! Timing: our way and the bare loop in turn, so that both meet the same state of the machine.

use std::time::Instant;

/// What a benchmark gives back.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// How much is measured.
pub(crate) struct Settings {
    /// Tiny sizes, once: only to see that everything runs.
    pub(crate) quick: bool,
    /// Pairs that count.
    pub(crate) repetitions: usize,
}

impl Settings {
    pub(crate) fn new(quick: bool) -> Self {
        Settings { quick, repetitions: if quick { 1 } else { 5 } }
    }

    /// `full`, or a thousandth of it.
    pub(crate) fn size(&self, full: usize) -> usize {
        if self.quick { (full / 1000).max(20) } else { full }
    }

    /// Runs both sides in turn, once without counting and then `repetitions` times; seconds of each.
    pub(crate) fn pairs(
        &self,
        mut ours: impl FnMut() -> Outcome<f64>,
        mut bare: impl FnMut() -> Outcome<f64>,
    ) -> Outcome<Pairs> {
        let mut pairs = Pairs::default();
        for round in 0..=self.repetitions {
            let (ours, bare) = (ours()?, bare()?);
            if round > 0 || self.quick {
                pairs.ours.push(ours);
                pairs.bare.push(bare);
            }
        }
        Ok(pairs)
    }
}

/// Seconds of each side, pair by pair.
#[derive(Default)]
pub(crate) struct Pairs {
    pub(crate) ours: Vec<f64>,
    pub(crate) bare: Vec<f64>,
}

impl Pairs {
    /// Rate of ours by rate of bare, pair by pair.
    pub(crate) fn ratio(&self) -> Spread {
        Spread::of(self.bare.iter().zip(&self.ours).map(|(bare, ours)| bare / ours))
    }
}

/// Middle and ends of some measurements.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        Spread { median: at(values.len() / 2), min: at(0), max: at(values.len().saturating_sub(1)) }
    }
}

/// Seconds that `work` takes, and what it gives back, which is dropped after the time is taken.
pub(crate) fn timed<R>(work: impl FnOnce() -> Outcome<R>) -> Outcome<f64> {
    let started = Instant::now();
    let result = work()?;
    let seconds = started.elapsed().as_secs_f64();
    drop(std::hint::black_box(result));
    Ok(seconds)
}

/// SplitMix64: the same numbers in every run.
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
