//! W3: events are parsed, written by category to a repartition topic, read from there, parsed again, and counted by
//! category and minute; results once per commit.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};
use streams_core::record::EncodedHeaders;
use streams_core::{Error, ErrorKind, Result};
use streams_kafka::testing::{RawProducer, RawRecord};

use super::Work;

const MINUTE: i64 = 60_000;

#[derive(Serialize, Deserialize)]
struct Event<'a> {
    event_time_ms: i64,
    event_type: &'a str,
    site_category: &'a str,
    banner_pos: i32,
    device_type: i32,
}

#[derive(Default, Serialize)]
struct Counts {
    impressions: i64,
    clicks: i64,
}

#[derive(Serialize)]
struct Ctr {
    ctr: f64,
    impressions: i64,
    clicks: i64,
}

#[derive(Default)]
struct Row {
    counts: Counts,
    timestamp: i64,
    dirty: bool,
}

#[derive(Default)]
pub(super) struct ClickThrough {
    rows: HashMap<Vec<u8>, Row, RandomState>,
    dirty: Vec<Vec<u8>>,
    key: Vec<u8>,
    buffer: Vec<u8>,
}

impl Work for ClickThrough {
    fn take(&mut self, out: &RawProducer, input: usize, record: &RawRecord<'_>) -> Result<bool> {
        let event: Event<'_> = serde_json::from_slice(record.value()).map_err(wrong)?;
        let (timestamp, none) = (record.timestamp(), EncodedHeaders::default());
        if input == 0 {
            self.buffer.clear();
            serde_json::to_writer(&mut self.buffer, &event).map_err(wrong)?;
            out.send(2, 0, Some(event.site_category.as_bytes()), &self.buffer, timestamp, none)?;
            return Ok(false);
        }
        self.key.clear();
        self.key.extend_from_slice(record.key());
        self.key.extend_from_slice(&(timestamp - timestamp % MINUTE).to_be_bytes());
        if !self.rows.contains_key(&self.key) {
            self.rows.insert(self.key.clone(), Row::default());
        }
        let Some(row) = self.rows.get_mut(&self.key) else { return Ok(true) };
        match event.event_type {
            "click" => row.counts.clicks += 1,
            _ => row.counts.impressions += 1,
        }
        row.timestamp = row.timestamp.max(timestamp);
        if !std::mem::replace(&mut row.dirty, true) {
            self.dirty.push(self.key.clone());
        }
        Ok(true)
    }

    fn flush(&mut self, out: &RawProducer) -> Result<()> {
        let none = EncodedHeaders::default();
        for key in self.dirty.drain(..) {
            let Some(row) = self.rows.get_mut(&key) else { continue };
            row.dirty = false;
            self.buffer.clear();
            serde_json::to_writer(&mut self.buffer, &row.counts).map_err(wrong)?;
            out.send(1, 0, Some(&key), &self.buffer, row.timestamp, none)?;
            let Counts { impressions, clicks } = row.counts;
            let ctr = if impressions == 0 { 0.0 } else { clicks as f64 * 100.0 / impressions as f64 };
            self.buffer.clear();
            serde_json::to_writer(&mut self.buffer, &Ctr { ctr, impressions, clicks }).map_err(wrong)?;
            out.send(0, 0, Some(&key), &self.buffer, row.timestamp, none)?;
        }
        Ok(())
    }
}

fn wrong(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Serde, "an event is not in its JSON").caused_by(error)
}
