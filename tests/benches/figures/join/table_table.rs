//! Changes of two tables of the same keys. The bare loop keeps both in `HashMap`s and writes, at each commit, a changelog
//! record for each key that changed.

use std::collections::HashMap;
use std::mem::replace;

use streams_core::record::RecordBatch;
use streams_core::{Result, StreamsBuilder, Topic, Topology};

use crate::figures::join::{compare, every_key, joined, parse, put_out, random_keys};
use crate::harness::{Outcome, Pairs, Settings};

const LEFT: Topic<String, String> = Topic::new("left");
const RIGHT: Topic<String, String> = Topic::new("right");
const OUT: Topic<String, String> = Topic::new("out");

pub(super) fn measure(settings: &Settings, keys: usize, records: usize) -> Outcome<Pairs> {
    let mut rows = every_key(LEFT.name(), keys);
    rows.extend(every_key(RIGHT.name(), keys));
    let input = random_keys(&[LEFT.name(), RIGHT.name()], records, keys);
    compare(settings, &topology()?, &rows, &input, <[Table; 2]>::default, |tables, pieces| {
        let (mut out, mut changelog) = (RecordBatch::new(), RecordBatch::new());
        for piece in pieces {
            let is_left = piece.topic == LEFT.name();
            let [left, right] = &mut *tables;
            let (own, other) = if is_left { (left, right) } else { (right, left) };
            for record in piece.batch.iter() {
                let (key, value) = parse(record)?;
                if let Some(row) = other.rows.get(&key) {
                    let joined =
                        if is_left { joined(&value, &row.value) } else { joined(&row.value, &value) };
                    put_out(&mut out, &key, &joined, record.timestamp.max(row.timestamp));
                }
                own.put(key, value, record.timestamp);
            }
            tables.iter_mut().for_each(|table| table.commit(&mut changelog));
        }
        std::hint::black_box(&changelog);
        Ok(out)
    })
}

fn topology() -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let (left, right) = (builder.table(&LEFT), builder.table(&RIGHT));
    left.join(right, |left: &String, right: &String| joined(left, right)).to_stream().to(&OUT);
    builder.build()
}

#[derive(Default)]
struct Table {
    rows: HashMap<String, Row>,
    changed: Vec<String>,
}

#[derive(Default)]
struct Row {
    value: String,
    timestamp: i64,
    dirty: bool,
}

impl Table {
    fn put(&mut self, key: String, value: String, timestamp: i64) {
        let row = self.rows.entry(key.clone()).or_default();
        (row.value, row.timestamp) = (value, timestamp);
        if !replace(&mut row.dirty, true) {
            self.changed.push(key);
        }
    }

    fn commit(&mut self, changelog: &mut RecordBatch) {
        for key in self.changed.drain(..) {
            if let Some(row) = self.rows.get_mut(&key) {
                row.dirty = false;
                put_out(changelog, &key, &row.value, row.timestamp);
            }
        }
    }
}
