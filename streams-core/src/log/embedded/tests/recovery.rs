//! What a directory holds after commits, aborts, reopenings and torn tails, against a plain model.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;
use crate::log::embedded::{EmbeddedLogOptions, FsyncPolicy};
use crate::log::{NewTopic, ProducerOptions, TopicConfig};
use crate::record::RecordView;

const PARTITIONS: u32 = 3;

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(u32, u16)>),
    Abort(Vec<(u32, u16)>),
    Roll,
    DeleteRecords(u32, u8),
    Reopen,
    /// Close, put these bytes behind the files of the number given, and open again.
    Tear(usize, Vec<u8>),
}

fn records() -> impl Strategy<Value = Vec<(u32, u16)>> {
    prop::collection::vec((0..PARTITIONS, 0..3000_u16), 0..12)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => records().prop_map(Step::Commit),
        1 => records().prop_map(Step::Abort),
        1 => Just(Step::Roll),
        1 => (0..PARTITIONS, any::<u8>()).prop_map(|(p, n)| Step::DeleteRecords(p, n)),
        1 => Just(Step::Reopen),
        2 => (any::<usize>(), prop::collection::vec(any::<u8>(), 1..200)).prop_map(|(f, b)| Step::Tear(f, b)),
    ]
}

fn open(dir: &Path) -> EmbeddedLog {
    let options = EmbeddedLogOptions { fsync: FsyncPolicy::Never, max_open_files: 2, ..Default::default() };
    EmbeddedLog::open(dir, options).unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name().unwrap() != "LOCK" {
            found.push(path);
        }
    }
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn everything_committed_comes_back_and_nothing_else(steps in prop::collection::vec(step(), 1..25)) {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        let config = TopicConfig { segment_bytes: 5000, ..TopicConfig::default() };
        log.create_topics(&[NewTopic::new("t", PARTITIONS).with_config(config)]).unwrap();
        let mut model = vec![(0_usize, Vec::<Vec<u8>>::new()); PARTITIONS as usize];
        for (number, step) in steps.iter().enumerate() {
            match step {
                Step::Commit(records) | Step::Abort(records) => {
                    let id = Some("p".to_owned());
                    let mut producer = log.open_producer(ProducerOptions { transactional_id: id }).unwrap();
                    let topic = producer.topic("t").unwrap();
                    producer.begin().unwrap();
                    for (partition, len) in records {
                        let value = vec![number as u8; usize::from(*len)];
                        let record = RecordView { value: Some(&value), ..Default::default() };
                        producer.send(topic, *partition, record).unwrap();
                        if matches!(step, Step::Commit(_)) {
                            model[*partition as usize].1.push(value);
                        }
                    }
                    if matches!(step, Step::Commit(_)) { producer.commit().unwrap() } else { producer.abort().unwrap() }
                }
                Step::Roll => log.roll("t").unwrap(),
                Step::DeleteRecords(partition, share) => {
                    let (start, all) = &mut model[*partition as usize];
                    *start = (*start).max(all.len() * usize::from(*share) / 255);
                    log.delete_records(&[(TopicPartition::new("t", *partition), *start as i64)]).unwrap();
                }
                Step::Reopen => {
                    drop(log);
                    log = open(dir.path());
                }
                Step::Tear(file, bytes) => {
                    drop(log);
                    let files = files(dir.path());
                    let path = &files[file % files.len()];
                    let mut content = fs::read(path).unwrap();
                    content.extend_from_slice(bytes);
                    fs::write(path, content).unwrap();
                    log = open(dir.path());
                }
            }
            for (partition, (start, all)) in (0..).zip(&model) {
                let name = TopicPartition::new("t", partition);
                prop_assert_eq!(log.end_offset(&name).unwrap(), all.len() as i64);
                prop_assert_eq!(log.start_offset(&name).unwrap(), *start as i64);
                let read = read_all(&log, &name, *start as i64);
                prop_assert_eq!(read.len(), all.len() - start);
                for (offset, value) in read {
                    prop_assert!(value == all[offset as usize], "offset {}", offset);
                }
            }
        }
    }
}

/// A copy of the directory as a crash at this moment would leave it.
fn crash_copy(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in files(dir) {
        let to = copy.path().join(file.strip_prefix(dir).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, to).unwrap();
    }
    copy
}

