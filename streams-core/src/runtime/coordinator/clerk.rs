//! A thread for requests to the log that may wait long where brokers are away, so that the coordinator goes on
//! polling its group meanwhile. What it finds out comes back as an event, and so does a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::Builder;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::coordinator::Event;
use crate::runtime::latch::Latch;
use crate::runtime::panics;
use crate::runtime::shared::Shared;

/// What to do, and its name for messages.
type Errand = (String, Box<dyn FnOnce() + Send>);

/// The running thread. It ends when this is dropped and its errands are done.
pub(super) struct Clerk {
    /// `None` when it has been told to finish.
    errands: Option<Sender<Errand>>,
    ended: Arc<Latch<()>>,
}

impl Clerk {
    pub(super) fn start(shared: &Arc<Shared>, what: &str) -> Result<Clerk> {
        let (errands, received) = channel::<Errand>();
        let ended = Arc::new(Latch::new());
        let at_end = Arc::clone(&ended);
        let (span, weak) = (shared.span.clone(), Arc::downgrade(shared));
        Builder::new().name(format!("{}-{what}", shared.application_id)).spawn(move || {
            let _in_span = span.entered();
            received.into_iter().for_each(|errand| run(errand, &weak));
            at_end.set(());
        })?;
        Ok(Clerk { errands: Some(errands), ended })
    }

    /// Does this after what it was told before. `what` says what it is.
    pub(super) fn send(&self, what: impl Into<String>, errand: impl FnOnce() + Send + 'static) -> Result<()> {
        let (what, errand): Errand = (what.into(), Box::new(errand));
        let sent = self.errands.as_ref().is_some_and(|errands| errands.send((what, errand)).is_ok());
        if sent { Ok(()) } else { Err(Error::new(ErrorKind::Closed, "the application is stopping")) }
    }

    /// Waits until everything is done, at most this long; whether it is. What is left goes on in the background.
    pub(super) fn finish(&mut self, patience: Duration) -> bool {
        self.errands = None;
        self.ended.wait(Some(patience)).is_some()
    }
}

/// Without its answer the application would wait for ever: it fails of a panic.
fn run((what, errand): Errand, shared: &Weak<Shared>) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(errand)) else { return };
    let error = Error::new(ErrorKind::User, format!("{what}: panicked: {}", panics::text(&*panic)));
    match shared.upgrade() {
        Some(shared) => shared.events.send(Event::Failed(error)),
        None => tracing::error!(%error, "while the application stopped"),
    }
}
