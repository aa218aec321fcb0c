//! Files into the events topic, exactly once.
//!
//! A transaction takes about a megabyte of lines and the position behind them. Lines go to partitions in turn, 64 at
//! a time, by their number over all files: the same input lies in the same partitions, whatever happened on the way.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use streams_core::log::{Log, Producer, ProducerOptions, TopicHandle};
use streams_core::record::{EncodedHeaders, RecordView};
use streams_core::{Headers, Result};

use crate::dead_letters::{REASON, TOO_LONG};
use crate::input::{Line, Lines, Position, PositionTopic, Settings};
use crate::topics::{AD_EVENTS, DEAD_LETTERS};

/// Lines that go to one partition before the next has its turn.
const TURN: u64 = 64;
/// Bytes of lines after which a transaction is committed.
const TRANSACTION_BYTES: usize = 1 << 20;

/// Puts the lines of files into the events topic.
pub struct Ingest {
    producer: Box<dyn Producer>,
    events: TopicHandle,
    dead_letters: TopicHandle,
    positions: PositionTopic,
    files: Vec<PathBuf>,
    position: Position,
    /// Bytes read of the files themselves.
    read: Arc<AtomicU64>,
}

/// What an ingestion step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingested {
    /// A transaction of lines was committed.
    Some,
    /// Everything was read before.
    All,
}

impl Ingest {
    /// Goes on where the last one was. A process that still ingests into this log is fenced off.
    pub fn new(log: &dyn Log, files: Vec<PathBuf>, settings: Settings) -> Result<Self> {
        let options = ProducerOptions { transactional_id: Some("ctr-ingest".to_owned()) };
        let mut producer = log.open_producer(options)?;
        // Only now: nobody else writes a position any more.
        let position = PositionTopic::read(log)?.unwrap_or_else(|| Position::start(settings));
        let events = producer.topic(AD_EVENTS.name())?;
        let dead_letters = producer.topic(DEAD_LETTERS)?;
        let positions = PositionTopic::of(&mut *producer)?;
        let done = position.settings.inputs.iter().take(position.file).map(|input| input.bytes).sum();
        Ok(Ingest {
            producer,
            events,
            dead_letters,
            positions,
            files,
            position,
            read: Arc::new(AtomicU64::new(done)),
        })
    }

    /// Reads everything that is left. `progress` is called behind every transaction with the bytes read of the files
    /// and the records so far; it may stop by an error.
    pub fn run(&mut self, mut progress: impl FnMut(u64, u64) -> Result<()>) -> Result<()> {
        while !self.position.is_done() {
            let path = self.files[self.position.file].clone();
            let mut lines = Lines::open(&path, self.position.line, self.position.bytes, &self.read)?;
            while self.transaction(&mut lines)? == Ingested::Some {
                progress(self.read.load(Ordering::Relaxed), self.position.records)?;
            }
        }
        Ok(())
    }

    /// How far it has come: what the last commit said.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Commits the next lines of the file; at its end the position moves to the next file.
    fn transaction(&mut self, lines: &mut Lines) -> Result<Ingested> {
        let mut next = self.position.clone();
        let mut taken = 0;
        self.producer.begin()?;
        let mut key = String::new();
        while taken < TRANSACTION_BYTES {
            let number = lines.line() + 1;
            let Some(line) = lines.next_line()? else {
                next.file += 1;
                (next.line, next.bytes) = (0, 0);
                break;
            };
            name_line(&mut key, next.file, number);
            match line {
                Line::Whole(text) => {
                    taken += text.len() + 1;
                    // Editors leave empty lines behind; they are no records.
                    if !text.trim_ascii().is_empty() {
                        let partition = (next.records / TURN % u64::from(next.settings.partitions)) as u32;
                        let record = RecordView {
                            key: Some(key.as_bytes()),
                            value: Some(text),
                            ..RecordView::default()
                        };
                        self.producer.send(self.events, partition, record)?;
                        next.records += 1;
                    }
                }
                Line::Cut(text) => {
                    taken += text.len();
                    send_too_long(&mut *self.producer, self.dead_letters, &key, text)?;
                }
            }
        }
        let finished = next.file > self.position.file;
        if !finished {
            (next.line, next.bytes) = (lines.line(), lines.bytes());
        }
        self.positions.write(&mut *self.producer, &next)?;
        self.producer.commit()?;
        self.position = next;
        Ok(if finished { Ingested::All } else { Ingested::Some })
    }
}

fn name_line(key: &mut String, file: usize, line: u64) {
    use std::fmt::Write;
    key.clear();
    // Writing to a string does not fail.
    let _ = write!(key, "{file}:{line}");
}

fn send_too_long(producer: &mut dyn Producer, topic: TopicHandle, key: &str, text: &[u8]) -> Result<()> {
    let mut headers = Headers::new();
    headers.add(REASON, TOO_LONG);
    let mut encoded = Vec::new();
    headers.encode(&mut encoded);
    let record = RecordView {
        key: Some(key.as_bytes()),
        value: Some(text),
        headers: EncodedHeaders(&encoded),
        ..RecordView::default()
    };
    producer.send(topic, 0, record)
}
