//! How far a file run is: a bar on a terminal, a line now and then elsewhere.

use std::io::Write;
use std::time::{Duration, Instant};

/// Width of the bar in characters.
const WIDTH: usize = 30;
/// How often a line is written where there is no terminal.
const LINES_EVERY: Duration = Duration::from_secs(5);

/// Shows the progress. Errors of the output are ignored: nobody is there to see it.
pub struct Progress<'a> {
    out: &'a mut (dyn Write + Send),
    is_terminal: bool,
    shown: Option<Instant>,
    open: bool,
}

impl<'a> Progress<'a> {
    /// On `out`, which may be a terminal.
    pub fn new(out: &'a mut (dyn Write + Send), is_terminal: bool) -> Self {
        Progress { out, is_terminal, shown: None, open: false }
    }

    /// Shows that `done` of `total` is done and how many records that is.
    pub fn show(&mut self, what: &str, done: u64, total: u64, records: u64) {
        let now = Instant::now();
        let pause = if self.is_terminal { Duration::from_millis(100) } else { LINES_EVERY };
        if self.shown.is_some_and(|shown| now - shown < pause) {
            return;
        }
        let first = self.shown.replace(now).is_none();
        let percent =
            if total == 0 { 100 } else { (done.min(total) as u128 * 100 / u128::from(total)) as usize };
        if self.is_terminal {
            let full = WIDTH * percent / 100;
            let (bar, rest) = ("#".repeat(full), ".".repeat(WIDTH - full));
            let _ = write!(self.out, "\r{what:<8} [{bar}{rest}] {percent:3} %  {records} records\x1b[K");
            let _ = self.out.flush();
            self.open = true;
        } else if !first {
            let _ = writeln!(self.out, "{what}: {percent} %, {records} records");
        }
    }

    /// Writes a line.
    pub fn note(&mut self, text: &str) {
        self.end();
        let _ = writeln!(self.out, "{text}");
    }

    /// Removes the bar.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            let _ = write!(self.out, "\r\x1b[K");
        }
    }
}
