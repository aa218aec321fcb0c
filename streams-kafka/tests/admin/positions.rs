//! Committed positions that lie behind the end of a topic, as where it was made anew; and records that nobody flushed.

use std::sync::Arc;

use streams_core::ErrorKind;
use streams_core::ids::TopicPartition;
use streams_core::log::Committed;
use streams_core::runtime::{App, Guarantee, OffsetReset, Start, Subscription, TopicProducer};

use crate::support::*;

#[test]
fn a_position_behind_the_end_goes_back_to_the_start_or_is_an_error_as_the_setting_says() {
    let log = log();
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        let words = Words::create(&*log, "behind", 1);
        words.send(&*log, 1);
        let run = |reset: OffsetReset| {
            let mut config = words.config();
            (config.guarantee, config.offset_reset) = (guarantee, reset);
            App::new(words.topology(), config, Arc::clone(&log)).run_to_end()
        };
        let position = TopicPartition::new(words.lines.name(), 0);
        let committed = || log.committed(words.id, std::slice::from_ref(&position)).unwrap()[0].clone();
        assert_eq!(run(OffsetReset::Earliest).unwrap().state, streams_core::runtime::AppState::Stopped);
        let before = committed().unwrap();
        let behind = Committed { offset: before.offset + 90, ..before.clone() };
        wait_until("the group to be empty", || log.group_members(words.id).unwrap().is_empty());
        log.alter_committed(words.id, &[(position.clone(), Some(behind))]).unwrap();

        let error = run(OffsetReset::Fail).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OffsetOutOfRange, "{error}");
        let text = error.to_string();
        let (offset, end) = (format!("offset {}", before.offset + 90), format!("end at {}", before.offset));
        for part in ["task 0_0", &position.to_string(), &offset, &end, "`offset-reset`"] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }

        run(OffsetReset::Earliest).unwrap();
        assert_eq!(committed(), Some(before));
        let counts = words.wait_for(&log, 2, 0);
        assert!(counts.values().all(|counts| *counts == [1, 2]), "{counts:?}");
    }
}

#[test]
fn records_are_in_the_log_when_a_producer_is_dropped_that_was_not_flushed() {
    let log = log();
    let words = Words::create(&*log, "dropped", 1);
    let mut producer = TopicProducer::open(&*log, &words.lines).unwrap();
    for n in 0..100 {
        producer.send(&None, &format!("w{n}"), 1_700_000_000_000 + n).unwrap();
    }
    drop(producer);
    let mut reader = Subscription::open(&log, &words.lines, Start::Earliest).unwrap();
    assert_eq!(reader.read_to_end(&*log).unwrap().len(), 100);
}
