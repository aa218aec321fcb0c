//! Starting an application over.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use streams_core::ids::TopicPartition;
use streams_core::log::{Committed, Log, NewTopic};
use streams_core::runtime::{App, Config, ResetTo, Start, Subscription};
use streams_core::{Error, ErrorKind, Result};

use crate::support::*;

const CHANGELOG: &str = "count-KSTREAM-AGGREGATE-STATE-STORE-0000000002-changelog";

fn config(state: Option<&Path>) -> Config {
    let mut config = Config::new("count");
    config.state_dir = state.map(Into::into);
    config
}

fn app(log: &Arc<dyn Log>, state: Option<&Path>) -> App {
    App::new(word_count(), config(state), Arc::clone(log))
}

/// Runs to the end of the input; the last result of each word that this run has put out.
fn run(log: &Arc<dyn Log>, state: Option<&Path>) -> BTreeMap<String, i64> {
    let mut counts = Subscription::open(log, &COUNTS, Start::Latest).unwrap();
    app(log, state).run_to_end().unwrap();
    let mut found = BTreeMap::new();
    while let Some(received) = counts.next_now().unwrap() {
        found.insert(received.record.key, received.record.value);
    }
    found
}

fn log_of_words() -> Arc<dyn Log> {
    let log = log_with(&[("words", 3), ("counts", 1)]);
    send_words(&log, ["a", "b", "a", "c", "a", "b"], 0);
    log
}

#[test]
fn a_run_after_a_reset_gives_what_the_first_run_gave() -> Result<()> {
    let (log, dir) = (log_of_words(), tempfile::tempdir()?);
    let first = run(&log, Some(dir.path()));
    assert!(!first.is_empty() && run(&log, Some(dir.path())).is_empty());
    // Of others, with names that look like ours.
    let others = ["count-2-words-changelog", "count-mine-repartition", "other"];
    log.create_topics(&others.map(|name| NewTopic::new(name, 1)))?;
    let position = (TopicPartition::new("other", 0), Some(Committed { offset: 0, metadata: "m".into() }));
    log.alter_committed("count", std::slice::from_ref(&position))?;
    let process = std::fs::read_to_string(dir.path().join("count/process-id"))?;

    let topics = log.list_topics()?;
    let mut out = Vec::new();
    app(&log, Some(dir.path())).reset_command(["--dry-run".to_owned()], &mut out)?;
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("nothing was done") && text.contains(CHANGELOG), "{text}");
    assert_eq!(log.list_topics()?, topics);
    assert!(run(&log, Some(dir.path())).is_empty());

    let plan = app(&log, Some(dir.path())).plan_reset(&ResetTo::Earliest)?;
    assert_eq!(plan.topics().count(), 2);
    assert_eq!(plan.positions().len(), 3);
    assert!(plan.positions().iter().all(|position| position.to == 0), "{plan}");
    assert_eq!(plan.state_dir(), Some(dir.path().join("count").as_path()));
    plan.execute()?;
    let left: Vec<String> = std::fs::read_dir(dir.path().join("count"))?
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left, ["process-id"]);
    assert_eq!(
        log.list_topics()?,
        ["count-2-words-changelog", "count-mine-repartition", "counts", "other", "words"]
    );
    assert_eq!(log.committed("count", &[position.0])?, [position.1]);
    assert_eq!(run(&log, Some(dir.path())), first);
    assert_eq!(std::fs::read_to_string(dir.path().join("count/process-id"))?, process);
    Ok(())
}

#[test]
fn state_on_another_machine_that_was_not_removed_is_not_counted_on() -> Result<()> {
    let (log, dir) = (log_of_words(), tempfile::tempdir()?);
    let first = run(&log, Some(dir.path()));
    app(&log, None).plan_reset(&ResetTo::Earliest)?.execute()?;
    assert_eq!(run(&log, Some(dir.path())), first);
    Ok(())
}

#[test]
fn a_reset_that_is_cut_short_keeps_the_application_from_starting_until_it_is_run_again() -> Result<()> {
    let mut steps = 0;
    for last in 0.. {
        let (log, dir) = (log_of_words(), tempfile::tempdir()?);
        let first = run(&log, Some(dir.path()));
        let mut step = 0;
        let mut cut = |_: &str| {
            step += 1;
            if step > last + 1 { Err(Error::new(ErrorKind::User, "cut")) } else { Ok(()) }
        };
        let plan = app(&log, Some(dir.path())).plan_reset(&ResetTo::Earliest)?;
        if plan.execute_with(&mut cut).is_ok() {
            steps = last;
            break;
        }
        let started = app(&log, Some(dir.path())).run_to_end();
        match last {
            // Nothing was changed yet.
            0 => assert!(started.is_ok()),
            _ => {
                let error = started.unwrap_err();
                assert!(error.to_string().contains("a reset of application `count` is under way"), "{error}");
            }
        }
        app(&log, Some(dir.path())).plan_reset(&ResetTo::Earliest)?.execute()?;
        assert_eq!(run(&log, Some(dir.path())), first, "cut after {last} steps");
    }
    assert!(steps >= 6, "{steps}");
    Ok(())
}

#[test]
fn an_application_that_runs_is_not_reset() -> Result<()> {
    let (log, dir) = (log_of_words(), tempfile::tempdir()?);
    let running = start(word_count(), config(Some(dir.path())), &log);
    wait_for_topic(&log, &COUNTS, |log| table(log, &COUNTS) == counts(&[("a", 3), ("b", 2), ("c", 1)]));
    let error = app(&log, Some(dir.path())).plan_reset(&ResetTo::Earliest)?.execute().unwrap_err();
    assert!(error.is_fenced(), "{error}");
    let process = std::fs::read_to_string(dir.path().join("count/process-id"))?;
    assert!(error.to_string().contains(&format!("count-{process}")), "{error}");
    stop(running)?;
    // The same state, used by a process that is no member.
    let other = log_of_words();
    let running = start(word_count(), config(Some(dir.path())), &other);
    let error = app(&log, Some(dir.path())).plan_reset(&ResetTo::Earliest)?.execute().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    assert!(log.describe_topic(CHANGELOG)?.is_some());
    stop(running)
}

#[test]
fn positions_go_where_they_are_told_to() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    send_words(&log, ["a", "b", "c", "d"], 100);
    run(&log, None);
    let partition = TopicPartition::new("words", 0);
    let offsets = |offset| ResetTo::Offsets([(partition.clone(), offset)].into());
    for (to, position) in [
        (ResetTo::Earliest, 0),
        (ResetTo::Latest, 4),
        (ResetTo::Timestamp(102), 2),
        (ResetTo::Timestamp(500), 4),
        (offsets(3), 3),
        (offsets(9), 4),
    ] {
        app(&log, None).plan_reset(&to)?.execute()?;
        let found = log.committed("count", std::slice::from_ref(&partition))?.remove(0);
        assert_eq!(found, Some(Committed { offset: position, metadata: String::new() }), "{to:?}");
        assert_eq!(run(&log, None).len() as i64, 4 - position, "{to:?}");
    }
    let other = ResetTo::Offsets([(TopicPartition::new("counts", 0), 1)].into());
    assert!(app(&log, None).plan_reset(&other).unwrap_err().to_string().contains("counts-0 is no input"));
    let unknown = app(&log, None).reset_command(["--all".to_owned()], &mut Vec::new());
    assert!(unknown.unwrap_err().to_string().contains("`--all`"));
    Ok(())
}
