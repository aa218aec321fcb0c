//! The one thread of a durable log: syncs, keeps the journal short, cleans.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::core::Core;
use super::options::FsyncPolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::log::Wakeup;

/// How often it looks at the journal's length where nothing else asks for more.
const TICK: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    stop: Arc<Wakeup>,
    thread: JoinHandle<()>,
}

impl Worker {
    pub(super) fn start(core: &Arc<Core>) -> Result<Self> {
        let stop = Arc::new(Wakeup::new());
        let (core, stopped) = (core.clone(), stop.clone());
        let thread = std::thread::Builder::new()
            .name("embedded-log".to_owned())
            .spawn(move || run(&core, &stopped))
            .map_err(|e| Error::new(ErrorKind::Io, "could not start the log's thread").caused_by(e))?;
        Ok(Worker { stop, thread })
    }

    /// Stops the thread and waits until it is done.
    pub(super) fn stop(self) {
        self.stop.ring();
        if self.thread.join().is_err() {
            tracing::error!("the log's thread panicked");
        }
    }
}

fn run(core: &Core, stop: &Wakeup) {
    let interval = match core.options.fsync {
        FsyncPolicy::Interval(interval) => Some(interval),
        // Nothing is left to force, but recovery is told so and has less to verify.
        FsyncPolicy::EveryCommit => Some(TICK),
        FsyncPolicy::Never => None,
    };
    let tick = interval.map_or(TICK, |interval| interval.clamp(Duration::from_millis(1), TICK));
    let (mut synced, mut cleaned) = (Instant::now(), Instant::now());
    while !stop.wait(tick) {
        if interval.is_some_and(|interval| synced.elapsed() >= interval) {
            report(core.sync());
            synced = Instant::now();
        }
        report(core.rotate_journal());
        if core.options.clean_interval.is_some_and(|interval| cleaned.elapsed() >= interval) {
            report(core.clean(core.now(), false));
            cleaned = Instant::now();
        }
    }
}

/// What fails here is tried again at the next tick, or fails the commits: none of it is lost.
fn report(result: Result<()>) {
    if let Err(error) = result {
        tracing::error!(%error, "background work of the embedded log failed");
    }
}
