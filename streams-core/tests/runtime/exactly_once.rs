//! Transactions that fail change nothing, and what they did is done again.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use streams_core::log::Log;
use streams_core::runtime::{AppState, Config, Forwarding, Guarantee};
use streams_core::{ErrorKind, Result};

use crate::failing_log::Failing;
use crate::support::*;

fn failing(inner: &Arc<dyn Log>, every: u64, kind: ErrorKind) -> Arc<dyn Log> {
    Failing::new(every, kind).over(inner)
}

#[test]
fn every_record_counts_once_though_commits_fail_before_and_after_they_take_effect() -> Result<()> {
    let inner = log_with(&[("words", 3), ("counts", 3)]);
    let mut config = Config::new("count");
    config.num_threads = 2;
    config.forwarding = Forwarding::PerUpdate;
    config.commit_interval = Some(Duration::from_millis(1));
    config.max_transaction_bytes = 2000;
    let app = start(word_count(), config, &failing(&inner, 7, ErrorKind::Fenced));
    let words = ["a", "b", "c", "d"];
    for round in 0..50 {
        send_words(&inner, (0..40).map(|i| words[i % 4]), round * 40);
    }
    let total: i64 = 50 * 10;
    let expected = counts(&words.map(|word| (word, total)));
    wait_for_topic(&inner, &COUNTS, |log| table(log, &COUNTS) == expected);
    assert!(app.metrics().restarts > 0);
    stop(app)?;
    // Not only the last counts are right: no update was put out twice or left out.
    let updates = all(&inner, &COUNTS);
    for word in words {
        let of_word: Vec<i64> = updates.iter().filter(|(k, _)| k == word).map(|(_, v)| *v).collect();
        assert_eq!(of_word, (1..=total).collect::<Vec<_>>(), "{word}");
    }
    Ok(())
}

#[test]
fn at_least_once_loses_nothing_when_the_process_fails() -> Result<()> {
    let log = log_with(&[("words", 2), ("counts", 2)]);
    let mut config = Config::new("count");
    config.guarantee = Guarantee::AtLeastOnce;
    config.commit_interval = Some(Duration::from_millis(5));
    let builder = streams_core::StreamsBuilder::new();
    let fuse = Arc::new(AtomicU64::new(0));
    let burning = Arc::clone(&fuse);
    builder
        .stream(&WORDS)
        .map(move |_, word: String| {
            let seen = burning.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            assert!(![100, 300, 700].contains(&seen), "the fuse burned through");
            (word, 1)
        })
        .to(&COUNTS);
    let topology = builder.build()?;
    let names: Vec<String> = (0..500).map(|i| format!("w{i}")).collect();
    send_words(&log, names.iter().map(String::as_str), 0);
    let mut failures = 0;
    loop {
        let app = start(topology.clone(), config.clone(), &log);
        let done = |log: &Arc<dyn Log>| table(log, &COUNTS).len() == names.len();
        wait_for_topic(&log, &COUNTS, |log| done(log) || app.state().borrow().is_final());
        let failed = matches!(*app.state().borrow(), AppState::Failed { .. });
        failures += i32::from(failed);
        drop(app);
        if done(&log) {
            break;
        }
    }
    assert_eq!(failures, 3);
    Ok(())
}

#[test]
fn another_error_of_a_commit_fails_the_application_and_a_new_one_goes_on() -> Result<()> {
    let inner = log_with(&[("words", 1), ("counts", 1)]);
    let app = start(word_count(), Config::new("count"), &failing(&inner, 4, ErrorKind::Io));
    for round in 0..20 {
        send_words(&inner, ["a"], round);
        if app.state().borrow().is_final() {
            break;
        }
        wait_for_metrics(&app, |m| m.commits as i64 > round || m.state.is_final());
    }
    let state = wait_for_state(&app, AppState::is_final);
    assert!(
        matches!(&state, AppState::Failed { kind: ErrorKind::Io, message } if message.contains("injected"))
    );
    assert_eq!(stop(app).unwrap_err().kind(), ErrorKind::Io);
    let sent = inner.end_offset(&streams_core::ids::TopicPartition::new("words", 0))?;
    let app = start(word_count(), Config::new("count"), &inner);
    wait_for_topic(&inner, &COUNTS, |log| table(log, &COUNTS) == counts(&[("a", sent)]));
    stop(app)
}