#[test]
fn a_journal_cut_anywhere_leaves_a_prefix_of_whole_transactions() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    log.create_topics(&[NewTopic::new("t", 2)]).unwrap();
    let mut producer = log.open_producer(ProducerOptions { transactional_id: Some("p".to_owned()) }).unwrap();
    let topic = producer.topic("t").unwrap();
    let journal = files(dir.path()).into_iter().find(|f| f.to_string_lossy().contains("journal")).unwrap();
    let start = fs::metadata(&journal).unwrap().len();
    for n in 0..5_u8 {
        producer.begin().unwrap();
        for partition in 0..2 {
            producer.send(topic, partition, RecordView { value: Some(&[n]), ..Default::default() }).unwrap();
        }
        producer.commit().unwrap();
    }
    let end = fs::metadata(&journal).unwrap().len();
    let mut last = 0;
    for len in start..=end {
        let copy = crash_copy(dir.path());
        let journal = copy.path().join(journal.file_name().unwrap());
        fs::OpenOptions::new().write(true).open(journal).unwrap().set_len(len).unwrap();
        let log = open(copy.path());
        let ends = [0, 1].map(|n| log.end_offset(&TopicPartition::new("t", n)).unwrap());
        assert_eq!(ends[0], ends[1], "half a transaction at {len}");
        assert!(ends[0] >= last);
        last = ends[0];
    }
    assert_eq!(last, 5);
}

#[test]
fn data_that_was_lost_before_it_was_synced_takes_its_commit_and_the_later_ones() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    log.create_topics(&[NewTopic::new("t", 2)]).unwrap();
    let mut producer = log.open_producer(ProducerOptions::default()).unwrap();
    let topic = producer.topic("t").unwrap();
    for partition in [0, 1, 0, 1] {
        producer.send(topic, partition, RecordView { value: Some(b"v"), ..Default::default() }).unwrap();
        producer.flush().unwrap();
    }
    let copy = crash_copy(dir.path());
    let segment = files(copy.path()).into_iter().rfind(|f| f.to_string_lossy().contains("0-0000")).unwrap();
    let len = fs::metadata(&segment).unwrap().len();
    fs::OpenOptions::new().write(true).open(segment).unwrap().set_len(len - 1).unwrap();
    let after = open(copy.path());
    let ends = [0, 1].map(|n| after.end_offset(&TopicPartition::new("t", n)).unwrap());
    assert_eq!(ends, [1, 1]);

    // The same loss after a sync is not a torn tail.
    log.sync().unwrap();
    let copy = crash_copy(dir.path());
    let segment = files(copy.path()).into_iter().rfind(|f| f.to_string_lossy().contains("0-0000")).unwrap();
    fs::OpenOptions::new().write(true).open(&segment).unwrap().set_len(len - 1).unwrap();
    let error = EmbeddedLog::open(copy.path(), EmbeddedLogOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains(segment.file_name().unwrap().to_str().unwrap()), "{error}");
}

#[test]
fn a_journal_broken_before_what_was_synced_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for n in 0..3 {
        log.create_topics(&[NewTopic::new(format!("t{n}"), 1)]).unwrap();
    }
    log.sync().unwrap();
    drop(log);
    let journal = files(dir.path()).into_iter().find(|f| f.to_string_lossy().contains("journal")).unwrap();
    let mut bytes = fs::read(&journal).unwrap();
    let middle = bytes.windows(2).position(|w| w == b"t1").unwrap();
    bytes[middle] ^= 1;
    fs::write(&journal, bytes).unwrap();
    let error = EmbeddedLog::open(dir.path(), EmbeddedLogOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("journal"), "{error}");
}

#[test]
fn a_first_opening_that_was_cut_short_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    // What is on the disk between making the folder and naming the first journal.
    fs::create_dir_all(dir.path().join("topics")).unwrap();
    fs::write(dir.path().join("journal-0000000001.new"), b"half of a sn").unwrap();
    drop(open(dir.path()));
    assert!(open(dir.path()).list_topics().unwrap().is_empty());

    let other = tempfile::tempdir().unwrap();
    fs::create_dir_all(other.path().join("topics/1")).unwrap();
    let options = EmbeddedLogOptions { fsync: FsyncPolicy::Never, ..Default::default() };
    let error = EmbeddedLog::open(other.path(), options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "topics without a journal are damage: {error}");
}
