//! What goes in comes out.

use std::time::Duration;

use streams_core::runtime::{AppState, Config, Guarantee};
use streams_core::{Result, StreamsBuilder};

use crate::support::*;

#[test]
fn records_pass_a_filter_and_keep_their_time_until_the_application_is_stopped() -> Result<()> {
    let log = log_with(&[("words", 1), ("kept", 1)]);
    const KEPT: streams_core::Topic<Option<String>, String> = streams_core::Topic::new("kept");
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).filter(|_, word| word.len() > 1).to(&KEPT);
    let app = start(builder.build()?, Config::new("filter"), &log);
    send_words(&log, ["a", "bb", "c", "dd"], 10);
    let mut kept = streams_core::runtime::Subscription::open(&log, &KEPT, Default::default())?;
    let mut next = || kept.next_within(PATIENCE).map(|r| r.map(|r| (r.value.clone(), r.timestamp)));
    assert_eq!(next()?, Some(("bb".to_owned(), 11)));
    assert_eq!(next()?, Some(("dd".to_owned(), 13)));
    assert_eq!(wait_for_state(&app, |s| *s == AppState::Running), AppState::Running);
    let state = app.state();
    stop(app)?;
    assert_eq!(*state.borrow(), AppState::Stopped);
    Ok(())
}

#[test]
fn counts_behind_a_repartition_are_right_with_any_number_of_partitions_and_threads() -> Result<()> {
    for (partitions, threads, guarantee) in
        [(1, 1, Guarantee::ExactlyOnce), (4, 3, Guarantee::ExactlyOnce), (3, 2, Guarantee::AtLeastOnce)]
    {
        let log = log_with(&[("words", partitions), ("counts", 2)]);
        let mut config = Config::new("count");
        config.num_threads = threads;
        config.guarantee = guarantee;
        config.commit_interval = Some(Duration::from_millis(20));
        let app = start(word_count(), config, &log);
        for round in 0..10 {
            send_words(&log, ["a", "b", "a", "c", "a"], round * 10);
        }
        let expected = counts(&[("a", 30), ("b", 10), ("c", 10)]);
        wait_for_topic(&log, &COUNTS, |log| table(log, &COUNTS) == expected);
        let metrics = app.metrics();
        assert!(metrics.consumed >= 100, "{metrics:?}");
        assert_eq!(metrics.tasks.len() as u32, 2 * partitions);
        stop(app)?;
        let app = start(word_count(), Config::new("count"), &log);
        send_words(&log, ["c", "d"], 200);
        let expected = counts(&[("a", 30), ("b", 10), ("c", 11), ("d", 1)]);
        wait_for_topic(&log, &COUNTS, |log| table(log, &COUNTS) == expected);
        stop(app)?;
    }
    Ok(())
}
