//! The thread that writes committed state to the engine, so that workers never wait for the disk.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::TaskId;
use crate::log::Wakeup;
use crate::runtime::coordinator::Event;
use crate::runtime::panics;
use crate::runtime::shared::Shared;
use crate::state::TaskState;

/// The stores of a task, and whom to wake when they were flushed.
#[derive(Clone)]
struct Open {
    state: Arc<TaskState>,
    worker: Arc<Wakeup>,
}

/// The stores of all tasks that run.
#[derive(Default)]
pub(super) struct States {
    open: Mutex<BTreeMap<TaskId, Open>>,
    wakeup: Arc<Wakeup>,
}

impl States {
    /// `worker` is rung after each flush of the state.
    pub(super) fn insert(&self, task: TaskId, state: &Arc<TaskState>, worker: &Arc<Wakeup>) {
        let open = Open { state: Arc::clone(state), worker: Arc::clone(worker) };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(task, open);
    }

    pub(super) fn remove(&self, task: TaskId) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&task);
    }

    /// Memory is short: flush soon.
    pub(super) fn hurry(&self) {
        self.wakeup.ring();
    }

    fn all(&self) -> Vec<Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// The running thread. It ends when this is dropped.
pub(super) struct Flusher {
    shared: Arc<Shared>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub(super) fn start(shared: &Arc<Shared>) -> Result<Flusher> {
        let stop = Arc::new(AtomicBool::new(false));
        let (for_thread, stopped) = (Arc::clone(shared), Arc::clone(&stop));
        let thread = Builder::new().name(format!("{}-flusher", shared.application_id)).spawn(move || {
            let _in_span = for_thread.span.clone().entered();
            // Without it, memory would fill up and restores would wait for ever.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(&for_thread, &stopped))) {
                let message = format!("writing state to the engine: panicked: {}", panics::text(&*panic));
                for_thread.events.send(Event::Failed(Error::new(ErrorKind::State, message)));
            }
        })?;
        Ok(Flusher { shared: Arc::clone(shared), stop, thread: Some(thread) })
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.shared.states.hurry();
        if let Some(thread) = self.thread.take() {
            // It reports its own failures and panics.
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared, stop: &AtomicBool) {
    while !stop.load(Ordering::Acquire) {
        let asked = shared.states.wakeup.wait(shared.config.flush_interval);
        for Open { state, worker } in shared.states.all() {
            if stop.load(Ordering::Acquire) {
                return;
            }
            if asked && !state.wants_flush() {
                continue;
            }
            let began = Instant::now();
            match state.flush() {
                Ok(flushed) if flushed.rows > 0 => {
                    shared.gauges.flushed(state.task(), began, flushed);
                    tracing::debug!(
                        task = %state.task(), rows = flushed.rows, bytes = flushed.bytes, "state written"
                    );
                }
                Ok(_) => {}
                Err(error) => return shared.events.send(Event::Failed(error)),
            }
            worker.ring();
        }
    }
}
