//! Figures as rows of a table.

use crate::harness::{Pairs, Spread};

/// One row.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) ours: String,
    pub(crate) bare: String,
    pub(crate) ratio: String,
    pub(crate) target: String,
}

impl Figure {
    /// Nanoseconds per operation on both sides, and the ratio of the rates, which is to be at least `target`.
    pub(crate) fn per_operation(name: &str, operations: usize, pairs: &Pairs, target: Option<f64>) -> Self {
        let nanos = |seconds: &[f64]| {
            let spread = Spread::of(seconds.iter().map(|s| s * 1e9 / operations as f64));
            format!("{} ns", show(spread))
        };
        Self::with_ratio(name, nanos(&pairs.ours), nanos(&pairs.bare), pairs, target)
    }

    /// Megabytes per second on both sides, and their ratio.
    pub(crate) fn throughput(name: &str, bytes: usize, pairs: &Pairs, target: Option<f64>) -> Self {
        let rate = |seconds: &[f64]| {
            let spread = Spread::of(seconds.iter().map(|s| bytes as f64 / 1e6 / s));
            format!("{} MB/s", show(spread))
        };
        Self::with_ratio(name, rate(&pairs.ours), rate(&pairs.bare), pairs, target)
    }

    fn with_ratio(name: &str, ours: String, bare: String, pairs: &Pairs, target: Option<f64>) -> Self {
        let ratio = pairs.ratio();
        let target = target.map_or(String::new(), |t| verdict(&format!("≥ {t}"), ratio.median >= t));
        Figure { name: name.to_owned(), ours, bare, ratio: show(ratio), target }
    }

    pub(crate) fn line(&self) -> String {
        let Figure { name, ours, bare, ratio, target } = self;
        format!("| {name} | {ours} | {bare} | {ratio} | {target} |")
    }
}

/// A target, and whether it is met.
pub(crate) fn verdict(target: &str, met: bool) -> String {
    format!("{target}: {}", if met { "met" } else { "**missed**" })
}

/// Median, and the ends in brackets.
pub(crate) fn show(spread: Spread) -> String {
    let Spread { median, min, max } = spread;
    let digits = match median.abs() {
        m if m >= 100.0 => 0,
        m if m >= 10.0 => 1,
        _ => 2,
    };
    format!("{median:.digits$} ({min:.digits$}–{max:.digits$})")
}

/// The lines above the rows.
pub(crate) const HEADER: &str = "\
| figure | ours | bare loop | ratio of rates | target |
|---|---|---|---|---|
";

/// All rows as a Markdown table.
pub(crate) fn markdown(rows: impl IntoIterator<Item = String>) -> String {
    let mut text = HEADER.to_owned();
    for row in rows {
        text.push_str(&row);
        text.push('\n');
    }
    text
}
