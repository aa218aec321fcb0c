//! Panics of the runtime's own threads end the application, and say what panicked.

use std::sync::Arc;
use std::time::Duration;

use streams_core::log::Log;
use streams_core::runtime::{AppHandle, AppState, Config, Guarantee, ThreadPhase};
use streams_core::{StreamsBuilder, Topology};

use crate::failing_log::Failing;
use crate::support::*;

fn lengths() -> Topology {
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).map(|_, word: String| (word.clone(), word.len() as i64)).to(&COUNTS);
    builder.build().unwrap()
}

fn failing() -> (Failing, Arc<dyn Log>) {
    let failing = Failing::never();
    let log = failing.over(&log_with(&[("words", 2), ("counts", 1)]));
    (failing, log)
}

fn failed(app: &AppHandle) -> String {
    match wait_for_state(app, AppState::is_final) {
        AppState::Failed { message, .. } => message,
        other => panic!("it should have failed, and is {other}"),
    }
}

#[test]
fn a_panic_while_positions_are_looked_up_fails_the_application_with_what_was_looked_up() {
    let (failing, log) = failing();
    failing.hooks.before(|call| assert_ne!(call, "committed", "it is broken"));
    let app = start(lengths(), Config::new("panics"), &log);
    let text = failed(&app);
    for part in ["looking up where task 0_", "panicked", "it is broken"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(stop(app).is_err());
}

#[test]
fn a_panic_of_the_coordinator_aborts_what_is_under_way_and_stops_all_threads() {
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        let (failing, log) = failing();
        let mut config = Config::new("panics");
        config.guarantee = guarantee;
        config.num_threads = 2;
        config.commit_interval = Some(Duration::from_secs(3600));
        let app = start(lengths(), config, &log);
        wait_for_state(&app, |state| *state == AppState::Running);
        send_words(&log, ["one", "two", "three"], 0);
        wait_for_metrics(&app, |metrics| metrics.consumed == 3);
        failing.hooks.before(|call| assert_ne!(call, "poll", "it is broken"));
        let text = failed(&app);
        assert!(text.contains("the coordinator panicked") && text.contains("it is broken"), "{text}");
        let threads = app.metrics().threads;
        assert_eq!(threads.iter().filter(|thread| thread.phase == ThreadPhase::Ended).count(), 2);
        if guarantee == Guarantee::ExactlyOnce {
            assert!(all(&log, &COUNTS).is_empty(), "nothing was committed");
        }
        assert!(stop(app).is_err());
    }
}
