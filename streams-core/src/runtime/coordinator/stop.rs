//! Stopping: workers commit and end, state is written, the group is left.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::runtime::coordinator::{Coordinator, LOOK};
use crate::runtime::listed::Listed;
use crate::runtime::panics;
use crate::runtime::pulse::Doing;
use crate::runtime::state::AppState;
use crate::runtime::worker::Command;

/// How long to wait at the end for requests that were made before.
const LAST: Duration = Duration::from_secs(5);
/// How often is looked whether threads have ended, which does not ring.
const ENDED: Duration = Duration::from_millis(20);

impl Coordinator {
    /// Stops everything in order; the state the application ends in.
    pub(super) fn stop(&mut self) -> AppState {
        self.set_state(AppState::Stopping);
        let began = Instant::now();
        self.opening.clear();
        self.tick();
        for worker in &self.workers {
            worker.commands.send(Command::Stop);
        }
        while self.ended.len() < self.workers.len() {
            self.tick();
            self.beat(Doing::Waiting, None);
            self.shared.vitals.watch(&mut self.stuck);
            if let Err(error) = self.take_events() {
                self.fail(error);
            }
            // A thread that ended without a word is not waited for.
            for (index, worker) in self.workers.iter().enumerate() {
                if worker.thread.is_finished() {
                    self.ended.insert(index);
                }
            }
            if self.ended.len() < self.workers.len() {
                self.shared.events.wakeup().wait((self.shared.config.session_timeout / 3).min(LOOK));
            }
        }
        if let Err(error) = self.take_events() {
            self.fail(error);
        }
        for worker in std::mem::take(&mut self.workers) {
            // Panics of user code were caught and told; there is nothing more to learn here.
            let _ = worker.thread.join();
        }
        // A commit that the group's coordinator did not take yet has one more chance.
        if let Err(error) = self.commit_waiting() {
            self.fail(error);
        }
        if !self.positions.is_empty() {
            let partitions = Listed(self.positions.keys());
            tracing::warn!(%partitions, "the last positions were not committed: their records are processed again");
        }
        let (committed, began) = (began.elapsed(), Instant::now());
        self.flusher = None;
        let (written, began) = (began.elapsed(), Instant::now());
        if let Err(error) = self.member.leave() {
            self.fail(error.context("leaving the group"));
        }
        let left = began.elapsed();
        if let Err(error) = self.purge() {
            tracing::warn!(%error, "consumed records of repartition topics were not deleted");
        }
        if !(self.look_ups.finish(LAST) & self.house.finish(LAST)) {
            tracing::warn!("requests to the log are not answered yet: they are left behind");
        }
        let ms = |time: Duration| time.as_millis() as u64;
        tracing::info!(
            failed = self.failure.is_some(),
            committed_ms = ms(committed),
            written_ms = ms(written),
            left_ms = ms(left),
            "stopped"
        );
        match self.failure.take() {
            None => AppState::Stopped,
            Some(error) => AppState::Failed { kind: error.kind(), message: error.to_string() },
        }
    }

    /// Stops after a panic of this thread: nothing that was under way is committed, since nobody knows what it is.
    pub(super) fn abandon(&mut self, panic: &(dyn Any + Send)) -> AppState {
        let message = format!(
            "the coordinator panicked: {}; nothing that was under way is committed, start the application again",
            panics::text(panic)
        );
        tracing::error!(message, "the application fails");
        for worker in &self.workers {
            worker.commands.send_first(Command::Abort);
        }
        while self.workers.iter().any(|worker| !worker.thread.is_finished()) {
            // Without transactions they do nothing while this thread gives no sign of life.
            self.shared.heartbeat.beat();
            while self.shared.events.take().is_some() {}
            self.shared.events.wakeup().wait(ENDED);
        }
        // It may be what panicked; then the group finds out by itself.
        if !matches!(catch_unwind(AssertUnwindSafe(|| self.member.leave())), Ok(Ok(()))) {
            tracing::warn!(
                "the group was not left: its partitions are given to others after the session timeout"
            );
        }
        AppState::Failed { kind: ErrorKind::User, message }
    }

    /// Stops what was started before the start failed.
    pub(super) fn give_up(mut self, error: Error) -> Error {
        self.stop();
        error
    }
}
