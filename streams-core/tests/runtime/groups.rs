//! Several applications of one id share the work.

use std::time::Duration;

use streams_core::Result;
use streams_core::runtime::Config;

use crate::support::*;

#[test]
fn no_count_is_lost_or_doubled_while_processes_join_and_leave() -> Result<()> {
    let log = log_with(&[("words", 4), ("counts", 4)]);
    let config = || {
        let mut config = Config::new("count");
        config.commit_interval = Some(Duration::from_millis(5));
        config
    };
    let words = ["a", "b", "c", "d", "e"];
    let mut sent = 0;
    let mut send = |rounds: i64| {
        for _ in 0..rounds {
            send_words(&log, words, sent * 5);
            sent += 1;
        }
        counts(&words.map(|word| (word, sent)))
    };
    let first = start(word_count(), config(), &log);
    let mut expected = send(50);
    let second = start(word_count(), config(), &log);
    expected = if expected.is_empty() { expected } else { send(50) };
    wait_for_metrics(&second, |m| m.tasks.len() == 4);
    wait_for_metrics(&first, |m| m.tasks.len() == 4);
    wait_for_topic(&log, &COUNTS, |log| table(log, &COUNTS) == expected);
    send(50);
    stop(first)?;
    let third = start(word_count(), config(), &log);
    expected = send(50);
    wait_for_topic(&log, &COUNTS, |log| table(log, &COUNTS) == expected);
    stop(second)?;
    expected = send(50);
    wait_for_topic(&log, &COUNTS, |log| table(log, &COUNTS) == expected);
    stop(third)
}

#[test]
fn applications_of_different_ids_run_side_by_side_in_one_process() -> Result<()> {
    let log = log_with(&[("words", 2), ("counts", 1)]);
    let apps: Vec<_> = (0..3).map(|i| start(word_count(), Config::new(format!("count-{i}")), &log)).collect();
    send_words(&log, ["a", "b", "a"], 0);
    wait_for_topic(&log, &COUNTS, |log| {
        let updates = all(log, &COUNTS);
        updates.iter().filter(|(word, _)| word == "b").count() == 3
            && updates.iter().filter(|(word, count)| word == "a" && *count == 2).count() == 3
    });
    apps.into_iter().try_for_each(stop)
}
