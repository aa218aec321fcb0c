//! What the tests share.

use std::sync::{Arc, Condvar, Mutex};

use streams_core::{Materialized, StreamsBuilder, Topology};

pub(crate) use crate::common::*;
pub(crate) use streams_core::testing::{PATIENCE, wait_for};

/// Counts words by value in the store `counted`, behind a repartition.
pub(crate) fn word_count() -> Topology {
    let builder = StreamsBuilder::new();
    let words = builder.stream(&WORDS).group_by(|_, word| word.clone());
    words.count_with(Materialized::named("counted")).to_stream().to(&COUNTS);
    builder.build().unwrap()
}

/// Holds whoever enters until it is opened.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<(bool, bool)>, Condvar)>);

impl Gate {
    /// Waits until it is opened.
    pub(crate) fn enter(&self) {
        let mut state = self.0.0.lock().unwrap();
        state.0 = true;
        self.0.1.notify_all();
        drop(self.0.1.wait_while(state, |(_, open)| !*open).unwrap());
    }

    /// Waits until somebody is held.
    pub(crate) fn wait_for_somebody(&self) {
        let state = self.0.0.lock().unwrap();
        let (_state, waited) =
            self.0.1.wait_timeout_while(state, PATIENCE, |(entered, _)| !*entered).unwrap();
        assert!(!waited.timed_out(), "nobody came");
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.0.lock().unwrap().1
    }

    pub(crate) fn open(&self) {
        self.0.0.lock().unwrap().1 = true;
        self.0.1.notify_all();
    }
}
