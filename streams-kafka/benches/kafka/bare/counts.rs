//! W2 and W7: records by key and minute, of the minute that is open.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use streams_core::Result;
use streams_core::record::{EncodedHeaders, encode_header};
use streams_kafka::testing::{RawProducer, RawRecord};

use super::Work;

const MINUTE: i64 = 60_000;

pub(super) struct Counts {
    /// Writes once per commit instead of for each record.
    cached: bool,
    /// Takes headers along.
    headers: bool,
    start: i64,
    index: HashMap<Box<[u8]>, u32, RandomState>,
    rows: Vec<Row>,
    dirty: Vec<u32>,
    encoded: Vec<u8>,
}

struct Row {
    /// The key and the start of its minute.
    key: Box<[u8]>,
    count: i64,
    timestamp: i64,
    dirty: bool,
}

impl Row {
    /// To the results and to the changelog.
    fn write(&self, out: &RawProducer, headers: &[u8]) -> Result<()> {
        let value = self.count.to_be_bytes();
        out.send(1, 0, Some(&self.key), &value, self.timestamp, EncodedHeaders::default())?;
        out.send(0, 0, Some(&self.key), &value, self.timestamp, EncodedHeaders(headers))
    }
}

impl Counts {
    pub(super) fn new(cached: bool, headers: bool) -> Self {
        let (index, rows, dirty, encoded) = (HashMap::default(), Vec::new(), Vec::new(), Vec::new());
        Counts { cached, headers, start: 0, index, rows, dirty, encoded }
    }

    fn number(&mut self, key: &[u8], start: i64) -> u32 {
        if let Some(&number) = self.index.get(key) {
            return number;
        }
        let number = self.rows.len() as u32;
        let windowed = [key, &start.to_be_bytes()].concat().into();
        self.rows.push(Row { key: windowed, count: 0, timestamp: 0, dirty: false });
        self.index.insert(key.into(), number);
        number
    }
}

impl Work for Counts {
    fn take(&mut self, out: &RawProducer, _: usize, record: &RawRecord<'_>) -> Result<bool> {
        let timestamp = record.timestamp();
        let start = timestamp - timestamp % MINUTE;
        if start > self.start {
            self.flush(out)?;
            self.index.clear();
            self.rows.clear();
            self.start = start;
        } else if start < self.start {
            return Ok(true);
        }
        let number = self.number(record.key(), start);
        let row = &mut self.rows[number as usize];
        row.count += 1;
        row.timestamp = row.timestamp.max(timestamp);
        if !self.cached {
            self.encoded.clear();
            if self.headers {
                let encoded = &mut self.encoded;
                record.headers(|name, value| encode_header(&String::from_utf8_lossy(name), value, encoded));
            }
            self.rows[number as usize].write(out, &self.encoded)?;
        } else if !std::mem::replace(&mut row.dirty, true) {
            self.dirty.push(number);
        }
        Ok(true)
    }

    fn flush(&mut self, out: &RawProducer) -> Result<()> {
        for number in self.dirty.drain(..) {
            let row = &mut self.rows[number as usize];
            row.dirty = false;
            row.write(out, &[])?;
        }
        Ok(())
    }
}
