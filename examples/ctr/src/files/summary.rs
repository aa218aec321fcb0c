//! What a file run says at its end.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::dead_letters::LetterCounts;
use crate::topology::{FIVE_MINUTES, ONE_MINUTE, SITE_CATEGORY_HOUR};

/// The counts of a finished run. Those of records are of the whole job, however often it was started.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Records read from the files, bad ones included; empty lines are none.
    pub records: u64,
    /// How many of them were read since this start.
    pub records_now: u64,
    /// What was not counted.
    pub letters: LetterCounts,
    /// Windows of one minute, of five minutes, and of an hour per site category.
    pub windows: [usize; 3],
    /// Time since this start.
    pub elapsed: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { records, records_now, letters, windows, elapsed } = self;
        let continued =
            if records_now < records { format!(" ({records_now} since this start)") } else { String::new() };
        writeln!(f, "records read:         {records}{continued}")?;
        writeln!(f, "bad records skipped:  {}{}", letters.bad_total(), list(&letters.bad))?;
        let late = |node: &str| letters.late.get(node).copied().unwrap_or(0);
        writeln!(
            f,
            "late records dropped: {} of 1 minute windows, {} of 5 minutes, {} of 1 hour per site category",
            late(ONE_MINUTE),
            late(FIVE_MINUTES),
            late(SITE_CATEGORY_HOUR)
        )?;
        let [minutes, fives, hours] = windows;
        writeln!(
            f,
            "windows written:      {minutes} of 1 minute, {fives} of 5 minutes, {hours} of 1 hour per site category"
        )?;
        let seconds = elapsed.as_secs_f64();
        write!(f, "{seconds:.2} s, {:.0} records/s", *records_now as f64 / seconds.max(1e-9))
    }
}

fn list(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    format!(" ({})", parts.join(", "))
}
