//! What is wrong is told with its place, and goes where the policy says.

use std::sync::Arc;
use std::time::Duration;

use streams_core::processor::{Processor, ProcessorContext, Punctuation, PunctuationType, UserResult};
use streams_core::runtime::{AppState, Config, Start, Subscription, TopicProducer};
use streams_core::{DropReason, ErrorKind, ErrorPolicy, Record, Result, StreamsBuilder, Topic};

use crate::support::*;

const NUMBERS: Topic<String, i64> = Topic::new("numbers");
const BYTES: Topic<String, String> = Topic::new("numbers");
const OUT: Topic<String, i64> = Topic::new("out");
const DEAD: Topic<String, String> = Topic::new("dead");

#[test]
fn a_panic_fails_the_application_naming_node_and_record_and_nothing_of_it_is_visible() -> Result<()> {
    let log = log_with(&[("words", 1), ("counts", 1)]);
    let builder = StreamsBuilder::new();
    builder
        .stream(&WORDS)
        .map(|_, word: String| {
            assert_ne!(word, "bad", "it is a bad word");
            (word, 1)
        })
        .to(&COUNTS);
    let mut config = Config::new("panics");
    config.commit_interval = Some(Duration::from_secs(3600));
    send_words(&log, ["good", "bad"], 0);
    let app = start(builder.build()?, config, &log);
    let AppState::Failed { kind, message } = wait_for_state(&app, AppState::is_final) else {
        panic!("it should have failed");
    };
    assert_eq!(kind, ErrorKind::User);
    for part in ["KSTREAM-MAP-0000000001", "words-0@1", "it is a bad word", "failures.rs"] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    assert!(all(&log, &COUNTS).is_empty());
    assert_eq!(stop(app).unwrap_err().kind(), ErrorKind::User);
    Ok(())
}

#[test]
fn records_that_cannot_be_read_go_to_the_dead_letter_topic_with_their_bytes() -> Result<()> {
    let log = log_with(&[("numbers", 1), ("out", 1)]);
    let builder = StreamsBuilder::new();
    builder.stream(&NUMBERS).to(&OUT);
    let mut config = Config::new("letters");
    config.errors.deserialization = ErrorPolicy::DeadLetter;
    config.errors.dead_letter_topic = Some("dead".to_owned());
    let app = start(builder.build()?, config, &log);
    let mut good = TopicProducer::open(&*log, &NUMBERS)?;
    let mut bad = TopicProducer::open(&*log, &BYTES)?;
    bad.send(&"k".to_owned(), &"no number".to_owned(), 5)?;
    bad.flush()?;
    good.send(&"k".to_owned(), &7, 6)?;
    good.flush()?;
    let mut letters = Subscription::open(&log, &DEAD, Start::Earliest)?;
    let letter = letters.next_within(PATIENCE)?.expect("a dead letter");
    assert_eq!((letter.key.as_str(), letter.value.as_str(), letter.timestamp), ("k", "no number", 5));
    assert_eq!(letter.headers.last("__streams.errors.offset"), Some(&b"0"[..]));
    let mut out = Subscription::open(&log, &OUT, Start::Earliest)?;
    assert_eq!(out.next_within(PATIENCE)?.expect("the good one").value, 7);
    wait_for_metrics(&app, |m| m.dropped_for(DropReason::Undecodable) == 1);
    stop(app)
}

#[test]
fn without_a_policy_a_record_that_cannot_be_read_fails_the_application_with_its_place() -> Result<()> {
    let log = log_with(&[("numbers", 1), ("out", 1)]);
    let builder = StreamsBuilder::new();
    builder.stream(&NUMBERS).to(&OUT);
    let app = start(builder.build()?, Config::new("fails"), &log);
    let mut bad = TopicProducer::open(&*log, &BYTES)?;
    bad.send(&"k".to_owned(), &"no number".to_owned(), 5)?;
    bad.flush()?;
    let state = wait_for_state(&app, AppState::is_final).to_string();
    assert!(state.contains("numbers-0@0") && state.contains("KSTREAM-SOURCE-0000000000"), "{state}");
    assert_eq!(stop(app).unwrap_err().kind(), ErrorKind::Serde);
    Ok(())
}

#[test]
fn results_too_large_for_their_topic_are_skipped_and_counted_by_policy() -> Result<()> {
    let log = log_with(&[("words", 1)]);
    const SMALL: Topic<Option<String>, String> = Topic::new("small");
    let limit = streams_core::log::TopicConfig { max_message_bytes: 100, ..Default::default() };
    log.create_topics(&[streams_core::log::NewTopic::new("small", 1).with_config(limit)])?;
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).to(&SMALL);
    let mut config = Config::new("large");
    config.errors.production = ErrorPolicy::Skip;
    let app = start(builder.build()?, config, &log);
    let long = "x".repeat(200);
    send_words(&log, ["short", &long, "short"], 0);
    let metrics = wait_for_metrics(&app, |m| m.dropped_for(DropReason::ProductionFailed) == 1);
    assert_eq!(metrics.dropped[0].node, "KSTREAM-SINK-0000000001");
    assert_eq!(all(&log, &SMALL).len(), 2);
    stop(app)
}

/// Forwards the time at every punctuation.
struct Ticker;

impl Processor<Option<String>, String, String, i64> for Ticker {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, i64>) -> UserResult {
        ctx.schedule(Duration::from_millis(5), PunctuationType::WallClock);
        Ok(())
    }

    fn process(
        &mut self,
        _: &mut ProcessorContext<'_, String, i64>,
        _: Record<Option<String>, String>,
    ) -> UserResult {
        Ok(())
    }

    fn punctuate(&mut self, ctx: &mut ProcessorContext<'_, String, i64>, due: Punctuation) -> UserResult {
        ctx.forward(Record::new("tick".to_owned(), due.time, due.time))?;
        Ok(())
    }
}

#[test]
fn wall_clock_punctuations_fire_without_any_record() -> Result<()> {
    let log = log_with(&[("words", 1), ("out", 1)]);
    let builder = StreamsBuilder::new();
    builder.stream(&WORDS).process(|| Ticker).to(&OUT);
    let mut config = Config::new("ticks");
    config.commit_interval = Some(Duration::from_millis(10));
    let app = start(builder.build()?, config, &log);
    let mut out = Subscription::open(&Arc::clone(&log), &OUT, Start::Earliest)?;
    let mut last = 0;
    for _ in 0..5 {
        let tick = out.next_within(PATIENCE)?.expect("a tick");
        assert!(tick.value > last, "{} after {last}", tick.value);
        last = tick.value;
    }
    stop(app)
}
