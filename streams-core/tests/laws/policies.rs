//! What becomes of records that fail: stop, skip or dead letter; counted, and with all that is needed to find them.

use std::time::Duration;

use streams_core::processor::{Processor, ProcessorContext, Punctuation, PunctuationType, UserResult};
use streams_core::serde::{DefaultSerde, Serde, SerdeRef};
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::{
    DropReason, Error, ErrorKind, ErrorPolicies, ErrorPolicy, Headers, Produced, Record, Result,
    StreamsBuilder, Topic, Topology,
};

const IN: Topic<String, i64> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");

/// Refuses the number 13.
struct Superstitious;

impl Serde<i64> for Superstitious {
    fn serialize(&self, value: &i64, out: &mut Vec<u8>) -> Result<()> {
        if *value == 13 {
            return Err(Error::new(ErrorKind::Serde, "13 cannot be written"));
        }
        i64::serde().serialize(value, out)
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<i64> {
        i64::serde().deserialize(bytes)
    }
}

/// Fails on 7, and by the wall clock.
struct Picky;

impl Processor<String, i64, String, i64> for Picky {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, i64>) -> UserResult {
        ctx.schedule(Duration::from_secs(1), PunctuationType::WallClock);
        Ok(())
    }

    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, i64>,
        record: Record<String, i64>,
    ) -> UserResult {
        if record.value == 7 {
            return Err("no sevens".into());
        }
        Ok(ctx.forward(record)?)
    }

    fn punctuate(&mut self, _ctx: &mut ProcessorContext<'_, String, i64>, _due: Punctuation) -> UserResult {
        Err("the timer failed".into())
    }
}

fn topology() -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let picky: SerdeRef<i64> = std::sync::Arc::new(Superstitious);
    builder
        .stream(&IN)
        .try_map_values(|_, value| if value == 5 { Err("no fives") } else { Ok(value) })
        .process(|| Picky)
        .to_with(&OUT, Produced::with(String::serde(), picky));
    builder.build()
}

fn driver(policy: ErrorPolicy) -> Result<TestDriver> {
    let policies = ErrorPolicies {
        deserialization: policy,
        processing: policy,
        production: policy,
        dead_letter_topic: Some("dead".to_owned()),
        dead_letter_drops: false,
    };
    TestDriver::with(&topology()?, TestDriverOptions { policies, ..TestDriverOptions::default() })
}

/// A record that fails: key, value and timestamp as they are in the topic, the reason, and what the error says.
type Bad = (Option<&'static [u8]>, Option<Vec<u8>>, i64, DropReason, &'static str);

fn bad_records() -> Vec<Bad> {
    let number = |n: i64| Some(n.to_be_bytes().to_vec());
    vec![
        (Some(b"k"), Some(vec![1, 2]), 1, DropReason::Undecodable, "the value: a 64-bit integer is 8 bytes"),
        (Some(b"k"), None, 1, DropReason::Undecodable, "the value: null where the type has none"),
        (None, number(1), 1, DropReason::Undecodable, "the key: null where the type has none"),
        (Some(b"k"), number(1), -1, DropReason::InvalidTimestamp, "timestamp is negative"),
        (Some(b"k"), number(5), 1, DropReason::ProcessingFailed, "no fives"),
        (Some(b"k"), number(7), 1, DropReason::ProcessingFailed, "no sevens"),
        (Some(b"k"), number(13), 1, DropReason::ProductionFailed, "the value: 13 cannot be written"),
    ]
}

fn pipe(driver: &mut TestDriver, bad: &Bad) -> Result<()> {
    let mut headers = Headers::new();
    headers.add("trace", "t1");
    driver.pipe_raw("in", None, bad.0, bad.1.as_deref(), bad.2, &headers)
}

#[test]
fn fail_stops_with_an_error_that_names_task_node_line_and_record_and_says_what_to_do() -> Result<()> {
    for bad in bad_records() {
        let mut driver = driver(ErrorPolicy::Fail)?;
        driver.pipe(&IN, "k".to_owned(), 1, 0)?;
        let message = pipe(&mut driver, &bad).err().map(|e| e.to_string()).unwrap_or_default();
        for part in ["task 0_0", "`KSTREAM-", "policies.rs:", "in-0@1", bad.4, "`errors.", "dead-letter"] {
            assert!(message.contains(part), "{part} is missing in: {message}");
        }
        assert_eq!(driver.read(&OUT)?.len(), 1, "what was committed before stays");
    }
    Ok(())
}

