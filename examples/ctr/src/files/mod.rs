//! Files in, CSV files out, exactly once however often it is killed.
//!
//! The files are put into the events topic first, then the application runs to the end of it: so it knows where each
//! partition ends, and event time waits for the partitions that are behind, whatever their number.

mod progress;
mod summary;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use streams_core::log::Wakeup;
use streams_core::runtime::{AppState, Metrics};
use streams_core::{Error, ErrorKind, Result};

pub use progress::Progress;
pub use summary::Summary;

use crate::cluster::Cluster;
use crate::dead_letters;
use crate::input::{Ingest, InputFile, Settings};
use crate::results::{TopicReader, write_csv};
use crate::service::Service;
use crate::topics::{CTR_1MIN, CTR_5MIN, CTR_BY_SITE_CATEGORY};

/// How often the progress is shown.
const REFRESH: Duration = Duration::from_millis(100);

/// What to read and where to put the results.
#[derive(Debug, Clone)]
pub struct FileRun {
    /// Where the topics are, if not in the data directory.
    pub cluster: Option<Cluster>,
    /// The input files, in order.
    pub inputs: Vec<PathBuf>,
    /// Where the CSV files go.
    pub output_dir: PathBuf,
    /// Where log and state are kept; a folder in `output_dir`, removed at the end, if not given.
    pub data_dir: Option<PathBuf>,
    /// How long behind its end a window still takes events.
    pub grace: Duration,
    /// Partitions of the event and result topics.
    pub partitions: u32,
    /// Worker threads.
    pub threads: u16,
    /// Where the records go that are not counted.
    pub dead_letter: Option<PathBuf>,
}

impl FileRun {
    /// Does it, or what a killed run has left of it. `out` is told of the progress.
    pub fn run(&self, out: &mut (dyn Write + Send), is_terminal: bool) -> Result<Summary> {
        let started = Instant::now();
        let inputs = self.inputs.iter().map(|path| InputFile::at(path)).collect::<Result<Vec<_>>>()?;
        let settings = Settings {
            inputs,
            grace_ms: u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX),
            partitions: self.partitions,
        };
        make_dir(&self.output_dir)?;
        let own_dir = self.output_dir.join(".ctr-data");
        let data_dir = self.data_dir.as_ref().unwrap_or(&own_dir);
        let mut progress = Progress::new(out, is_terminal);
        let mut summary = self.process(data_dir, settings, &mut progress)?;
        progress.end();
        if self.data_dir.is_none() {
            remove_dir(data_dir)?;
        }
        summary.elapsed = started.elapsed();
        Ok(summary)
    }

    fn process(&self, dir: &Path, settings: Settings, progress: &mut Progress<'_>) -> Result<Summary> {
        let bytes: u64 = settings.inputs.iter().map(|input| input.bytes).sum();
        let names: Vec<String> = settings.inputs.iter().map(|input| input.name.clone()).collect();
        let service = Service::open(self.cluster.as_ref(), dir, settings.clone(), self.threads)?;
        let mut ingest = Ingest::new(&*service.log, self.inputs.clone(), settings)?;
        let before = ingest.position().records;
        if before > 0 {
            progress.note(&format!("continuing behind record {before}"));
        }
        ingest.run(|read, records| {
            progress.show("reading", read, bytes, records);
            Ok(())
        })?;
        let records = ingest.position().records;
        drop(ingest);
        count(&service, records, progress)?;

        let read =
            |topic: &str| TopicReader::open(&*service.log, topic, None)?.read_all_metrics(&*service.log);
        let (minutes, fives) = (read(CTR_1MIN.name())?, read(CTR_5MIN.name())?);
        let hours = read(CTR_BY_SITE_CATEGORY.name())?;
        write_csv(&self.output_dir.join("ctr_1min.csv"), &minutes, false)?;
        write_csv(&self.output_dir.join("ctr_5min.csv"), &fives, false)?;
        write_csv(&self.output_dir.join("ctr_by_site_category_1h.csv"), &hours, true)?;
        let letters = dead_letters::collect(&*service.log, self.dead_letter.as_deref(), &names)?;
        Ok(Summary {
            records,
            records_now: records - before,
            letters,
            windows: [minutes.len(), fives.len(), hours.len()],
            elapsed: Duration::ZERO,
        })
    }
}

/// Runs the application to the end of the events.
fn count(service: &Service, records: u64, progress: &mut Progress<'_>) -> Result<()> {
    let handle = service.app()?.start_to_end()?;
    let done = Wakeup::new();
    let mut is_restored = false;
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            while !done.wait(REFRESH) {
                let metrics = handle.metrics();
                if !is_restored && metrics.state == AppState::Running {
                    is_restored = true;
                    progress.note(&restored(&metrics));
                }
                // Each record is read three times: as an event, for all events, and for its category.
                let read = (metrics.consumed / 3).min(records);
                progress.show("counting", read, records, read);
            }
        });
        let result = handle.wait();
        done.ring();
        // It only writes progress, and a panic there is not worth losing the result for.
        let _ = watch.join();
        result
    })?;
    if !is_restored {
        progress.note(&restored(&handle.metrics()));
    }
    Ok(())
}

fn restored(metrics: &Metrics) -> String {
    format!("restored {} records", metrics.restored)
}

fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|e| {
        Error::new(ErrorKind::Io, format!("cannot make the folder {}", dir.display())).caused_by(e)
    })
}

fn remove_dir(dir: &Path) -> Result<()> {
    fs::remove_dir_all(dir).map_err(|e| {
        let message = format!("the results are written, but {} cannot be removed", dir.display());
        Error::new(ErrorKind::Io, message).caused_by(e)
    })
}
