//! The log inside the process: in memory, or durable in a directory.
//!
//! Partitions, consumer groups and transactions without a broker. Commits are atomic over partitions and consumer
//! offsets and survive `kill -9`; how it is done, with the file formats, is in the `README.md` of this folder.

mod assignment;
mod background;
mod block;
mod change;
mod clean;
mod codec;
mod commit;
mod core;
mod groups;
mod image;
mod journal;
mod member;
mod options;
mod partition;
mod producer;
mod reader;
mod recovery;
mod segment;
mod storage;
mod sync;
mod topics;

use std::fs;
use std::path::Path;
use std::sync::Arc;

pub use options::{ClockFn, EmbeddedLogOptions, FsyncPolicy};

use self::background::Worker;
use self::core::{Core, Directory};
use self::image::Image;
use self::member::Member;
use self::producer::EmbeddedProducer;
use self::reader::Reader;
use self::recovery::Recovered;
use self::storage::{FileCache, io_error};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TopicPartition};
use crate::log::{
    Committed, GroupMember, GroupOptions, Log, MemberInfo, NewTopic, PartitionReader, Producer,
    ProducerOptions, TopicConfig, TopicInfo, Wakeup,
};
use crate::time::Timestamp;

/// A log inside the process. A clone is another handle to the same log; the log is closed when the last handle is
/// dropped, with the producers, readers and members that it gave out.
///
/// ```
/// use std::sync::Arc;
/// use streams_core::log::embedded::EmbeddedLog;
/// use streams_core::log::{Log, NewTopic, ProducerOptions, Wakeup};
/// use streams_core::ids::TopicPartition;
/// use streams_core::record::{RecordBatch, RecordView};
///
/// # fn main() -> streams_core::Result<()> {
/// let log = EmbeddedLog::in_memory();
/// log.create_topics(&[NewTopic::new("words", 1)])?;
///
/// let mut producer = log.open_producer(ProducerOptions::default())?;
/// let words = producer.topic("words")?;
/// producer.send(words, 0, RecordView { value: Some(b"hello"), ..RecordView::default() })?;
/// producer.flush()?;
///
/// let mut reader = log.open_reader(&TopicPartition::new("words", 0), 0, &Arc::new(Wakeup::new()))?;
/// let mut batch = RecordBatch::new();
/// assert_eq!(reader.read(&mut batch, 1 << 20)?, 1);
/// assert_eq!(batch.get(0).value, Some(&b"hello"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EmbeddedLog(Arc<Shared>);

/// What every handle holds: the log is closed when this is dropped.
struct Shared {
    core: Arc<Core>,
    worker: Option<Worker>,
}

impl EmbeddedLog {
    /// An empty log in memory. It has no thread and, but for the sessions of group members, no use for the time.
    pub fn in_memory() -> Self {
        Self::in_memory_with(EmbeddedLogOptions::default())
    }

    /// An empty log in memory with these options: with an injected clock nothing in it depends on the machine.
    pub fn in_memory_with(options: EmbeddedLogOptions) -> Self {
        let image = Image { log_id: options.log_id.unwrap_or(0), ..Image::default() };
        EmbeddedLog(Arc::new(Shared { core: Arc::new(Core::new(options, None, image, None)), worker: None }))
    }

