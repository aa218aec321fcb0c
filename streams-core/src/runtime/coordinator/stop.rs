//! Stopping: workers commit and end, state is written, the group is left.

use std::time::Instant;

use crate::error::Error;
use crate::runtime::coordinator::{Coordinator, LOOK};
use crate::runtime::pulse::Doing;
use crate::runtime::state::AppState;
use crate::runtime::worker::Command;

impl Coordinator {
    /// Stops everything in order; the state the application ends in.
    pub(super) fn stop(mut self) -> AppState {
        self.set_state(AppState::Stopping);
        let began = Instant::now();
        for worker in &self.workers {
            worker.commands.send(Command::Stop);
        }
        while self.ended.len() < self.workers.len() {
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
        let (committed, began) = (began.elapsed(), Instant::now());
        self.flusher = None;
        self.purge();
        let (written, began) = (began.elapsed(), Instant::now());
        if let Err(error) = self.member.leave() {
            self.fail(error.context("leaving the group"));
        }
        tracing::info!(
            application = %self.shared.application_id, ?committed, ?written, left = ?began.elapsed(), "stopped"
        );
        match self.failure {
            None => AppState::Stopped,
            Some(error) => AppState::Failed { kind: error.kind(), message: error.to_string() },
        }
    }

    /// Stops what was started before the start failed.
    pub(super) fn give_up(self, error: Error) -> Error {
        self.stop();
        error
    }
}
