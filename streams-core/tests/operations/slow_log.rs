//! A log that keeps others waiting.

use std::sync::Arc;

use streams_core::Result;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{Log, PartitionReader, Producer};
use streams_core::record::RecordBatch;

use crate::common::intercepted::{Intercept, Intercepted};
use crate::support::Gate;

/// What of a log waits for the gate.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Hold {
    /// Records of changelogs are not there before it is open.
    Changelog,
    /// Commits of transactions wait.
    Commit,
}

/// `log`, which waits for the gate.
pub(crate) fn slow(log: &Arc<dyn Log>, gate: &Gate, hold: Hold) -> Arc<dyn Log> {
    Intercepted::over(log, Slow { gate: gate.clone(), hold })
}

#[derive(Clone)]
struct Slow {
    gate: Gate,
    hold: Hold,
}

impl Intercept for Slow {
    fn opened(
        &self,
        partition: &TopicPartition,
        reader: Box<dyn PartitionReader>,
    ) -> Box<dyn PartitionReader> {
        if self.hold == Hold::Changelog && partition.topic.ends_with("-changelog") {
            return Box::new(SlowReader { reader, gate: self.gate.clone() });
        }
        reader
    }

    fn commit(&self, producer: &mut dyn Producer) -> Result<()> {
        if self.hold == Hold::Commit {
            self.gate.enter();
        }
        producer.commit()
    }
}

/// Has nothing to read before the gate is open.
struct SlowReader {
    reader: Box<dyn PartitionReader>,
    gate: Gate,
}

impl PartitionReader for SlowReader {
    fn read(&mut self, batch: &mut RecordBatch, max_bytes: usize) -> Result<usize> {
        if self.gate.is_open() { self.reader.read(batch, max_bytes) } else { Ok(0) }
    }

    fn position(&self) -> Offset {
        self.reader.position()
    }

    fn seek(&mut self, offset: Offset) {
        self.reader.seek(offset);
    }

    fn end(&self) -> Option<Offset> {
        self.reader.end()
    }
}
