//! What is logged from the start of an application to its end, with fields that programs can read.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use streams_core::Result;
use streams_core::runtime::{AppState, Config};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::support::*;

/// One event: its level, its message, and its fields with those of the spans it is in.
#[derive(Debug, Clone)]
struct Line {
    level: Level,
    message: String,
    fields: Fields,
}

#[derive(Debug, Clone, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        write!(text, "{value:?}").unwrap();
        self.0.insert(field.name(), text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

/// Keeps every event of the process.
struct Capture;

static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());

fn lines() -> MutexGuard<'static, Vec<Line>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        context.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !event.metadata().target().starts_with("streams_core::runtime") {
            return;
        }
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(known) = span.extensions().get::<Fields>() {
                fields.0.extend(known.0.clone());
            }
        }
        event.record(&mut fields);
        let message = fields.0.remove("message").unwrap_or_default();
        lines().push(Line { level: *event.metadata().level(), message, fields });
    }
}

fn capture() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let subscriber = tracing_subscriber::registry().with(Capture);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// The events of an application so far.
fn of(application: &str) -> Vec<Line> {
    let is_of = |line: &&Line| line.fields.0.get("application").is_some_and(|name| name == application);
    lines().iter().filter(is_of).cloned().collect()
}

/// The lines with this message, each with these fields as `name=value`.
fn shown(lines: &[Line], level: Level, message: &str, fields: &[&str]) -> Vec<String> {
    let wanted = |line: &&Line| line.level == level && line.message == message;
    let show = |line: &Line| {
        let field = |name: &&str| Some(format!("{name}={}", line.fields.0.get(*name)?));
        fields.iter().filter_map(field).collect::<Vec<_>>().join(" ")
    };
    let mut shown: Vec<String> = lines.iter().filter(wanted).map(show).collect();
    shown.sort();
    shown
}

#[test]
fn a_start_a_rebalance_and_a_stop_say_what_was_created_assigned_restored_and_committed() -> Result<()> {
    capture();
    let log = log_with(&[("words", 2), ("counts", 1)]);
    let mut config = Config::new("told");
    config.process_id = Some("one".to_owned());
    let app = start(word_count(), config.clone(), &log);
    wait_for_state(&app, |state| *state == AppState::Running);
    send_words(&log, ["a", "b", "a"], 0);
    wait_for_metrics(&app, |m| m.consumed == 6 && m.lag() == Some(0));
    // A second process takes half of the tasks over.
    config.process_id = Some("two".to_owned());
    let second = start(word_count(), config.clone(), &log);
    wait_for_metrics(&second, |m| m.tasks.len() == 2 && m.state == AppState::Running);
    wait_for_metrics(&app, |m| m.tasks.len() == 2 && m.state == AppState::Running);
    second.shutdown(PATIENCE)?;
    app.shutdown(PATIENCE)?;
    // Whoever comes then has no state.
    config.process_id = Some("three".to_owned());
    let third = start(word_count(), config.clone(), &log);
    wait_for_metrics(&third, |m| m.tasks.len() == 4 && m.health.ready.ok);
    third.shutdown(PATIENCE)?;

    let said = of("told");
    let info = |message: &str, fields: &[&str]| shown(&said, Level::INFO, message, fields);
    let starting = info("starting", &["process", "version", "guarantee", "threads", "engine", "log"]);
    let version = env!("CARGO_PKG_VERSION");
    let of_process = |id: &str| {
        format!(
            "process={id} version={version} guarantee=exactly-once threads=1 engine=memory log=embedded log in memory"
        )
    };
    assert_eq!(starting, [of_process("one"), of_process("three"), of_process("two")]);
    let created = info("topic created", &["topic", "partitions", "cleanup"]);
    assert_eq!(
        created,
        [
            "topic=told-counted-changelog partitions=2 cleanup=compact",
            "topic=told-counted-repartition partitions=2 cleanup=delete"
        ]
    );
    let assigned = info("task assigned", &["task", "worker", "inputs"]);
    for line in ["task=0_0 worker=1 inputs=words-0", "task=1_1 worker=1 inputs=told-counted-repartition-1"] {
        assert!(assigned.iter().any(|found| found == line), "{line}: {assigned:?}");
    }
    let restored = info("restored", &["worker", "stores", "records"]);
    let rows = |line: &String| line.strip_prefix("worker=1 stores=counted records=")?.parse::<u64>().ok();
    assert!(restored.iter().filter_map(rows).sum::<u64>() >= 2, "two words: {restored:?}");
    assert!(!info("partitions assigned", &["partitions"]).is_empty());
    assert!(
        info("partitions revoked", &["partitions"]).iter().any(|line| line.contains("words-")),
        "{said:?}"
    );
    assert!(!info("task closed", &["task"]).is_empty());
    let committed = shown(&said, Level::DEBUG, "committed", &["worker", "positions"]);
    assert!(committed.iter().any(|line| line.contains("words-") && line.contains('@')), "{committed:?}");
    let stopped = info("stopped", &["failed", "committed_ms", "written_ms", "left_ms"]);
    assert_eq!(stopped.len(), 3);
    assert!(stopped.iter().all(|line| line.starts_with("failed=false committed_ms=")), "{stopped:?}");
    let states = shown(&said, Level::INFO, "stopping -> stopped", &["from", "to"]);
    assert!(states.is_empty(), "the last state is the handle's to tell: {states:?}");
    assert_eq!(info("created -> rebalancing", &["to"]), ["to=rebalancing"; 3]);
    assert!(said.iter().all(|line| line.level <= Level::DEBUG), "nothing is told per record");
    assert!(said.iter().all(|line| line.level > Level::WARN), "{said:?}");
    Ok(())
}

#[test]
fn a_thread_that_stands_still_is_told_once_and_that_it_goes_on() -> Result<()> {
    capture();
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let gate = Gate::default();
    let held = gate.clone();
    let builder = streams_core::StreamsBuilder::new();
    let hold = move |_, word: String| {
        held.enter();
        (word, 1)
    };
    builder.stream(&WORDS).map(hold).to(&COUNTS);
    let mut config = Config::new("still");
    config.stuck_after = std::time::Duration::from_millis(50);
    let app = start(builder.build()?, config, &log);
    wait_for_state(&app, |state| *state == AppState::Running);
    send_words(&log, ["a"], 0);
    let warned = || {
        let said = of("still");
        said.into_iter().filter(|line| line.level == Level::WARN).collect::<Vec<_>>()
    };
    wait_for("a warning", || (!warned().is_empty()).then_some(()));
    gate.open();
    let goes_on = || shown(&of("still"), Level::INFO, "goes on after it stood still", &["worker"]);
    wait_for("an end of it", || (goes_on() == ["worker=1"]).then_some(()));
    let warned = warned();
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].message.contains("words-0@0") && warned[0].fields.0["task"] == "0_0", "{warned:?}");
    app.shutdown(PATIENCE)
}
