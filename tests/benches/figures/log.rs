//! Append to and read from one partition of the durable embedded log against one file written and read.
//!
//! Records of 16 bytes of key and 100 of value; both sides hand about 1 MiB at a time to the operating system and
//! neither forces it to the disk. The log encodes, checks sums when reading, and names each piece in its journal.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use streams_core::ids::TopicPartition;
use streams_core::log::embedded::{EmbeddedLog, EmbeddedLogOptions, FsyncPolicy};
use streams_core::log::{Log, NewTopic, ProducerOptions, Wakeup};
use streams_core::record::{RecordBatch, RecordView};

use crate::harness::{Outcome, Settings, mix, timed};
use crate::table::Figure;

const PIECE: usize = 1 << 20;
const TOPIC: &str = "records";

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Figure>> {
    let records = settings.size(1_500_000);
    let mut input = RecordBatch::new();
    for number in 0..records as u64 {
        let (key, value) = (mix(number).to_be_bytes().repeat(2), mix(number).to_be_bytes().repeat(13));
        let (key, value) = (Some(key.as_slice()), Some(&value[..100]));
        input.push(RecordView { timestamp: number as i64, key, value, ..RecordView::default() });
    }
    let (dir, file) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let path = file.path().join("records");
    let bytes = input.byte_len();
    let append = settings.pairs(|| append(&input, dir.path()), || write(&input, &path))?;
    let log = open(dir.path())?;
    let read = settings.pairs(|| read(&log, records), || read_file(&path, bytes))?;
    Ok(vec![
        Figure::throughput("log append, 116-byte records; bare: file write", bytes, &append, None),
        Figure::throughput("log read; bare: file read", bytes, &read, None),
    ])
}

fn open(dir: &Path) -> Outcome<EmbeddedLog> {
    let options = EmbeddedLogOptions { fsync: FsyncPolicy::Never, ..EmbeddedLogOptions::default() };
    Ok(EmbeddedLog::open(dir, options)?)
}

fn append(input: &RecordBatch, dir: &Path) -> Outcome<f64> {
    let log = open(dir)?;
    if log.describe_topic(TOPIC)?.is_some() {
        log.delete_topics(&[TOPIC])?;
    }
    log.create_topics(&[NewTopic::new(TOPIC, 1)])?;
    let mut producer = log.open_producer(ProducerOptions::default())?;
    let topic = producer.topic(TOPIC)?;
    timed(|| {
        for record in input.iter() {
            producer.send(topic, 0, record)?;
            if producer.pending_bytes() >= PIECE {
                producer.flush()?;
            }
        }
        Ok(producer.flush()?)
    })
}

fn write(input: &RecordBatch, path: &Path) -> Outcome<f64> {
    let mut file = File::create(path)?;
    let mut piece = Vec::with_capacity(PIECE + 200);
    timed(|| {
        for record in input.iter() {
            piece.extend_from_slice(record.key.unwrap_or_default());
            piece.extend_from_slice(record.value.unwrap_or_default());
            if piece.len() >= PIECE {
                file.write_all(&piece)?;
                piece.clear();
            }
        }
        Ok(file.write_all(&piece)?)
    })
}

fn read(log: &EmbeddedLog, records: usize) -> Outcome<f64> {
    let partition = TopicPartition::new(TOPIC, 0);
    let mut reader = log.open_reader(&partition, 0, &Arc::new(Wakeup::new()))?;
    let mut batch = RecordBatch::new();
    timed(|| {
        let (mut found, mut sum) = (0, 0);
        while reader.read(&mut batch, PIECE)? > 0 {
            found += batch.len();
            sum += batch.iter().map(|record| record.value.map_or(0, <[u8]>::len)).sum::<usize>();
            batch.clear();
        }
        if found != records {
            return Err(format!("{found} records instead of {records}").into());
        }
        Ok(sum)
    })
}

fn read_file(path: &Path, bytes: usize) -> Outcome<f64> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; PIECE];
    timed(|| {
        let (mut found, mut sum) = (0, 0);
        loop {
            let len = file.read(&mut piece)?;
            if len == 0 {
                break;
            }
            found += len;
            // One byte per record, so that the bytes are looked at.
            sum += piece[..len].iter().step_by(116).map(|b| usize::from(*b)).sum::<usize>();
        }
        if found != bytes {
            return Err(format!("{found} bytes instead of {bytes}").into());
        }
        Ok(sum)
    })
}
