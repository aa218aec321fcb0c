//! The service: a generator writes events, the application counts them, the results are shown as they come.

mod feed;
mod screen;
mod stop;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use streams_core::runtime::{AppHandle, AppState};
use streams_core::{Error, ErrorKind, Result};

pub use stop::Stop;

use crate::cluster::Cluster;
use crate::input::{PositionTopic, Settings};
use crate::live::feed::Feed;
use crate::live::screen::Screen;
use crate::server::Server;
use crate::service::Service;
use crate::time::utc;
use crate::topics::AD_EVENTS;

/// How often new results are looked for.
const REFRESH: Duration = Duration::from_millis(250);
/// How long a stop may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to run the service.
#[derive(Debug, Clone)]
pub struct LiveRun {
    /// Where the topics are, if not in the data directory.
    pub cluster: Option<Cluster>,
    /// Whether this process makes the events.
    pub generate: bool,
    /// Where log and state are kept.
    pub data_dir: PathBuf,
    /// How long behind its end a window still takes events, in event time.
    pub grace: Duration,
    /// Partitions of the event and result topics.
    pub partitions: u32,
    /// Worker threads.
    pub threads: u16,
    /// Events per second.
    pub rate: u32,
    /// How many times faster than the clock event time runs.
    pub speed: u32,
    /// Seed of the events.
    pub seed: u64,
    /// Where metrics and health are served, if they are.
    pub metrics: Option<SocketAddr>,
}

impl LiveRun {
    /// Runs until `stop` is requested. Results go to `out`, explanations to `notes`; on a terminal everything is
    /// shown as one table on `out`.
    pub fn run(
        &self,
        out: &mut dyn Write,
        notes: &mut dyn Write,
        is_terminal: bool,
        stop: &Arc<Stop>,
    ) -> Result<()> {
        let settings = Settings {
            inputs: Vec::new(),
            grace_ms: u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX),
            partitions: self.partitions,
        };
        let service = Service::open(self.cluster.as_ref(), &self.data_dir, settings, self.threads)?;
        let begin = self.explain(&service);
        let mut screen = Screen::open(&service, is_terminal, begin.clone())?;
        if !is_terminal {
            tell(notes, &begin)?;
        }
        let handle = service.app()?.start()?;
        let server = self.metrics.map(|address| Server::start(address, handle.monitor())).transpose()?;
        if let Some(server) = &server {
            let address = server.address();
            tell(notes, &format!("metrics http://{address}/metrics, health at /live and /ready\n"))?;
        }
        let feed = match self.generate {
            true => Some(Feed::start(self, &service, Arc::clone(stop))?),
            false => None,
        };
        let shown = self.show(&mut screen, out, notes, &handle, stop);
        stop.request();
        let fed = feed.map_or(Ok(()), Feed::join);
        let mut metrics = handle.metrics();
        let stopped = handle.shutdown(PATIENCE);
        // What failed first is what the others stopped for.
        stopped.and(fed)?;
        metrics.state = AppState::Stopped;
        let shown = shown.and_then(|()| screen.refresh(out, &metrics));
        if let Err(error) = shown
            && error.kind() != ErrorKind::Closed
        {
            return Err(error);
        }
        let records = PositionTopic::read(&*service.log)?.map_or(0, |position| position.records);
        let end = format!("stopped cleanly after {records} events; run the same command again to continue\n");
        tell(if is_terminal { out } else { notes }, &end)
    }

    /// Shows new results until a stop is requested, the application ends, or nobody reads the output any more.
    fn show(
        &self,
        screen: &mut Screen,
        out: &mut dyn Write,
        notes: &mut dyn Write,
        handle: &AppHandle,
        stop: &Stop,
    ) -> Result<()> {
        let mut is_restored = screen.is_terminal();
        while !stop.wait(REFRESH) && !handle.state().borrow().is_final() {
            let metrics = handle.metrics();
            if !is_restored && metrics.state == AppState::Running {
                is_restored = true;
                tell(notes, &format!("restored {} records\n", metrics.restored))?;
            }
            screen.refresh(out, &metrics)?;
        }
        Ok(())
    }

    fn explain(&self, service: &Service) -> String {
        let position = &service.position;
        let progress = match position.records {
            0 => "new".to_owned(),
            _ if !self.generate => "continuing".to_owned(),
            records => {
                format!("continuing behind {records} events, event time {}", utc(position.time_ms as i64))
            }
        };
        let input = match self.generate {
            true => format!(
                "a generator: {} ad events/s, event time {} times faster than the clock",
                self.rate, self.speed
            ),
            false => format!("the topic {}, which others write", AD_EVENTS.name()),
        };
        let data = match &self.cluster {
            None => self.data_dir.display().to_string(),
            Some(cluster) => format!("Kafka at {}, state in {}", cluster.brokers(), self.data_dir.display()),
        };
        let anew = if self.cluster.is_none() { "; delete the data to begin anew" } else { "" };
        // Lines of at most 80 characters, so that the table fits an ordinary terminal.
        format!(
            "CTR service: clicks in percent of impressions, per window of event time.\n\
             input   {input}\n\
             output  a window once, when event time is {} s behind its end\n\
             data    {data} ({progress})\n\
             stop    Ctrl-C; started again it continues{anew}\n",
            self.grace.as_secs_f64(),
        )
    }
}

/// Writes text. Errs with `Closed` if nobody reads it any more.
fn tell(out: &mut dyn Write, text: &str) -> Result<()> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        let kind = if error.kind() == io::ErrorKind::BrokenPipe { ErrorKind::Closed } else { ErrorKind::Io };
        Error::new(kind, "the output cannot be written").caused_by(error)
    })
}
