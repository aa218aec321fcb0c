//! What the suites share: the real data where it is at hand, made-up data, and a slow and obvious reference.
#![allow(dead_code, reason = "each suite uses a part of it")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

pub(crate) mod process;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use ctr::generator::{Generator, START_MS};
use ctr::model::AdEvent;
use ctr::time::utc;

/// The folder of the real data, or `None` with a note where it is not at hand.
pub(crate) fn real_data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/avazu");
    let folder = folder.canonicalize().ok();
    if folder.is_none() {
        eprintln!("skipped: the Avazu data is not at hand (../shared/data/avazu beside the repository)");
    }
    folder
}

/// The events of a file of the real data.
pub(crate) fn real_events(file: &Path) -> Vec<AdEvent> {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(file).expect("opens"))
        .read_to_string(&mut text)
        .expect("unpacks");
    text.lines().map(|line| serde_json::from_str(line).expect("is an event")).collect()
}

/// Made-up events, `per_minute` of them a minute of event time, some out of order.
pub(crate) fn made_up(seed: u64, count: u64, per_minute: f64) -> Vec<AdEvent> {
    let generator = Generator::new(seed);
    (0..count).map(|n| generator.event(n, START_MS + n as f64 * 60_000.0 / per_minute)).collect()
}

/// As lines of JSON.
pub(crate) fn to_lines(events: &[AdEvent]) -> String {
    let line = |event: &AdEvent| serde_json::to_string(event).expect("can be written") + "\n";
    events.iter().map(line).collect()
}

/// The CSV file that must come of `events`, read in this order by one task: window size and grace in milliseconds.
/// With `by_category` the windows are per site category, each with a clock of its own task.
pub(crate) fn reference(events: &[AdEvent], size: i64, grace: i64, by_category: bool) -> (String, Vec<f64>) {
    let mut clock = i64::MIN;
    let mut late = Vec::new();
    let mut windows: BTreeMap<(String, i64), (u64, u64)> = BTreeMap::new();
    for event in events {
        clock = clock.max(event.event_time_ms);
        let start = event.event_time_ms / size * size;
        if start + size <= clock - grace {
            late.push(event.id);
            continue;
        }
        let category = if by_category { event.site_category.to_string() } else { String::new() };
        let (impressions, clicks) = windows.entry((category, start)).or_default();
        *(if event.click == 1 { clicks } else { impressions }) += 1;
    }
    let mut csv = String::from("window_start,window_end,impressions,clicks,ctr\n");
    if by_category {
        csv.insert_str(0, "site_category,");
    }
    for ((category, start), (impressions, clicks)) in windows {
        let rate = if impressions == 0 { 0.0 } else { clicks as f64 / impressions as f64 * 100.0 };
        let comma = if by_category { "," } else { "" };
        let (from, to) = (utc(start), utc(start + size));
        csv += &format!("{category}{comma}{from},{to},{impressions},{clicks},{rate:?}\n");
    }
    (csv, late)
}

/// The first five columns of a CSV file: the expected files have one more.
pub(crate) fn five_columns(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("reads");
    text.lines().map(|line| line.split(',').take(5).collect::<Vec<_>>().join(",") + "\n").collect()
}

/// Asserts that two texts are the same, naming the first line that differs.
#[track_caller]
pub(crate) fn assert_same(found: &str, expected: &str, what: &str) {
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "{what}, line {}", number + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{what}: number of lines");
}
