//! Records of a stream with the rows of a table that is there already. The bare loop looks them up in a `HashMap`.

use std::collections::HashMap;

use streams_core::record::RecordBatch;
use streams_core::{Result, StreamsBuilder, Topic, Topology};

use crate::figures::join::{compare, every_key, joined, parse, put_out, random_keys};
use crate::harness::{Outcome, Pairs, Settings};

const STREAM: Topic<String, String> = Topic::new("stream");
const TABLE: Topic<String, String> = Topic::new("table");
const OUT: Topic<String, String> = Topic::new("out");

pub(super) fn measure(settings: &Settings, keys: usize, records: usize) -> Outcome<Pairs> {
    let (rows, input) = (every_key(TABLE.name(), keys), random_keys(&[STREAM.name()], records, keys));
    compare(settings, &topology()?, &rows, &input, HashMap::<String, (String, i64)>::new, |table, pieces| {
        let mut out = RecordBatch::new();
        for piece in pieces {
            let is_table = piece.topic == TABLE.name();
            for record in piece.batch.iter() {
                let (key, value) = parse(record)?;
                if is_table {
                    table.insert(key, (value, record.timestamp));
                } else if let Some((row, _)) = table.get(&key) {
                    put_out(&mut out, &key, &joined(&value, row), record.timestamp);
                }
            }
        }
        Ok(out)
    })
}

fn topology() -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let table = builder.table(&TABLE);
    builder.stream(&STREAM).join_table(table, |value, row| joined(&value, row)).to(&OUT);
    builder.build()
}
