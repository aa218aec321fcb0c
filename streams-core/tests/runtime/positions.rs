//! Where tasks go on: positions that are refused, that lie behind the end of a topic, and look-ups nobody waits for.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use streams_core::ids::TopicPartition;
use streams_core::log::{GroupEvent, Log};
use streams_core::runtime::{AppState, Config, Guarantee, OffsetReset, TopicProducer};
use streams_core::{ErrorKind, Result, StreamsBuilder, Topology};

use crate::failing_log::Failing;
use crate::support::*;

fn lengths() -> Topology {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).map(|_, word: String| (word.clone(), word.len() as i64)).to(&COUNTS);
    builder.build().unwrap()
}

/// A log on which the application has read five words, of a topic that was made anew with two of them.
fn made_anew() -> Result<Arc<dyn Log>> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    send_words(&log, ["a", "b", "c", "d", "e"], 0);
    streams_core::runtime::App::new(lengths(), Config::new("anew"), Arc::clone(&log)).run_to_end()?;
    let words = TopicPartition::new("words", 0);
    let committed = log.committed("anew", std::slice::from_ref(&words))?;
    log.delete_topics(&["words"])?;
    create(&log, &[("words", 1)]);
    log.alter_committed("anew", &[(words, committed[0].clone())])?;
    assert_eq!(committed[0].as_ref().map(|committed| committed.offset), Some(5));
    send_words(&log, ["new", "newer"], 0);
    Ok(log)
}

fn config(reset: OffsetReset) -> Config {
    let mut config = Config::new("anew");
    config.offset_reset = reset;
    config
}

#[test]
fn a_position_behind_the_end_of_a_topic_goes_back_to_its_start_by_default() -> Result<()> {
    let log = made_anew()?;
    let app = start(lengths(), config(OffsetReset::Earliest), &log);
    wait_for_metrics(&app, |metrics| metrics.consumed == 2);
    stop(app)?;
    let found: Vec<String> = all(&log, &COUNTS).into_iter().map(|(word, _)| word).collect();
    assert_eq!(found, ["a", "b", "c", "d", "e", "new", "newer"]);
    let committed = log.committed("anew", &[TopicPartition::new("words", 0)])?;
    assert_eq!(committed[0].as_ref().map(|committed| committed.offset), Some(2));
    Ok(())
}

#[test]
fn a_position_behind_the_end_of_a_topic_goes_to_its_end_if_the_setting_says_so() -> Result<()> {
    let log = made_anew()?;
    let app = start(lengths(), config(OffsetReset::Latest), &log);
    wait_for_state(&app, |state| *state == AppState::Running);
    send_words(&log, ["last"], 0);
    wait_for_metrics(&app, |metrics| metrics.consumed > 0);
    stop(app)?;
    let found: Vec<String> = all(&log, &COUNTS).into_iter().map(|(word, _)| word).collect();
    assert_eq!(found, ["a", "b", "c", "d", "e", "last"]);
    Ok(())
}

#[test]
fn a_position_behind_the_end_of_a_topic_is_an_error_if_the_setting_says_so() -> Result<()> {
    let log = made_anew()?;
    let app = start(lengths(), config(OffsetReset::Fail), &log);
    let text = wait_for_state(&app, AppState::is_final).to_string();
    for part in ["task 0_0", "words-0", "offset 5", "end at 2", "`offset-reset`"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert_eq!(stop(app).unwrap_err().kind(), ErrorKind::OffsetOutOfRange);
    Ok(())
}

#[test]
fn a_position_that_is_refused_does_not_keep_others_from_being_committed() -> Result<()> {
    let failing = Failing::never();
    let log = failing.over(&log_with(&[("words", 3), ("counts", 1)]));
    let partitions: Vec<_> = (0..3).map(|partition| TopicPartition::new("words", partition)).collect();
    *failing.hooks.refused.lock().unwrap() = Some(partitions[1].clone());
    let mut producer = TopicProducer::open(&*log, &WORDS)?;
    for time in 0..30 {
        producer.send(&Some(format!("key {time}")), &"word".to_owned(), time)?;
    }
    producer.flush()?;
    let mut config = Config::new("refused");
    config.guarantee = Guarantee::AtLeastOnce;
    let app = start(lengths(), config, &log);
    wait_for_metrics(&app, |metrics| metrics.consumed == 30);
    stop(app)?;
    let committed = log.committed("refused", &partitions)?;
    let ends = partitions.iter().map(|partition| log.end_offset(partition)).collect::<Result<Vec<_>>>()?;
    let committed: Vec<_> = committed.into_iter().map(|committed| committed.map(|c| c.offset)).collect();
    assert!(ends.iter().all(|end| *end > 0), "{ends:?}");
    assert_eq!(committed, [Some(ends[0]), None, Some(ends[2])]);
    Ok(())
}

#[test]
fn look_ups_that_nobody_waits_for_any_more_are_left_out() -> Result<()> {
    let failing = Failing::never();
    let log = failing.over(&log_with(&[("words", 1), ("counts", 1)]));
    let (calls, gate) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(())));
    let (counted, held) = (Arc::clone(&calls), Arc::clone(&gate));
    failing.hooks.before(move |call| {
        if call == "committed" {
            counted.fetch_add(1, SeqCst);
            drop(held.lock().unwrap());
        }
    });
    let closed = gate.lock().unwrap();
    let mut config = Config::new("stale");
    // So that it looks around often.
    config.session_timeout = Duration::from_millis(300);
    let app = start(lengths(), config, &log);
    while calls.load(SeqCst) == 0 {
        std::thread::yield_now();
    }
    // Behind the first look-up, which waits, the partition comes and goes.
    let words = || vec![TopicPartition::new("words", 0)];
    let comes_and_goes = [Some(GroupEvent::Lost(words())), Some(GroupEvent::Assigned(words())), None];
    failing.hooks.events.lock().unwrap().extend((0..5).flat_map(|_| comes_and_goes.clone()));
    while !failing.hooks.events.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
    drop(closed);
    wait_for_state(&app, |state| *state == AppState::Running);
    assert!(calls.load(SeqCst) <= 2, "{calls:?}");
    stop(app)
}
