//! What an application fails of names the thing, and says what to do.

use std::sync::Arc;

use streams_core::ids::TopicPartition;
use streams_core::log::Log;
use streams_core::runtime::{AppHandle, AppState, Config, OffsetReset};
use streams_core::{DropReason, Result, StreamsBuilder, Topology};

use crate::support::*;

fn held_words(gate: &Gate) -> Topology {
    let held = gate.clone();
    let builder = StreamsBuilder::new();
    let hold = move |_, word: String| {
        held.enter();
        (word, 1)
    };
    builder.stream(&WORDS).map(hold).to(&COUNTS);
    builder.build().unwrap()
}

/// Starts an application that has a committed position, and processes offset 1 when 2 and 3 are deleted.
fn with_deleted_input(log: &Arc<dyn Log>, reset: OffsetReset) -> Result<AppHandle> {
    let gate = Gate::default();
    gate.open();
    send_words(log, ["first"], 0);
    let app = start(held_words(&gate), Config::new("behind"), log);
    wait_for_metrics(&app, |metrics| metrics.commits > 0);
    app.shutdown(PATIENCE)?;

    let gate = Gate::default();
    let mut config = Config::new("behind");
    config.offset_reset = reset;
    let app = start(held_words(&gate), config, log);
    wait_for_state(&app, |state| *state == AppState::Running);
    send_words(log, ["a"], 1);
    gate.wait_for_somebody();
    send_words(log, ["b", "c", "d"], 2);
    let partition = TopicPartition::new("words", 0);
    log.delete_records(&[(partition.clone(), log.end_offset(&partition)? - 1)])?;
    gate.open();
    Ok(app)
}

#[test]
fn records_that_are_deleted_before_they_are_processed_are_counted() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let app = with_deleted_input(&log, OffsetReset::Earliest)?;
    let metrics = wait_for_metrics(&app, |m| m.consumed == 2 && m.dropped_for(DropReason::Deleted) > 0);
    assert_eq!(metrics.dropped_for(DropReason::Deleted), 2);
    app.shutdown(PATIENCE)?;
    Ok(())
}

#[test]
fn records_that_are_deleted_before_they_are_processed_are_named_with_what_to_do() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let app = with_deleted_input(&log, OffsetReset::Fail)?;
    let state = app.state();
    wait_for("a failure", || state.borrow().is_final().then_some(()));
    let text = state.borrow().to_string();
    for part in ["task 0_0", "words-0", "offset 2", "offset 4", "`offset-reset`"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(app.shutdown(PATIENCE).is_err());
    Ok(())
}
