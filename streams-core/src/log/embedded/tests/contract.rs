//! The contract, in memory and in a directory.

use std::time::Duration;

use super::*;
use crate::log::contract;
use crate::log::embedded::{EmbeddedLogOptions, FsyncPolicy};

#[test]
fn the_contract_holds_in_memory() {
    contract::check(EmbeddedLog::in_memory);
}

#[test]
fn the_contract_holds_in_a_directory() {
    for fsync in
        [FsyncPolicy::Interval(Duration::from_millis(5)), FsyncPolicy::EveryCommit, FsyncPolicy::Never]
    {
        let dir = tempfile::tempdir().unwrap();
        let options =
            EmbeddedLogOptions { fsync, max_open_files: 3, journal_bytes: 1000, ..Default::default() };
        let log = EmbeddedLog::open(dir.path(), options.clone()).unwrap();
        contract::check(|| log.clone());
        let topics = log.list_topics().unwrap();
        drop(log);
        let log = EmbeddedLog::open(dir.path(), options).unwrap();
        assert_eq!(log.list_topics().unwrap(), topics);
        for topic in topics {
            for partition in 0..log.describe_topic(&topic).unwrap().unwrap().partitions {
                let partition = TopicPartition::new(&topic, partition);
                let start = log.start_offset(&partition).unwrap();
                let count = read_all(&log, &partition, start).len() as i64;
                assert_eq!(count, log.end_offset(&partition).unwrap() - start);
            }
        }
    }
}
