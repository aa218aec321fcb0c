//! A thread for requests to the log that may wait long where brokers are away, so that the coordinator goes on
//! polling its group meanwhile. What it finds out comes back as an event.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::latch::Latch;

type Errand = Box<dyn FnOnce() + Send>;

/// The running thread. It ends when this is dropped and its errands are done.
pub(super) struct Clerk {
    errands: Sender<Errand>,
    ended: Arc<Latch<()>>,
}

impl Clerk {
    pub(super) fn start(name: String, span: tracing::Span) -> Result<Clerk> {
        let (errands, received) = channel::<Errand>();
        let ended = Arc::new(Latch::new());
        let at_end = Arc::clone(&ended);
        Builder::new().name(name).spawn(move || {
            let _in_span = span.entered();
            received.into_iter().for_each(|errand| errand());
            at_end.set(());
        })?;
        Ok(Clerk { errands, ended })
    }

    /// Does this after what it was told before.
    pub(super) fn send(&self, errand: impl FnOnce() + Send + 'static) -> Result<()> {
        self.errands.send(Box::new(errand)).map_err(|_| {
            Error::new(
                ErrorKind::Closed,
                "a thread of the application has ended; its panic was printed above",
            )
        })
    }

    /// Waits until everything is done, at most this long; whether it is. What is left goes on in the background.
    pub(super) fn finish(self, patience: Duration) -> bool {
        drop(self.errands);
        self.ended.wait(Some(patience)).is_some()
    }
}
