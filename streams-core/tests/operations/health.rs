//! Alive and ready, with the reason.

use std::time::{Duration, Instant};

use streams_core::runtime::{AppState, Check, Config, Health, HealthReason};
use streams_core::{Materialized, Result, StreamsBuilder};

use crate::slow_log::{Hold, slow};
use crate::support::*;

fn config(name: &str) -> Config {
    let mut config = Config::new(name);
    config.stuck_after = Duration::from_millis(200);
    config
}

#[test]
fn a_closure_that_does_not_return_is_not_alive_and_named_with_its_node_and_record() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let inside = Gate::default();
    let held = inside.clone();
    let builder = StreamsBuilder::new();
    builder
        .stream(&WORDS)
        .map(move |_, word: String| {
            if word == "bad" {
                held.enter();
            }
            (word, 1)
        })
        .to(&COUNTS);
    let app = start(builder.build()?, config("stuck"), &log);
    wait_for_state(&app, |state| *state == AppState::Running);
    send_words(&log, ["good", "good", "bad"], 0);
    inside.wait_for_somebody();
    let Health { live, ready, .. } = wait_for("not alive", || Some(app.health()).filter(|h| !h.live.ok));
    assert_eq!((live.reason, ready.ok, ready.reason), (HealthReason::Stuck, false, HealthReason::Stuck));
    for part in [
        "worker 1",
        "task 0_0",
        "KSTREAM-SOURCE-0000000000",
        "health.rs",
        "words-0@2",
        "`stuck-after` (0.2 s)",
    ] {
        assert!(live.text.contains(part), "{part} is not in: {}", live.text);
    }
    let json = live.to_json();
    assert!(json.contains(r#""ok":false"#) && json.contains(r#""reason":"stuck""#), "{json}");
    inside.open();
    wait_for("alive again", || app.health().ready.ok.then_some(()));
    app.shutdown(PATIENCE)
}

#[test]
fn a_thread_that_stands_still_while_it_holds_a_store_is_seen_and_counters_can_be_read() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let inside = Gate::default();
    let held = inside.clone();
    let builder = StreamsBuilder::new();
    // The store of the aggregation is locked while this runs.
    let count = move |_: &String, word: String, count: i64| {
        if word == "bad" {
            held.enter();
        }
        count + 1
    };
    builder
        .stream(&WORDS)
        .group_by(|_, word| word.clone())
        .aggregate_with(|| 0, count, Materialized::named("held"))
        .to_stream()
        .to(&COUNTS);
    let app = start(builder.build()?, config("holds"), &log);
    send_words(&log, ["good", "bad"], 0);
    inside.wait_for_somebody();
    let metrics = wait_for("not alive", || Some(app.metrics()).filter(|metrics| !metrics.health.live.ok));
    let live = &metrics.health.live;
    assert!(live.text.contains("task 1_0") && live.text.contains("KSTREAM-AGGREGATE"), "{live}");
    assert!(live.text.contains("-repartition-0@"), "{live}");
    assert!(metrics.to_prometheus().contains("streams_live{client_id=\"holds-"));
    inside.open();
    wait_for("alive again", || app.health().live.ok.then_some(()));
    app.shutdown(PATIENCE)
}

#[test]
fn records_that_are_slow_but_go_on_are_alive() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let builder = StreamsBuilder::new();
    let slow = Duration::from_millis(20);
    builder
        .stream(&WORDS)
        .map(move |_, word: String| {
            // Time itself is what is tested: one run of records takes longer than the setting allows for one.
            std::thread::sleep(slow);
            (word, 1)
        })
        .to(&COUNTS);
    let mut config = config("slow");
    config.stuck_after = Duration::from_secs(1);
    let app = start(builder.build()?, config, &log);
    send_words(&log, std::iter::repeat_n("a", 150), 0);
    let began = Instant::now();
    let monitor = app.monitor();
    while monitor.metrics().consumed < 150 {
        let live = monitor.health().live;
        assert!(live.ok, "{live}");
        assert!(began.elapsed() < PATIENCE);
    }
    assert!(began.elapsed() > Duration::from_secs(1));
    app.shutdown(PATIENCE)
}

#[test]
fn an_application_is_ready_when_its_stores_are_restored_and_says_how_far_it_is() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    send_words(&log, ["a", "b", "a"], 0);
    let app = start(word_count(), config("count"), &log);
    let health = wait_for("ready", || Some(app.health()).filter(|health| health.ready.ok));
    assert_eq!((health.ready.reason, health.live.reason), (HealthReason::Running, HealthReason::Running));
    wait_for_metrics(&app, |m| m.consumed == 6 && m.lag() == Some(0));
    app.shutdown(PATIENCE)?;
    // The changelog cannot be read for a while.
    let gate = Gate::default();
    let app = start(word_count(), config("count"), &slow(&log, &gate, Hold::Changelog));
    let ready = wait_for("restoring", || {
        let restores = |ready: &Check| ready.reason == HealthReason::Restoring && ready.text.contains("1_0");
        Some(app.health().ready).filter(restores)
    });
    assert!(!ready.ok && ready.text.starts_with("restoring 0 of "), "{ready}");
    gate.open();
    wait_for("ready", || app.health().ready.ok.then_some(()));
    app.shutdown(PATIENCE)
}

#[test]
fn a_commit_that_waits_for_the_log_is_not_ready_and_stays_alive() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let gate = Gate::default();
    let mut config = config("waits");
    config.stuck_after = Duration::from_secs(3600);
    let app = start(word_count(), config, &slow(&log, &gate, Hold::Commit));
    wait_for_state(&app, |state| *state == AppState::Running);
    send_words(&log, ["a"], 0);
    let health = wait_for("waiting", || {
        Some(app.health()).filter(|health| health.ready.reason == HealthReason::WaitingForLog)
    });
    assert!(health.live.ok && !health.ready.ok, "{health:?}");
    assert!(health.ready.text.contains("worker 1") && health.ready.text.contains("committing"), "{health:?}");
    gate.open();
    wait_for("ready", || app.health().ready.ok.then_some(()));
    app.shutdown(PATIENCE)
}
