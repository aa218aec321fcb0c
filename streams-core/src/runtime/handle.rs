//! The handle of a running application.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::sync::watch;

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::app::outcome;
use crate::runtime::coordinator::{Coordinator, Event};
use crate::runtime::health::Health;
use crate::runtime::latch::Latch;
use crate::runtime::metrics::Metrics;
use crate::runtime::monitor::Monitor;
use crate::runtime::panics;
use crate::runtime::shared::Shared;
use crate::runtime::state::AppState;

/// A running application. Dropping it stops the application and waits for that, at most the setting
/// `close_timeout`.
///
/// # When something fails
///
/// What may pass is done again: a fenced or timed-out transaction goes back to what is committed, brokers that are away
/// are waited for. Records that fail go the way of the [`ErrorPolicies`](crate::ErrorPolicies). Every other error, and a
/// panic of user code, ends the whole application (in Kafka's words, the uncaught exception handler answers
/// `SHUTDOWN_CLIENT`): nothing of what failed is committed, the other tasks commit, and the state is
/// [`Failed`](AppState::Failed) with the error. No thread is replaced, because the record that failed would come again.
/// Start the application anew, or let whoever supervises the process do so: [`health`](Self::health) is not live then.
pub struct AppHandle {
    shared: Arc<Shared>,
    monitor: Monitor,
    ended: Arc<Latch<AppState>>,
    thread: Option<JoinHandle<()>>,
}

impl AppHandle {
    pub(super) fn run(
        shared: Arc<Shared>,
        coordinator: Coordinator,
        state: watch::Sender<AppState>,
        watched: watch::Receiver<AppState>,
    ) -> Result<AppHandle> {
        let ended = Arc::new(Latch::new());
        let at_end = Arc::clone(&ended);
        let name = format!("{}-coordinator", shared.application_id);
        let span = shared.span.clone();
        let thread = Builder::new().name(name).spawn(move || {
            let _in_span = span.entered();
            let last = catch_unwind(AssertUnwindSafe(|| coordinator.run())).unwrap_or_else(|panic| {
                let message = format!("the coordinator panicked: {}", panics::text(&*panic));
                AppState::Failed { kind: ErrorKind::User, message }
            });
            state.send_replace(last.clone());
            at_end.set(last);
        })?;
        let monitor = Monitor::new(Arc::clone(&shared.vitals), watched);
        Ok(AppHandle { shared, monitor, ended, thread: Some(thread) })
    }

    /// What the application is doing, to look at or to wait for changes of; needs no async runtime.
    pub fn state(&self) -> watch::Receiver<AppState> {
        self.monitor.state().clone()
    }

    /// Shows state, metrics and health to other parts of the program, on any thread, also after the application.
    pub fn monitor(&self) -> Monitor {
        self.monitor.clone()
    }

    /// Whether the application is alive and ready, with the reasons.
    pub fn health(&self) -> Health {
        self.monitor.health()
    }

    /// The counters as of now.
    pub fn metrics(&self) -> Metrics {
        self.monitor.metrics()
    }

    /// Asks it to stop and returns at once; [`state`](Self::state) tells when it has.
    pub fn stop(&self) {
        self.shared.events.send(Event::Stop);
    }

    /// Stops it: what is being processed is finished and committed, state is written, the group is left. Blocks
    /// until that is done. Errs with `Timeout` if it takes longer than `timeout` (it goes on then in the
    /// background), or with what the application failed of.
    pub fn shutdown(mut self, timeout: Duration) -> Result<()> {
        self.stop();
        self.join(timeout)
    }

    /// Blocks until it has stopped by itself. Errs with what it failed of.
    pub fn wait(&self) -> Result<()> {
        match self.ended.wait(None) {
            Some(state) => outcome(&state),
            None => Ok(()),
        }
    }

    /// Waits without blocking until it has stopped. Errs with what it failed of.
    pub async fn stopped(&self) -> Result<()> {
        let mut state = self.state();
        // The sender goes only after the last state was sent.
        let last = match state.wait_for(AppState::is_final).await {
            Ok(last) => last.clone(),
            Err(_) => self.monitor.state().borrow().clone(),
        };
        outcome(&last)
    }

    fn join(&mut self, timeout: Duration) -> Result<()> {
        let Some(state) = self.ended.wait(Some(timeout)) else {
            self.thread = None;
            return Err(Error::new(
                ErrorKind::Timeout,
                format!(
                    "application {} did not stop within {timeout:?}, and goes on stopping; its health says what it \
                     waits for: {}",
                    self.shared.application_id,
                    self.health().live.text
                ),
            ));
        };
        if let Some(thread) = self.thread.take() {
            // Its panic was caught; the state says how it ended.
            let _ = thread.join();
        }
        outcome(&state)
    }
}

impl Drop for AppHandle {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.stop();
            if let Err(error) = self.join(self.shared.config.close_timeout) {
                tracing::error!(application = %self.shared.application_id, %error, "stopped by dropping its handle");
            }
        }
    }
}

impl std::fmt::Debug for AppHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppHandle")
            .field("application_id", &self.shared.application_id)
            .field("state", &*self.monitor.state().borrow())
            .finish_non_exhaustive()
    }
}
