//! State after a restart: kept on disk, or restored from changelogs.

use std::sync::Arc;
use std::time::Duration;

use streams_core::Result;
use streams_core::log::Log;
use streams_core::runtime::{AppState, Config};

use crate::support::*;

fn words() -> Vec<String> {
    (0..500).map(|i| format!("w{i}")).collect()
}

/// Runs until every word was counted `times` times; how many changelog records were restored.
fn run_until(log: &Arc<dyn Log>, config: Config, times: i64) -> Result<u64> {
    let app = start(word_count(), config, log);
    wait_for_topic(log, &COUNTS, |log| {
        let table = table(log, &COUNTS);
        table.len() == words().len() && table.values().all(|count| *count == times)
    });
    wait_for_state(&app, |state| *state == AppState::Running);
    let restored = app.metrics().restored;
    stop(app)?;
    Ok(restored)
}

#[test]
fn state_on_disk_is_found_again_and_state_in_memory_is_restored() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let log = log_with(&[("words", 2), ("counts", 2)]);
    let config = |on_disk: bool| {
        let mut config = Config::new("count");
        config.state_dir = on_disk.then(|| dir.path().to_owned());
        config.commit_interval = Some(Duration::from_millis(10));
        config
    };
    let words = words();
    let mut sent = 0;
    let mut send = || {
        send_words(&log, words.iter().map(String::as_str), sent * 1000);
        sent += 1;
        sent
    };
    assert_eq!(run_until(&log, config(true), send())?, 0);
    assert_eq!(run_until(&log, config(true), send())?, 0, "a clean stop leaves nothing to restore");
    // Two rounds of changes, of which compaction may have left one.
    let restored = run_until(&log, config(false), send())?;
    assert!(restored >= 500, "{restored}");
    // The state on disk is one round behind.
    let restored = run_until(&log, config(true), send())?;
    assert!((500..1000).contains(&restored), "{restored}");
    Ok(())
}

#[test]
fn a_changelog_that_was_made_anew_wipes_the_state_instead_of_doubling_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let mut config = Config::new("count");
    config.state_dir = Some(dir.path().to_owned());
    send_words(&log, words().iter().map(String::as_str), 0);
    run_until(&log, config.clone(), 1)?;
    let internal: Vec<String> = log.list_topics()?.into_iter().filter(|t| t.starts_with("count-")).collect();
    assert_eq!(internal.len(), 2, "{internal:?}");
    let partitions = [
        streams_core::ids::TopicPartition::new("words", 0),
        streams_core::ids::TopicPartition::new(internal[1].clone(), 0),
    ];
    log.alter_committed("count", &partitions.map(|partition| (partition, None)))?;
    log.delete_topics(&internal.iter().map(String::as_str).collect::<Vec<_>>())?;
    log.delete_topics(&["counts"])?;
    create(&log, &[("counts", 1)]);
    run_until(&log, config, 1)?;
    Ok(())
}
