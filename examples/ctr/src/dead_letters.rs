//! Records that were not counted: what the dead-letter topic holds, as counts and as a file.
//!
//! The counts come from the topic, which is written in the transactions of the records, so that they are those of the
//! whole job, however often it was killed.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value, json};
use streams_core::log::Log;
use streams_core::record::RecordView;
use streams_core::serde::DefaultSerde;
use streams_core::{Headers, Result};

use crate::model::Click;
use crate::results::{TopicReader, write_whole};
use crate::topics::DEAD_LETTERS;

/// Header with the reason, as the library writes it.
pub const REASON: &str = "__streams.errors.reason";
/// Header with the node that dropped the record.
const NODE: &str = "__streams.errors.node";
/// Header with what the error said.
const MESSAGE: &str = "__streams.errors.message";
/// Reason of lines that are longer than a record may be.
pub const TOO_LONG: &str = "too-long";
/// Reason of records whose window was closed.
const LATE: &str = "late";

/// One record that was not counted.
#[derive(Debug, Clone, PartialEq)]
pub enum DeadLetter {
    /// A line that is no ad event.
    Bad {
        /// Why, in words that many lines share.
        reason: String,
        /// All that is known of the reason.
        message: String,
        /// Number of the file and of the line in it, from 0 and from 1.
        place: Option<(usize, u64)>,
        /// The line, or its beginning.
        line: String,
    },
    /// An event that came when its window was closed already; one for each such window.
    Late {
        /// The window's node: `ctr-1min` and so on.
        node: String,
        /// The event.
        click: Click,
        /// Its event time.
        event_time_ms: i64,
    },
}

impl DeadLetter {
    /// Reads a record of the dead-letter topic.
    pub fn read(record: RecordView<'_>) -> Result<Self> {
        let headers = record.headers.to_headers();
        let reason = text(&headers, REASON);
        let value = record.value.unwrap_or_default();
        if reason == LATE {
            let node = text(&headers, NODE);
            // The library says `name` (file:line).
            let node = node.split('`').nth(1).unwrap_or(&node).to_owned();
            let click = Click::serde().deserialize(value)?;
            return Ok(DeadLetter::Late { node, click, event_time_ms: record.timestamp });
        }
        let message = text(&headers, MESSAGE);
        let message = message.strip_prefix("the value: ").unwrap_or(&message).to_owned();
        let reason = match reason.as_str() {
            "undecodable" => message.split(':').next().unwrap_or_default().to_owned(),
            "invalid-timestamp" => "event_time_ms is negative".to_owned(),
            TOO_LONG => "line too long".to_owned(),
            other => other.to_owned(),
        };
        let line = String::from_utf8_lossy(value).into_owned();
        Ok(DeadLetter::Bad { reason, message, place: record.key.and_then(place), line })
    }

    /// Tells of the record at debug level.
    fn tell(&self, inputs: &[String]) {
        match self {
            DeadLetter::Bad { message, place, .. } => {
                let (file, line) = place.unwrap_or_default();
                let file = inputs.get(file).map_or("", String::as_str);
                tracing::debug!(file, line, message, "bad record skipped");
            }
            DeadLetter::Late { node, click, event_time_ms } => {
                tracing::debug!(window = node, id = click.id, event_time_ms, "late record dropped");
            }
        }
    }

    /// The letter as one line of JSON. `files` are the names of the input files.
    pub fn to_json(&self, files: &[String]) -> Value {
        match self {
            DeadLetter::Bad { reason, message, place, line } => {
                let mut object = Map::new();
                object.insert("reason".to_owned(), reason.as_str().into());
                object.insert("message".to_owned(), message.as_str().into());
                if let Some((file, number)) = place {
                    object.insert("file".to_owned(), files.get(*file).cloned().into());
                    object.insert("line_number".to_owned(), (*number).into());
                }
                object.insert("line".to_owned(), line.as_str().into());
                Value::Object(object)
            }
            DeadLetter::Late { node, click, event_time_ms } => json!({
                "reason": LATE,
                "window": node,
                "id": click.id,
                "event_time_ms": event_time_ms,
                "click": u8::from(click.clicked),
                "site_category": click.site_category.0,
            }),
        }
    }
}

fn text(headers: &Headers, name: &str) -> String {
    headers.last(name).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

fn place(key: &[u8]) -> Option<(usize, u64)> {
    let (file, line) = std::str::from_utf8(key).ok()?.split_once(':')?;
    Some((file.parse().ok()?, line.parse().ok()?))
}

/// How many records were not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterCounts {
    /// Bad lines, by reason.
    pub bad: BTreeMap<String, u64>,
    /// Late events, by the node of the window.
    pub late: BTreeMap<String, u64>,
}

impl LetterCounts {
    /// Counts one more.
    pub fn add(&mut self, letter: &DeadLetter) {
        let (counts, name) = match letter {
            DeadLetter::Bad { reason, .. } => (&mut self.bad, reason),
            DeadLetter::Late { node, .. } => (&mut self.late, node),
        };
        match counts.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                counts.insert(name.clone(), 1);
            }
        }
    }

    /// Bad lines in all.
    pub fn bad_total(&self) -> u64 {
        self.bad.values().sum()
    }
}

/// Reads the dead-letter topic: counts what is in it, tells of each letter at debug level, and writes them to `file`,
/// one JSON object a line. `inputs` are the names of the input files.
pub fn collect(log: &dyn Log, file: Option<&Path>, inputs: &[String]) -> Result<LetterCounts> {
    let mut reader = TopicReader::open(log, DEAD_LETTERS, None)?;
    let mut counts = LetterCounts::default();
    let mut failed = None;
    let mut all = |out: Option<&mut dyn Write>| -> io::Result<()> {
        let mut out = out;
        let mut written = Ok(());
        let read = reader.read_all(log, |record| {
            let letter = DeadLetter::read(record)?;
            letter.tell(inputs);
            counts.add(&letter);
            if let (Some(out), Ok(())) = (&mut out, &written) {
                written = writeln!(out, "{}", letter.to_json(inputs));
            }
            Ok(())
        });
        failed = read.err();
        written
    };
    match file {
        Some(file) => write_whole(file, |out| all(Some(out)))?,
        None => all(None)?,
    }
    failed.map_or(Ok(counts), Err)
}
