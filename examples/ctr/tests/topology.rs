//! The topology in the test driver: the formula, the windows, what is late and what is bad.

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{assert_same, made_up, real_data, real_events, reference};
use ctr::dead_letters::{DeadLetter, LetterCounts};
use ctr::model::{AdEvent, CtrMetrics};
use ctr::results::write_csv;
use ctr::topics::{AD_EVENTS, CTR_1MIN, CTR_5MIN, CTR_BY_SITE_CATEGORY, DEAD_LETTERS};
use ctr::topology::{FIVE_MINUTES, ONE_MINUTE, topology};
use streams_core::serde::DefaultSerde;
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::{DropReason, ErrorPolicies, ErrorPolicy};

const MINUTE: i64 = 60_000;

fn driver(grace_ms: u64, partitions: u32) -> TestDriver {
    let options = TestDriverOptions {
        application_id: "ctr".to_owned(),
        partitions: BTreeMap::from([(AD_EVENTS.name().to_owned(), partitions)]),
        policies: ErrorPolicies {
            deserialization: ErrorPolicy::DeadLetter,
            dead_letter_topic: Some(DEAD_LETTERS.to_owned()),
            dead_letter_drops: true,
            ..ErrorPolicies::default()
        },
        ..TestDriverOptions::default()
    };
    let topology = topology(Duration::from_millis(grace_ms)).expect("builds");
    TestDriver::with(&topology, options).expect("starts")
}

fn pipe(driver: &mut TestDriver, events: &[AdEvent]) {
    for event in events {
        driver.pipe(&AD_EVENTS, None, event.clone(), 0).expect("is processed");
    }
}

fn csv(mut rows: Vec<CtrMetrics>, by_category: bool) -> String {
    rows.sort_by(|a, b| (&a.site_category, a.window_start).cmp(&(&b.site_category, b.window_start)));
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("rows.csv");
    write_csv(&path, &rows, by_category).expect("writes");
    std::fs::read_to_string(&path).expect("reads")
}

fn read(driver: &mut TestDriver, topic: &str) -> Vec<CtrMetrics> {
    let serde = CtrMetrics::serde();
    let value = |record: streams_core::testing::RawRecord| serde.deserialize(&record.value.expect("a value"));
    driver.read_raw(topic).into_iter().map(|record| value(record).expect("a result")).collect()
}

fn event(id: f64, click: u8, event_time_ms: i64) -> AdEvent {
    AdEvent { id, click, event_time_ms, ..made_up(1, 1, 1.0).remove(0) }
}

#[test]
fn impressions_are_events_without_click_and_the_rate_is_in_percent_of_them() {
    let mut driver = driver(0, 1);
    for number in 0..1000 {
        let click = u8::from(number % 1000 < 166);
        pipe(&mut driver, &[event(1.0, click, 14 * 3_600_000 + number)]);
    }
    driver.finish().expect("closes the windows");
    let rows = read(&mut driver, CTR_1MIN.name());
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].impressions, rows[0].clicks), (834, 166));
    assert_eq!(format!("{:.3}", rows[0].ctr), "19.904");
    assert_eq!(rows[0].ctr.to_bits(), (166.0 / 834.0 * 100.0_f64).to_bits());
}

#[test]
fn a_window_with_clicks_only_has_a_rate_of_zero() {
    let mut driver = driver(0, 1);
    pipe(&mut driver, &[event(1.0, 1, 5)]);
    driver.finish().expect("closes the windows");
    let rows = read(&mut driver, CTR_1MIN.name());
    assert_eq!((rows[0].impressions, rows[0].clicks, rows[0].ctr.to_bits()), (0, 1, 0));
}

#[test]
fn a_window_comes_out_once_when_it_is_closed_and_not_before() {
    let mut driver = driver(10_000, 1);
    pipe(&mut driver, &[event(1.0, 0, 0), event(2.0, 1, MINUTE + 9_999)]);
    assert!(read(&mut driver, CTR_1MIN.name()).is_empty());
    // In the grace period the window still takes events.
    pipe(&mut driver, &[event(3.0, 1, 59_999), event(4.0, 0, MINUTE + 10_000)]);
    let rows = read(&mut driver, CTR_1MIN.name());
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.window_start, row.window_end, row.impressions, row.clicks), (0, MINUTE, 1, 1));
    assert!(read(&mut driver, CTR_5MIN.name()).is_empty());
    driver.finish().expect("closes the windows");
    assert_eq!(read(&mut driver, CTR_1MIN.name()).len(), 1);
    let rows = read(&mut driver, CTR_5MIN.name());
    assert_eq!((rows.len(), rows[0].window_end, rows[0].impressions, rows[0].clicks), (1, 5 * MINUTE, 2, 2));
}

#[test]
fn an_event_whose_window_is_closed_is_dropped_counted_and_kept_as_a_dead_letter() {
    let mut driver = driver(10_000, 1);
    pipe(&mut driver, &[event(1.0, 0, 0), event(2.0, 0, MINUTE + 10_000), event(3.25, 1, 59_999)]);
    assert_eq!(driver.dropped().of(DropReason::Late), 1);
    let letters = letters(&mut driver);
    let DeadLetter::Late { node, click, event_time_ms } = &letters[0] else { panic!("{letters:?}") };
    assert_eq!((node.as_str(), *event_time_ms, click.clicked), (ONE_MINUTE, 59_999, true));
    assert_eq!(click.id.to_bits(), 3.25_f64.to_bits());
    driver.finish().expect("closes the windows");
    let rows = read(&mut driver, CTR_5MIN.name());
    assert_eq!((rows[0].impressions, rows[0].clicks), (2, 1), "the window of five minutes was open");
}

