//! What an application fails of names the thing, and says what to do.

use streams_core::runtime::{AppState, Config};
use streams_core::{Result, StreamsBuilder};

use crate::support::*;

#[test]
fn records_that_are_deleted_before_they_are_processed_are_named_with_what_to_do() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let gate = Gate::default();
    let held = gate.clone();
    let builder = StreamsBuilder::new();
    let hold = move |_, word: String| {
        held.enter();
        (word, 1)
    };
    builder.stream(&WORDS).map(hold).to(&COUNTS);
    let app = start(builder.build()?, Config::new("behind"), &log);
    wait_for_state(&app, &AppState::Running);
    send_words(&log, ["a"], 0);
    gate.wait_for_somebody();
    send_words(&log, ["b", "c", "d"], 1);
    log.delete_records(&[(streams_core::ids::TopicPartition::new("words", 0), 3)])?;
    gate.open();
    let state = app.state();
    wait_for("a failure", || state.borrow().is_final().then_some(()));
    let text = state.borrow().to_string();
    for part in ["task 0_0", "words-0", "offset 1", "`offset-reset`"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(app.shutdown(PATIENCE).is_err());
    Ok(())
}
