//! Starting and stopping.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use streams_core::runtime::{AppState, Config};
use streams_core::{ErrorKind, Result, StreamsBuilder};

use crate::support::*;

#[test]
fn dropping_the_handle_commits_and_stops() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let mut config = Config::new("count");
    config.commit_interval = Some(Duration::from_secs(3600));
    let app = start(word_count(), config.clone(), &log);
    send_words(&log, ["a", "a"], 0);
    wait_for_metrics(&app, |m| m.consumed >= 2);
    let state = app.state();
    drop(app);
    assert_eq!(*state.borrow(), AppState::Stopped);
    // Behind the repartition nothing was counted yet, but nothing is lost either.
    let app = start(word_count(), Config::new("count"), &log);
    wait_for_topic(&log, &COUNTS, |log| table(log, &COUNTS) == counts(&[("a", 2)]));
    stop(app)
}

#[test]
fn a_stop_that_takes_longer_than_allowed_errs_and_goes_on_in_the_background() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let (entered, waiting) = (Arc::new(AtomicBool::new(false)), Arc::clone(&gate));
    let inside = Arc::clone(&entered);
    let builder = StreamsBuilder::new();
    builder
        .stream(&WORDS)
        .map(move |_, word: String| {
            inside.store(true, Ordering::SeqCst);
            let open = waiting.0.lock().unwrap();
            drop(waiting.1.wait_while(open, |open| !*open).unwrap());
            (word, 1)
        })
        .to(&COUNTS);
    let app = start(builder.build()?, Config::new("slow"), &log);
    send_words(&log, ["a"], 0);
    wait_for_metrics(&app, |_| entered.load(Ordering::SeqCst));
    let mut state = app.state();
    assert_eq!(app.shutdown(Duration::from_millis(20)).unwrap_err().kind(), ErrorKind::Timeout);
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    block_on(async { state.wait_for(AppState::is_final).await.map(|s| s.clone()) }).unwrap();
    assert_eq!(all(&log, &COUNTS), [("a".to_owned(), 1)], "what was under way is committed");
    Ok(())
}

#[test]
fn stopping_can_be_awaited_without_blocking() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let app = start(word_count(), Config::new("count"), &log);
    app.stop();
    block_on(app.stopped())
}
