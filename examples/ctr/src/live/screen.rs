//! What the service shows: a table that is drawn anew on a terminal, a line per closed window elsewhere.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Write;

use streams_core::Result;
use streams_core::runtime::Metrics;

use crate::dead_letters::{DeadLetter, LetterCounts};
use crate::live::tell;
use crate::model::CtrMetrics;
use crate::results::TopicReader;
use crate::service::Service;
use crate::time::utc;
use crate::topics::{CTR_1MIN, CTR_5MIN, CTR_BY_SITE_CATEGORY, DEAD_LETTERS};

/// Rows of one minute, of five minutes and of categories.
const ROWS: [usize; 3] = [10, 5, 8];
/// Length of the longest bar, and the rate it stands for.
const BAR: f64 = 30.0;
const BAR_PERCENT: f64 = 40.0;

/// New results, read from their topics.
pub(super) struct Screen {
    is_terminal: bool,
    begin: String,
    results: [Results; 3],
    letters: TopicReader,
    dropped: LetterCounts,
}

struct Results {
    name: &'static str,
    reader: TopicReader,
    rows: VecDeque<CtrMetrics>,
}

impl Screen {
    /// `begin` is the explanation that is shown above the table.
    pub(super) fn open(service: &Service, is_terminal: bool, begin: String) -> Result<Self> {
        // A table begins with what was shown last; lines begin with what is new.
        let last = if is_terminal { 20 } else { 0 };
        let results = |name, topic: &str| -> Result<Results> {
            let reader = TopicReader::open(&*service.log, topic, Some(last))?;
            Ok(Results { name, reader, rows: VecDeque::new() })
        };
        Ok(Screen {
            is_terminal,
            begin,
            results: [
                results("1min", CTR_1MIN.name())?,
                results("5min", CTR_5MIN.name())?,
                results("1h", CTR_BY_SITE_CATEGORY.name())?,
            ],
            letters: TopicReader::open(&*service.log, DEAD_LETTERS, None)?,
            dropped: LetterCounts::default(),
        })
    }

    /// Reads what is new and shows it.
    pub(super) fn refresh(&mut self, out: &mut dyn Write, metrics: &Metrics) -> Result<()> {
        let mut lines = String::new();
        for (results, keep) in self.results.iter_mut().zip(ROWS) {
            let mut new = results.reader.read_metrics()?;
            new.sort_by(|a, b| (a.window_start, &a.site_category).cmp(&(b.window_start, &b.site_category)));
            for row in new {
                if !self.is_terminal {
                    line(&mut lines, results.name, &row);
                }
                results.rows.push_back(row);
            }
            let surplus = results.rows.len().saturating_sub(keep);
            results.rows.drain(..surplus);
        }
        if !self.is_terminal {
            return if lines.is_empty() { Ok(()) } else { tell(out, &lines) };
        }
        let dropped = &mut self.dropped;
        self.letters.read(|record| {
            dropped.add(&DeadLetter::read(record)?);
            Ok(())
        })?;
        tell(out, &self.table(metrics))
    }

    fn table(&self, metrics: &Metrics) -> String {
        let mut text = format!("\x1b[H\x1b[J{}\n", self.begin);
        let [minutes, fives, hours] = &self.results;
        for (title, results) in [("1 minute", minutes), ("5 minutes", fives)] {
            heading(&mut text, title);
            if results.rows.is_empty() {
                text.push_str("  (the first window is not closed yet)\n");
            }
            results.rows.iter().rev().for_each(|row| table_row(&mut text, &utc(row.window_start), row));
            text.push('\n');
        }
        if let Some(last) = hours.rows.back() {
            heading(&mut text, &format!("1 hour from {} by site category", utc(last.window_start)));
            let of_hour = hours.rows.iter().filter(|row| row.window_start == last.window_start);
            of_hour
                .for_each(|row| table_row(&mut text, row.site_category.as_deref().unwrap_or_default(), row));
            text.push('\n');
        }
        let late: u64 = self.dropped.late.values().sum();
        // Nothing is done about a text that cannot be written to a string: that does not happen.
        let _ = writeln!(
            text,
            "{}; {:.0} records/s with those moved between tasks; {late} late, {} bad records dropped",
            metrics.state,
            metrics.records_per_second,
            self.dropped.bad_total()
        );
        text
    }
}

fn heading(text: &mut String, title: &str) {
    let _ = writeln!(text, "  {title:<44} impressions   clicks      ctr");
}

fn table_row(text: &mut String, name: &str, row: &CtrMetrics) {
    let bar = "#".repeat((row.ctr / BAR_PERCENT * BAR).clamp(0.0, BAR) as usize);
    let _ =
        writeln!(text, "  {name:<44} {:>11} {:>8} {:>6.2} %  {bar}", row.impressions, row.clicks, row.ctr);
}

fn line(text: &mut String, window: &str, row: &CtrMetrics) {
    let category = row.site_category.as_deref().map(|c| format!("site_category={c} ")).unwrap_or_default();
    let (start, end) = (utc(row.window_start), utc(row.window_end));
    let CtrMetrics { impressions, clicks, ctr, .. } = row;
    let _ = writeln!(
        text,
        "{window} {start} to {end} {category}impressions={impressions} clicks={clicks} ctr={ctr:.2}%"
    );
}
