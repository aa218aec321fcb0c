//! The CTR example end to end: exactly-once on the durable embedded log with state on disk, one worker thread. The
//! bare loop reads the same JSON lines from a file, parses them into the same struct and counts the same three ways.
//!
//! The first figure begins with the events in the log and ends when every window is closed, written and committed.
//! The second is what the command line does: it begins with the file, which is put into the log first, and ends with
//! the CSV files.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ctr::cluster::Place;
use ctr::files::FileRun;
use ctr::generator::{Generator, START_MS};
use ctr::model::AdEvent;
use ctr::topics::{self, AD_EVENTS};
use ctr::topology::topology;
use streams_core::log::Log;
use streams_core::log::embedded::{EmbeddedLog, EmbeddedLogOptions};
use streams_core::runtime::{App, Config, TopicProducer};

use crate::harness::{Outcome, Settings, timed};
use crate::table::Figure;

const EVENTS: usize = 500_000;
/// Events per second of event time.
const RATE: f64 = 50.0;
const MINUTE: i64 = 60_000;

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Figure>> {
    let events = settings.size(EVENTS);
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("events.jsonl");
    let log: Arc<dyn Log> =
        Arc::new(EmbeddedLog::open(dir.path().join("log"), EmbeddedLogOptions::default())?);
    generate(&*log, &file, events)?;
    let mut round = 0;
    let job = settings.pairs(
        || {
            round += 1;
            let mut config = Config::new(format!("ctr-{round}"));
            config.state_dir = Some(dir.path().join(format!("state-{round}")));
            let app = App::new(topology(Duration::ZERO)?, config, Arc::clone(&log));
            timed(|| match app.run_to_end()?.consumed {
                consumed if consumed >= events as u64 => Ok(()),
                consumed => Err(format!("{consumed} of {events} events were read").into()),
            })
        },
        || timed(|| count(&file)),
    )?;
    let files = settings.pairs(
        || {
            let output = tempfile::tempdir()?;
            let run = FileRun {
                cluster: None,
                inputs: vec![file.clone()],
                output_dir: output.path().to_owned(),
                data_dir: None,
                grace: Duration::ZERO,
                partitions: 1,
                threads: 1,
                dead_letter: None,
            };
            timed(|| Ok(run.run(&mut std::io::sink(), false)?))
        },
        || timed(|| count(&file)),
    )?;
    Ok(vec![
        Figure::per_operation("CTR job, from the durable log, exactly-once", events, &job, Some(0.5)),
        Figure::per_operation("CTR from a file by way of the log to CSV files", events, &files, None),
    ])
}

fn generate(log: &dyn Log, file: &Path, events: usize) -> Outcome<()> {
    topics::create(log, 1, false, &Place::Folder("memory".into()))?;
    let mut producer = TopicProducer::open(log, &AD_EVENTS)?;
    let generator = Generator::new(1);
    let mut lines = Vec::new();
    for number in 0..events {
        let now = START_MS + number as f64 * 1000.0 / RATE;
        let event = generator.event(number as u64, now);
        serde_json::to_writer(&mut lines, &event)?;
        lines.push(b'\n');
        producer.send(&None, &event, now as i64)?;
        if number % 10_000 == 0 {
            producer.flush()?;
        }
    }
    producer.flush()?;
    Ok(fs::write(file, lines)?)
}

type Counts<K> = HashMap<K, (u64, u64)>;

fn count(file: &Path) -> Outcome<impl Sized + use<>> {
    let text = fs::read_to_string(file)?;
    let (mut minutes, mut fives): (Counts<i64>, Counts<i64>) = Default::default();
    let mut categories: Counts<(String, i64)> = HashMap::new();
    for line in text.lines() {
        let event: AdEvent = serde_json::from_str(line)?;
        let time = event.event_time_ms;
        let window = |minutes: i64| time / (minutes * MINUTE);
        let category = (event.site_category.to_string(), window(60));
        let three = [
            minutes.entry(window(1)).or_default(),
            fives.entry(window(5)).or_default(),
            categories.entry(category).or_default(),
        ];
        for (impressions, clicks) in three {
            *impressions += 1;
            *clicks += u64::from(event.click);
        }
    }
    Ok((minutes, fives, categories))
}