    /// Opens the log in a directory, which is made if it does not exist.
    ///
    /// Errs with `Locked` if it is open already, in this process or another, and with `Corrupt` if records that
    /// were on the disk are gone or changed. What a crash left unfinished is removed.
    pub fn open(dir: impl AsRef<Path>, options: EmbeddedLogOptions) -> Result<Self> {
        let path = dir.as_ref().to_owned();
        fs::create_dir_all(&path).map_err(|e| io_error("create", &path, e))?;
        let lock_path = path.join("LOCK");
        let lock = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(|e| io_error("open", &lock_path, e))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => {
                let message = format!(
                    "the log in {} is open in another process, or twice in this one; stop that first",
                    path.display()
                );
                Error::new(ErrorKind::Locked, message)
            }
            fs::TryLockError::Error(error) => io_error("lock", &lock_path, error),
        })?;
        let Recovered { image, journal, tail } = recovery::recover(&path, options.log_id)?;
        let files = FileCache::new(options.max_open_files);
        let directory = Directory { path, files, lock };
        let core = Arc::new(Core::new(options, Some(directory), image, Some(journal)));
        core.adopt_tail(&tail);
        core.sync()?;
        let worker = Some(Worker::start(&core)?);
        Ok(EmbeddedLog(Arc::new(Shared { core, worker })))
    }

    /// Forces everything committed so far to the disk, whatever the policy.
    pub fn sync(&self) -> Result<()> {
        self.0.core.sync()
    }

    /// Applies retention and compaction to every partition, with `now` as the time that ages are measured from.
    ///
    /// Only closed segments are compacted; a segment goes by age once its newest record is too old. A compaction
    /// keeps the keys of what was not compacted before in memory while it runs.
    pub fn clean(&self, now: Timestamp) -> Result<()> {
        self.0.core.clean(now, true)
    }

    /// Changes the settings of a topic. Producers that are open go by the largest record they were opened with.
    ///
    /// ```
    /// # use streams_core::log::embedded::EmbeddedLog;
    /// use streams_core::log::{CleanupPolicy, Log, NewTopic};
    ///
    /// let log = EmbeddedLog::in_memory();
    /// log.create_topics(&[NewTopic::new("users", 1)])?;
    /// log.configure_topic("users", |config| config.cleanup_policy = CleanupPolicy::Compact)?;
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn configure_topic(&self, topic: &str, change: impl FnOnce(&mut TopicConfig)) -> Result<()> {
        self.0.core.configure_topic(topic, change)
    }

    /// Closes the segments of a topic that are being appended to, so that [`clean`](Self::clean) may touch them.
    pub fn roll(&self, topic: &str) -> Result<()> {
        self.0.core.roll(topic)
    }
}

impl Log for EmbeddedLog {
    fn create_topics(&self, topics: &[NewTopic]) -> Result<()> {
        self.0.core.create_topics(topics)
    }

    fn describe_topic(&self, topic: &str) -> Result<Option<TopicInfo>> {
        Ok(self.0.core.describe_topic(topic))
    }

    fn list_topics(&self) -> Result<Vec<String>> {
        Ok(self.0.core.state().topics.keys().cloned().collect())
    }

    fn delete_topics(&self, topics: &[&str]) -> Result<()> {
        self.0.core.delete_topics(topics)
    }

    fn delete_records(&self, before: &[(TopicPartition, Offset)]) -> Result<()> {
        self.0.core.delete_records(before)
    }

    fn start_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        Ok(self.0.core.partition(partition)?.start())
    }

    fn end_offset(&self, partition: &TopicPartition) -> Result<Offset> {
        // Looked up under the lock, so that a commit under way is waited for.
        let state = self.0.core.state();
        Ok(state.partition(partition)?.end())
    }

    fn group_members(&self, group: &str) -> Result<Vec<MemberInfo>> {
        Ok(self.0.core.group_members(group))
    }

    fn place(&self) -> String {
        match &self.0.core.dir {
            Some(dir) => format!("embedded log in {}", dir.path.display()),
            None => "embedded log in memory".to_owned(),
        }
    }

    fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<Committed>>> {
        self.0.core.committed(group, partitions)
    }

    fn alter_committed(&self, group: &str, offsets: &[(TopicPartition, Option<Committed>)]) -> Result<()> {
        self.0.core.alter_committed(group, offsets)
    }

    fn open_reader(
        &self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Box<dyn PartitionReader>> {
        let partition = self.0.core.partition(partition)?;
        Ok(Box::new(Reader::new(self.0.clone(), partition, from, wakeup)))
    }

    fn join_group(&self, options: GroupOptions, wakeup: &Arc<Wakeup>) -> Result<Box<dyn GroupMember>> {
        Ok(Box::new(Member::join(self.0.clone(), options, wakeup)))
    }

    fn open_producer(&self, options: ProducerOptions) -> Result<Box<dyn Producer>> {
        Ok(Box::new(EmbeddedProducer::new(self.0.clone(), options)))
    }
}

impl std::fmt::Debug for EmbeddedLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let dir = self.0.core.dir.as_ref().map(|d| &d.path);
        f.debug_struct("EmbeddedLog").field("dir", &dir).finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let Some(worker) = self.worker.take() else { return };
        worker.stop();
        if let Err(error) = self.core.sync() {
            tracing::error!(%error, "could not force the log to the disk while closing it");
        }
        // Nobody is left who could write; the next one may open it.
        if let Some(dir) = &self.core.dir {
            let _ = dir.lock.unlock();
        }
    }
}

#[cfg(test)]
mod tests;
