//! A log whose commits fail now and then: before they take effect, or after it, as a lost answer would look. It also
//! remembers which partitions were read.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use streams_core::ids::TopicPartition;
use streams_core::log::{Log, PartitionReader, Producer};
use streams_core::{Error, ErrorKind, Result};

use crate::common::intercepted::{Intercept, Intercepted};

/// Of every `every` commits, one fails before and one after it has taken effect.
#[derive(Clone)]
pub(crate) struct Failing {
    every: u64,
    kind: ErrorKind,
    commits: Arc<AtomicU64>,
    /// The partitions that readers were opened for, in that order.
    pub(crate) read: Arc<Mutex<Vec<TopicPartition>>>,
}

impl Failing {
    pub(crate) fn new(every: u64, kind: ErrorKind) -> Self {
        Failing { every, kind, commits: Arc::default(), read: Arc::default() }
    }

    /// `log`, with such commits.
    pub(crate) fn over(&self, log: &Arc<dyn Log>) -> Arc<dyn Log> {
        Intercepted::over(log, self.clone())
    }
}

impl Intercept for Failing {
    fn opened(
        &self,
        partition: &TopicPartition,
        reader: Box<dyn PartitionReader>,
    ) -> Box<dyn PartitionReader> {
        self.read.lock().unwrap().push(partition.clone());
        reader
    }

    fn commit(&self, producer: &mut dyn Producer) -> Result<()> {
        let number = self.commits.fetch_add(1, Relaxed) % self.every;
        if number == self.every / 2 {
            return Err(Error::new(self.kind, "injected before the commit"));
        }
        producer.commit()?;
        if number == self.every - 1 {
            return Err(Error::new(self.kind, "injected after the commit"));
        }
        Ok(())
    }
}
