//! How far the input was read: a record in a topic of its own, written in the transaction of the lines it stands for.
//!
//! So the position and the lines are there together or not at all, and a run that was killed goes on at the right
//! line. The record also says what the data directory was filled from, so that other input is refused.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use streams_core::log::{Log, Producer, TopicHandle};
use streams_core::record::RecordView;
use streams_core::{Error, ErrorKind, Result};

use crate::cluster::Place;
use crate::results::TopicReader;
use crate::topics::POSITION;

/// An input file, by name and size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Its name without folders.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl InputFile {
    /// The file at this path. Errs if there is none.
    pub fn at(path: &Path) -> Result<Self> {
        let error = |e: std::io::Error| {
            let kind = match e.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                _ => ErrorKind::Io,
            };
            Error::new(kind, format!("the input {} cannot be read", path.display())).caused_by(e)
        };
        let found = std::fs::metadata(path).map_err(error)?;
        if !found.is_file() {
            return Err(Error::new(ErrorKind::Io, format!("the input {} is no file", path.display())));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(InputFile { name, bytes: found.len() })
    }
}

/// What results depend on; fixed for the life of a data directory, and of the topics in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The files, in order. Empty in the live mode.
    pub inputs: Vec<InputFile>,
    /// The grace period in milliseconds.
    pub grace_ms: u64,
    /// Number of partitions of the events topic.
    pub partitions: u32,
}

impl Settings {
    /// Errs with [`ErrorKind::Config`] if `self`, which is in `place`, differs from what is asked for now.
    pub fn check(&self, now: &Settings, place: &Place) -> Result<()> {
        let refuse = |what: String| {
            let message = format!("{place} belongs to a run {what}; {}", place.elsewhere());
            Err(Error::new(ErrorKind::Config, message))
        };
        let list = |inputs: &[InputFile]| match inputs {
            [] => "its own generator".to_owned(),
            inputs => inputs
                .iter()
                .map(|i| format!("{} ({} bytes)", i.name, i.bytes))
                .collect::<Vec<_>>()
                .join(", "),
        };
        if self.inputs != now.inputs {
            return refuse(format!("over {}, not {}", list(&self.inputs), list(&now.inputs)));
        }
        if self.grace_ms != now.grace_ms {
            let (then, now) = (Duration::from_millis(self.grace_ms), Duration::from_millis(now.grace_ms));
            return refuse(format!("with --grace {then:?}, not {now:?}"));
        }
        if self.partitions != now.partitions {
            return refuse(format!("with --partitions {}, not {}", self.partitions, now.partitions));
        }
        Ok(())
    }
}

/// How far the input was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// What results depend on.
    pub settings: Settings,
    /// Number of the file that is being read, from 0; the number of files when all were read.
    pub file: usize,
    /// Lines read of it.
    pub line: u64,
    /// Bytes read of it, unpacked.
    pub bytes: u64,
    /// Records put into the events topic so far, over all files.
    pub records: u64,
    /// Event time of the generator in milliseconds; 0 when files are read.
    #[serde(default)]
    pub time_ms: f64,
}

impl Position {
    /// The beginning.
    pub fn start(settings: Settings) -> Self {
        Position { settings, file: 0, line: 0, bytes: 0, records: 0, time_ms: 0.0 }
    }

    /// Whether everything was read.
    pub fn is_done(&self) -> bool {
        self.file >= self.settings.inputs.len()
    }
}

/// The topic that positions are written to.
pub struct PositionTopic(TopicHandle);

impl PositionTopic {
    /// The topic as `producer` knows it.
    pub fn of(producer: &mut dyn Producer) -> Result<Self> {
        producer.topic(POSITION).map(PositionTopic)
    }

    /// The position that was committed last, if any.
    pub fn read(log: &dyn Log) -> Result<Option<Position>> {
        // In Kafka the ends of transactions have offsets too, so that the last ones may hold no record.
        for last in [16, 1024, i64::MAX] {
            let mut value = None;
            TopicReader::open(log, POSITION, Some(last))?.read_all(log, |record| {
                value = record.value.map(<[u8]>::to_vec);
                Ok(())
            })?;
            let Some(value) = value else { continue };
            return serde_json::from_slice(&value).map(Some).map_err(|e| {
                let message = format!(
                    "the last record of {POSITION} is no position; was it written by another version?"
                );
                Error::new(ErrorKind::Corrupt, message).caused_by(e)
            });
        }
        Ok(None)
    }

    /// Adds a position to the transaction under way.
    pub fn write(&self, producer: &mut dyn Producer, position: &Position) -> Result<()> {
        let value = serde_json::to_vec(position)
            .map_err(|e| Error::new(ErrorKind::Serde, "a position cannot be written as JSON").caused_by(e))?;
        let record = RecordView { key: Some(b"position"), value: Some(&value), ..RecordView::default() };
        producer.send(self.0, 0, record)
    }
}