#[test]
fn skip_counts_the_record_and_goes_on() -> Result<()> {
    for bad in bad_records() {
        let mut driver = driver(ErrorPolicy::Skip)?;
        pipe(&mut driver, &bad)?;
        driver.pipe(&IN, "k".to_owned(), 1, 2)?;
        assert_eq!((driver.dropped().of(bad.3), driver.dropped().total()), (1, 1), "{}", bad.4);
        assert_eq!(driver.read(&OUT)?.len(), 1);
        assert!(driver.read_raw("dead").is_empty());
        assert!(driver.committed().values().all(|c| c.offset == 2), "{:?}", driver.committed());
    }
    Ok(())
}

#[test]
fn dead_letters_carry_reason_origin_and_the_original_bytes() -> Result<()> {
    for bad in bad_records() {
        let mut driver = driver(ErrorPolicy::DeadLetter)?;
        driver.pipe(&IN, "k".to_owned(), 1, 0)?;
        pipe(&mut driver, &bad)?;
        let letters = driver.read_raw("dead");
        assert_eq!(letters.len(), 1, "{}", bad.4);
        let letter = &letters[0];
        assert_eq!((letter.key.as_deref(), &letter.value, letter.timestamp), (bad.0, &bad.1, bad.2));
        let header =
            |name: &str| String::from_utf8_lossy(letter.headers.last(name).unwrap_or_default()).into_owned();
        assert_eq!(header("trace"), "t1", "the record's own headers stay");
        let of = |name: &str| header(&format!("__streams.errors.{name}"));
        assert_eq!((of("topic"), of("partition"), of("offset")), ("in".into(), "0".into(), "1".into()));
        assert_eq!(of("reason"), bad.3.code());
        assert!(of("message").contains(bad.4), "{}", of("message"));
        assert!(of("node").contains("policies.rs:"), "{}", of("node"));
        assert_eq!((driver.dropped().of(bad.3), driver.dropped().total()), (1, 1));
    }
    Ok(())
}

#[test]
fn a_failing_timer_sends_no_dead_letter_of_an_earlier_record() -> Result<()> {
    let mut driver = driver(ErrorPolicy::DeadLetter)?;
    driver.pipe(&IN, "k".to_owned(), 1, 0)?;
    driver.advance_wall_clock(Duration::from_secs(1))?;
    assert_eq!(driver.dropped().of(DropReason::ProcessingFailed), 1);
    assert!(driver.read_raw("dead").is_empty(), "the record before was fine");
    Ok(())
}

#[test]
fn a_policy_that_sends_dead_letters_needs_a_topic_for_them() -> Result<()> {
    let letters = ErrorPolicy::DeadLetter;
    for policies in [
        ErrorPolicies { deserialization: letters, ..ErrorPolicies::default() },
        ErrorPolicies { processing: letters, ..ErrorPolicies::default() },
        ErrorPolicies { production: letters, ..ErrorPolicies::default() },
        ErrorPolicies { dead_letter_drops: true, ..ErrorPolicies::default() },
    ] {
        let options = TestDriverOptions { policies, ..TestDriverOptions::default() };
        let error = TestDriver::with(&topology()?, options).err();
        let message = error.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(error.map(|e| e.kind()), Some(ErrorKind::Config));
        assert!(message.contains("dead-letter-topic"), "{message}");
    }
    Ok(())
}

#[test]
fn what_was_dropped_and_not_committed_is_counted_once_after_a_crash() -> Result<()> {
    let policies = ErrorPolicies { deserialization: ErrorPolicy::Skip, ..ErrorPolicies::default() };
    let options = TestDriverOptions { policies, commit_each_record: false, ..TestDriverOptions::default() };
    let mut driver = TestDriver::with(&topology()?, options)?;
    pipe(&mut driver, &bad_records()[0])?;
    driver.crash()?;
    assert_eq!(driver.dropped().total(), 1);
    driver.commit()?;
    driver.crash()?;
    assert_eq!(driver.dropped().total(), 1);
    Ok(())
}

#[test]
fn a_tombstone_with_a_negative_timestamp_is_judged_like_any_record() -> Result<()> {
    let builder = StreamsBuilder::new();
    builder.table(&IN).to_stream().to(&OUT);
    let mut driver = TestDriver::new(&builder.build()?)?;
    let piped = driver.pipe_raw("in", None, Some(b"k"), None, -1, &Headers::new());
    assert_eq!(piped.err().map(|e| e.kind()), Some(ErrorKind::Timestamp));
    Ok(())
}
