//! A log whose commits fail now and then: before they take effect, or after it, as a lost answer would look. It also
//! remembers which partitions were read, and lets tests step in where members and positions are asked for.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{
    Committed, GroupEvent, GroupMember, GroupMetadata, Log, PartitionReader, Producer, Wakeup,
};
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
    pub(crate) hooks: Arc<Hooks>,
}

/// Where a test steps in.
#[derive(Default)]
pub(crate) struct Hooks {
    before: Mutex<Option<Hook>>,
    /// What polls of members answer first; `None` is a poll of the group in between.
    pub(crate) events: Mutex<VecDeque<Option<GroupEvent>>>,
    /// Members do not get the positions of this one committed.
    pub(crate) refused: Mutex<Option<TopicPartition>>,
}

type Hook = Arc<dyn Fn(&str) + Send + Sync>;

impl Hooks {
    /// Calls this with the name of each call that can be stepped in before: `committed`, `poll`.
    pub(crate) fn before(&self, hook: impl Fn(&str) + Send + Sync + 'static) {
        *self.before.lock().unwrap() = Some(Arc::new(hook));
    }

    fn pass(&self, call: &str) {
        let hook = self.before.lock().unwrap().clone();
        if let Some(hook) = hook {
            hook(call);
        }
    }
}

impl Failing {
    pub(crate) fn new(every: u64, kind: ErrorKind) -> Self {
        Failing { every, kind, commits: Arc::default(), read: Arc::default(), hooks: Arc::default() }
    }

    /// One whose commits do not fail.
    pub(crate) fn never() -> Self {
        Failing::new(u64::MAX, ErrorKind::Fenced)
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

    fn looking_up(&self) {
        self.hooks.pass("committed");
    }

    fn joined(&self, member: Box<dyn GroupMember>) -> Box<dyn GroupMember> {
        Box::new(HookedMember { inner: member, hooks: Arc::clone(&self.hooks) })
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

struct HookedMember {
    inner: Box<dyn GroupMember>,
    hooks: Arc<Hooks>,
}

impl GroupMember for HookedMember {
    fn poll(&mut self) -> Result<Option<GroupEvent>> {
        self.hooks.pass("poll");
        match self.hooks.events.lock().unwrap().pop_front() {
            Some(Some(event)) => Ok(Some(event)),
            _ => self.inner.poll(),
        }
    }
    fn metadata(&self) -> GroupMetadata {
        self.inner.metadata()
    }
    fn reader(
        &mut self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Box<dyn PartitionReader>> {
        self.inner.reader(partition, from, wakeup)
    }
    fn commit(&mut self, offsets: &[(TopicPartition, Committed)]) -> Result<()> {
        let refused = self.hooks.refused.lock().unwrap().clone();
        if offsets.iter().any(|(partition, _)| Some(partition) == refused.as_ref()) {
            return Err(Error::new(ErrorKind::Fenced, "injected: it is not owned"));
        }
        self.inner.commit(offsets)
    }
    fn leave(&mut self) -> Result<()> {
        self.inner.leave()
    }
}
