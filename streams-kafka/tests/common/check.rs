//! Reads results and holds them to what was written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::log::Log;
use streams_core::runtime::{Guarantee, Start, Subscription};
use streams_core::testing::{PATIENCE, wait_for};
use streams_core::{ErrorKind, Topic};

use crate::job::{Counts, Job, Writer, Written};

/// Times that results which are late are asked for again, each after an equal part of the usual patience.
const LATES: u32 = 3;
/// Lines that are written for that: every word is among them.
const MORE: usize = 25;
/// How long to look for results that must not come.
const NOTHING: Duration = Duration::from_millis(300);

/// The results of one topic.
struct Results {
    name: &'static str,
    subscription: Subscription<String, i64>,
    found: Counts,
    /// All of them, in the order they were read.
    story: Vec<String>,
    exactly_once: bool,
    windowed: bool,
}

/// The results of a job, read from the beginning.
pub(crate) struct Checker {
    counts: Results,
    windows: Results,
}

impl Checker {
    pub(crate) fn open(job: &Job, bootstrap: &str) -> Checker {
        let log = job.log(bootstrap);
        let exactly_once = job.guarantee == Guarantee::ExactlyOnce;
        let open = |name, windowed| Results::open(&log, name, exactly_once, windowed);
        Checker { counts: open(job.counts(), false), windows: open(job.windows(), true) }
    }

    /// Reads until everything written has come. Errs if a result comes twice or not, or out of order.
    pub(crate) fn catch_up(&mut self, written: &Written) -> Result<(), String> {
        self.catch_up_until(written, Instant::now() + PATIENCE)
    }

    /// As `catch_up`. Under at-least-once the last result of a word may be of a process that was late: then the next one
    /// is not, for which more lines are written.
    pub(crate) fn settle(&mut self, writer: &mut Writer) -> Result<(), String> {
        let lates = if self.counts.exactly_once { 0 } else { LATES };
        for _ in 0..lates {
            let until = Instant::now() + PATIENCE / (LATES + 1);
            if self.catch_up_until(&writer.written, until).is_ok() {
                return Ok(());
            }
            writer.write(MORE);
        }
        self.catch_up(&writer.written)
    }

    fn catch_up_until(&mut self, written: &Written, until: Instant) -> Result<(), String> {
        self.counts.catch_up(&written.counts, until)?;
        self.windows.catch_up(&written.windows, until)
    }

    /// With exactly-once, errs if more comes than was written.
    pub(crate) fn end(&mut self, written: &Written) -> Result<(), String> {
        self.catch_up(written)?;
        self.counts.end()?;
        self.windows.end()
    }

    /// All results read so far.
    pub(crate) fn story(&self) -> String {
        [&self.counts.story[..], &self.windows.story[..]].concat().join("\n")
    }

    /// Whether every key was counted just as often as it was written.
    pub(crate) fn is_exact(&self, written: &Written) -> bool {
        self.counts.found == written.counts && self.windows.found == written.windows
    }
}

impl Results {
    fn open(log: &Arc<dyn Log>, name: &'static str, exactly_once: bool, windowed: bool) -> Results {
        let subscription = wait_for(format_args!("reading {name}"), || {
            match Subscription::open(log, &Topic::new(name), Start::Earliest) {
                // Brokers come and go meanwhile.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Timeout) => None,
                other => Some(other.unwrap()),
            }
        });
        Results { name, subscription, found: Counts::new(), story: Vec::new(), exactly_once, windowed }
    }

    fn catch_up(&mut self, written: &Counts, until: Instant) -> Result<(), String> {
        while !self.has(written) {
            let left = until.saturating_duration_since(Instant::now());
            let Some(result) = self.subscription.next_within(left).map_err(|error| error.to_string())? else {
                let missing: Counts = written
                    .iter()
                    .filter(|(key, count)| !self.is_enough(key, **count))
                    .map(|(key, count)| (key.clone(), *count))
                    .collect();
                let found: Vec<_> = missing.keys().map(|key| self.found.get(key)).collect();
                return Err(format!(
                    "{}: nothing comes any more; {found:?} instead of {missing:?}",
                    self.name
                ));
            };
            self.story.push(format!(
                "{} {} = {} at {}/{}",
                self.name, result.record.key, result.record.value, result.partition, result.offset
            ));
            let last = self.found.entry(result.record.key.clone()).or_default();
            if self.exactly_once && result.record.value != *last + 1 {
                let (key, value, offset) = (&result.record.key, result.record.value, result.offset);
                let partition = result.partition;
                return Err(format!(
                    "{}: {key} is {value} after {last}, at offset {offset} of partition {partition}",
                    self.name
                ));
            }
            // No later result tells of a window that is over.
            *last = match self.exactly_once || !self.windowed {
                true => result.record.value,
                false => result.record.value.max(*last),
            };
        }
        Ok(())
    }

    fn has(&self, written: &Counts) -> bool {
        (!self.exactly_once || self.found == *written)
            && written.iter().all(|(key, count)| self.is_enough(key, *count))
    }

    fn is_enough(&self, key: &str, count: i64) -> bool {
        self.found.get(key).is_some_and(|found| *found == count || (!self.exactly_once && *found > count))
    }

    fn end(&mut self) -> Result<(), String> {
        if !self.exactly_once {
            return Ok(());
        }
        match self.subscription.next_within(NOTHING) {
            Ok(None) => Ok(()),
            Ok(Some(more)) => Err(format!("{}: {more:?} is more than was written", self.name)),
            Err(error) => Err(error.to_string()),
        }
    }
}
