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

/// Rows of one minute, of five minutes and of categories that are kept. With the explanation they fit 24 lines.
const ROWS: [usize; 3] = [5, 3, 32];
/// Categories that are shown: those with the most events.
const CATEGORIES: usize = 5;
/// Length of the longest bar, and the rate it stands for.
const BAR: f64 = 20.0;
const BAR_PERCENT: f64 = 40.0;

/// New results, read from their topics.
pub(super) struct Screen {
    is_terminal: bool,
    is_new: bool,
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
            is_new: true,
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

    /// Whether it draws a table instead of lines.
    pub(super) fn is_terminal(&self) -> bool {
        self.is_terminal
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
        if std::mem::take(&mut self.is_new) {
            tell(out, "\x1b[2J")?;
        }
        tell(out, &self.table(metrics))
    }

    fn table(&self, metrics: &Metrics) -> String {
        let mut text = format!("{}\n", self.begin);
        let [minutes, fives, hours] = &self.results;
        for (title, results) in [("1 minute", minutes), ("5 minutes", fives)] {
            heading(&mut text, title, results.rows.is_empty());
            results.rows.iter().rev().for_each(|row| table_row(&mut text, &utc(row.window_start), row));
        }
        let last = hours.rows.back().map(|row| row.window_start);
        let title = last.map_or_else(String::new, |start| format!(", {}", utc(start)));
        heading(&mut text, &format!("1 hour by site category{title}"), last.is_none());
        let mut of_hour: Vec<&CtrMetrics> =
            hours.rows.iter().filter(|row| Some(row.window_start) == last).collect();
        of_hour.sort_by_key(|row| std::cmp::Reverse(row.impressions + row.clicks));
        let shown = of_hour.into_iter().take(CATEGORIES);
        shown.for_each(|row| table_row(&mut text, row.site_category.as_deref().unwrap_or_default(), row));
        let late: u64 = self.dropped.late.values().sum();
        // Each event is read three times: as it is, for all events, and for its category. Writing to a string does
        // not fail.
        let _ = writeln!(
            text,
            "{}, {:.0} events/s; dropped: {late} late, {} bad",
            metrics.state,
            metrics.records_per_second / 3.0,
            self.dropped.bad_total()
        );
        // Line by line over what is there: clearing the screen first would flicker.
        format!("\x1b[H{}\x1b[J", text.replace('\n', "\x1b[K\n"))
    }
}

fn heading(text: &mut String, title: &str, is_empty: bool) {
    let columns = if is_empty { "no window is closed yet" } else { "impressions   clicks      ctr" };
    let _ = writeln!(text, "{title:<44} {columns}");
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