fn letters(driver: &mut TestDriver) -> Vec<DeadLetter> {
    let records = driver.read_raw(DEAD_LETTERS);
    let letter = |record: streams_core::testing::RawRecord| {
        let mut headers = Vec::new();
        record.headers.encode(&mut headers);
        DeadLetter::read(streams_core::record::RecordView {
            offset: 0,
            timestamp: record.timestamp,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: streams_core::record::EncodedHeaders(&headers),
        })
    };
    records.into_iter().map(|record| letter(record).expect("is a dead letter")).collect()
}

#[test]
fn a_bad_line_is_counted_by_reason_and_kept_with_its_place() {
    let mut driver = driver(0, 1);
    let mut negative = event(1.0, 0, -5);
    negative.hour = 0;
    let negative = serde_json::to_string(&negative).expect("can be written");
    let lines = ["{", "nonsense", "{\"id\":1}", negative.as_str()];
    for (number, line) in lines.into_iter().enumerate() {
        let key = format!("0:{number}");
        driver
            .pipe_raw(
                AD_EVENTS.name(),
                None,
                Some(key.as_bytes()),
                Some(line.as_bytes()),
                0,
                &streams_core::Headers::new(),
            )
            .expect("is skipped");
    }
    driver.commit().expect("commits");
    let letters = letters(&mut driver);
    let mut counts = LetterCounts::default();
    letters.iter().for_each(|letter| counts.add(letter));
    let reasons: Vec<&str> = counts.bad.keys().map(String::as_str).collect();
    assert_eq!(reasons, ["cut short", "event_time_ms is negative", "missing field", "not JSON"]);
    assert_eq!(counts.bad_total(), 4);
    let text = letters[1].to_json(&["a.jsonl".to_owned()]).to_string();
    assert!(text.contains(r#""file":"a.jsonl""#) && text.contains(r#""line_number":1"#), "{text}");
    assert!(text.contains(r#""line":"nonsense""#), "{text}");
}

#[test]
fn results_are_those_of_the_reference_for_made_up_events() {
    let events = made_up(3, 3000, 300.0);
    for grace in [0, 10_000, 90_000] {
        let mut driver = driver(grace, 1);
        pipe(&mut driver, &events);
        driver.finish().expect("closes the windows");
        let (minute, late) = reference(&events, MINUTE, grace as i64, false);
        let (five, late_5) = reference(&events, 5 * MINUTE, grace as i64, false);
        assert_same(&csv(read(&mut driver, CTR_1MIN.name()), false), &minute, "1 minute");
        assert_same(&csv(read(&mut driver, CTR_5MIN.name()), false), &five, "5 minutes");
        let (hour, late_hour) = reference(&events, 60 * MINUTE, grace as i64, true);
        assert_same(&csv(read(&mut driver, CTR_BY_SITE_CATEGORY.name()), true), &hour, "1 hour");
        assert_eq!(
            driver.dropped().of(DropReason::Late) as usize,
            late.len() + late_5.len() + late_hour.len()
        );
    }
}

#[test]
fn results_for_the_real_events_are_the_expected_ones() {
    let Some(data) = real_data() else { return };
    let mut driver = driver(0, 1);
    pipe(&mut driver, &real_events(&data.join("ad_events.jsonl.gz")));
    driver.finish().expect("closes the windows");
    let expected = |name: &str| common::five_columns(&data.join(name));
    assert_same(
        &csv(read(&mut driver, CTR_1MIN.name()), false),
        &expected("expected_ctr_1min.csv"),
        "1 minute",
    );
    assert_same(
        &csv(read(&mut driver, CTR_5MIN.name()), false),
        &expected("expected_ctr_5min.csv"),
        "5 minutes",
    );
    assert_eq!(driver.dropped().total(), 0);
}

#[test]
fn the_late_ones_among_the_real_events_are_the_expected_ones() {
    let Some(data) = real_data() else { return };
    let mut driver = driver(10_000, 1);
    pipe(&mut driver, &real_events(&data.join("ad_events_late.jsonl.gz")));
    driver.finish().expect("closes the windows");
    let expected = common::five_columns(&data.join("expected_ctr_1min_late_dropped.csv"));
    assert_same(&csv(read(&mut driver, CTR_1MIN.name()), false), &expected, "late dropped");
    let mut late = Vec::new();
    for letter in letters(&mut driver) {
        match letter {
            DeadLetter::Late { node, click, .. } if node == ONE_MINUTE => late.push(click.id),
            DeadLetter::Late { node, .. } => {
                assert_ne!(node, "", "{FIVE_MINUTES} and others may be late too");
            }
            DeadLetter::Bad { .. } => panic!("{letter:?}"),
        }
    }
    let ids = std::fs::read_to_string(data.join("expected_late_dropped_ids_1min.csv")).expect("reads");
    let mut ids: Vec<f64> = ids
        .lines()
        .skip(1)
        .map(|l| l.split(',').next().and_then(|id| id.parse().ok()).expect("an id"))
        .collect();
    assert_eq!(ids.len(), 292);
    ids.sort_by(f64::total_cmp);
    late.sort_by(f64::total_cmp);
    assert_eq!(late, ids);
}
