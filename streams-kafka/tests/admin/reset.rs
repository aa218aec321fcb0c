//! Starting an application over, on a broker.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use streams_core::ids::TopicPartition;
use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{AppState, Config, ResetTo};
use streams_core::{Error, ErrorKind};
use streams_kafka::GroupProtocol;

use crate::support::*;

fn config(words: &Words, state: &Path) -> Config {
    let mut config = words.config();
    config.state_dir = Some(state.to_owned());
    config
}

/// How many results there are.
fn results(log: &Arc<dyn Log>, words: &Words) -> usize {
    let mut counts =
        streams_core::runtime::Subscription::open(log, &words.counts, streams_core::runtime::Start::Earliest)
            .unwrap();
    let mut seen = 0;
    while counts.next_within(std::time::Duration::from_millis(500)).unwrap().is_some() {
        seen += 1;
    }
    seen
}

fn last(counts: BTreeMap<String, Vec<i64>>) -> BTreeMap<String, i64> {
    counts.into_iter().map(|(word, counts)| (word, counts[counts.len() - 1])).collect()
}

#[test]
fn an_application_that_was_reset_counts_as_it_did_the_first_time_also_with_old_state() {
    for protocol in [GroupProtocol::Classic, GroupProtocol::Consumer] {
        let log = log_with(|config| config.group_protocol = protocol);
        let words = Words::create(&*log, "reset", 3);
        let other = format!("{}-2-totals-changelog", words.id);
        log.create_topics(&[NewTopic::new(&other, 1)]).unwrap();
        let states = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let start = || states.each_ref().map(|state| words.start(&log, config(&words, state.path())));
        let apps = start();
        words.send(&*log, 30);
        let first = last(words.wait_for(&log, 30, 0));

        // Nothing is reset while it runs.
        let plan =
            || words.app(&log, config(&words, states[0].path())).plan_reset(&ResetTo::Earliest).unwrap();
        let error = plan().execute().unwrap_err();
        assert!(error.is_fenced() && error.to_string().contains(&format!("{}-", words.id)), "{error}");
        assert!(error.to_string().contains("is running, nothing was reset"), "{error}");
        apps.into_iter().for_each(|app| app.shutdown(PATIENCE).unwrap());
        wait_until("the group to be empty", || log.group_members(words.id).unwrap().is_empty());

        // Cut short after the first topic was deleted.
        let mut deleted = 0;
        let cut = plan().execute_with(&mut |step| {
            deleted += usize::from(step.starts_with("deleting topic"));
            if deleted > 1 { Err(Error::new(ErrorKind::User, "cut")) } else { Ok(()) }
        });
        assert_eq!(cut.unwrap_err().kind(), ErrorKind::User);
        let refused = words.start(&log, config(&words, states[0].path())).wait().unwrap_err();
        assert!(refused.to_string().contains("is under way, or was cut short"), "{refused}");
        wait_until("the group to be empty", || log.group_members(words.id).unwrap().is_empty());

        // To its end; the other instance has its old state.
        let before = results(&log, &words);
        let mut out = Vec::new();
        let app = words.app(&log, config(&words, states[0].path()));
        app.reset_command(Vec::new(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("done: the application begins anew"), "{text}");
        assert!(log.describe_topic(&other).unwrap().is_some());
        let input = [0, 1, 2].map(|number| TopicPartition::new(words.lines.name(), number));
        let committed = log.committed(words.id, &input).unwrap();
        assert!(committed.iter().all(|c| c.as_ref().is_some_and(|c| c.metadata.is_empty())), "{committed:?}");
        let apps = start();
        assert_eq!(last(words.wait_for(&log, 30, before)), first);
        apps.into_iter().for_each(|app| {
            assert!(!matches!(app.metrics().state, AppState::Failed { .. }));
            app.shutdown(PATIENCE).unwrap();
        });
    }
}
