//! Reading files into the events topic: each line once and in its partition, wherever it was interrupted.

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use common::{made_up, to_lines};
use ctr::cluster::Place;
use ctr::input::{Ingest, InputFile, PositionTopic, Settings};
use ctr::topics;
use streams_core::ids::TopicPartition;
use streams_core::log::embedded::EmbeddedLog;
use streams_core::log::{Log, Wakeup};
use streams_core::record::RecordBatch;
use streams_core::{Error, ErrorKind};

const PARTITIONS: u32 = 3;

fn place() -> Place {
    Place::Folder(PathBuf::from("memory"))
}

fn settings(files: &[PathBuf]) -> Settings {
    let inputs = files.iter().map(|file| InputFile::at(file).expect("exists")).collect();
    Settings { inputs, grace_ms: 0, partitions: PARTITIONS }
}

/// Keys and values of the events topic, partition by partition.
fn events(log: &dyn Log) -> Vec<Vec<(String, String)>> {
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap_or_default().to_vec()).expect("is text");
    let read = |partition| {
        let partition = TopicPartition::new(topics::AD_EVENTS.name(), partition);
        let mut reader = log.open_reader(&partition, 0, &Arc::new(Wakeup::new())).expect("opens");
        let (mut batch, mut records) = (RecordBatch::new(), Vec::new());
        while reader.read(&mut batch, 1 << 20).expect("reads") > 0 {
            records.extend(batch.iter().map(|record| (text(record.key), text(record.value))));
            batch.clear();
        }
        records
    };
    (0..PARTITIONS).map(read).collect()
}

/// Reads on from where it was; after `transactions` it is interrupted. Whether it came to the end.
fn ingest(log: &dyn Log, files: &[PathBuf], transactions: usize) -> bool {
    let mut left = transactions;
    let result = Ingest::new(log, files.to_vec(), settings(files)).expect("opens").run(|_, _| {
        left = left.checked_sub(1).ok_or_else(|| Error::new(ErrorKind::Closed, "interrupted"))?;
        Ok(())
    });
    result.is_ok()
}

#[test]
fn an_interrupted_ingestion_goes_on_at_the_right_line() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let files: Vec<PathBuf> = ["a", "b"].map(|name| dir.path().join(name)).to_vec();
    let all = [made_up(1, 7000, 60.0), made_up(2, 4000, 60.0)];
    for (file, events) in files.iter().zip(&all) {
        std::fs::write(file, to_lines(events)).expect("writes");
    }
    let whole = EmbeddedLog::in_memory();
    topics::create(&whole, PARTITIONS, false, &place()).expect("creates");
    assert!(ingest(&whole, &files, usize::MAX));
    let expected = events(&whole);
    assert_eq!(expected.iter().map(Vec::len).sum::<usize>(), 11_000);
    assert_eq!(expected[0][0].0, "0:1");
    assert_eq!(expected[1][0].0, "0:65", "64 lines go to one partition, then the next has its turn");

    let log = EmbeddedLog::in_memory();
    topics::create(&log, PARTITIONS, false, &place()).expect("creates");
    let mut starts = 1;
    while !ingest(&log, &files, starts % 2) {
        starts += 1;
    }
    assert!(starts >= 3, "it was interrupted");
    assert_eq!(events(&log), expected);
    assert!(ingest(&log, &files, 0), "nothing is left");
    assert_eq!(events(&log), expected);
    let position = PositionTopic::read(&log).expect("reads").expect("was written");
    assert_eq!((position.file, position.records), (2, 11_000));
}
