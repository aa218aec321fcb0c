//! Window stores answer as Kafka's do: the recorded `process-window-store` topologies, read by read.

use std::ops::Bound;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use streams_core::state::{Put, StoreSpec, WindowExpiry, WindowRows, WindowSpec, WindowStore};

type Store = WindowStore<String, String>;

fn recording(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/conformance/vectors")
        .join(format!("process-window-store{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn store(retention: u64, size: u64, expiry: WindowExpiry, retain_duplicates: bool) -> Store {
    let window = WindowSpec {
        expiry,
        retain_duplicates,
        ..WindowSpec::new(Duration::from_millis(size), Duration::from_millis(retention))
    };
    WindowStore::with_default_serdes(StoreSpec::window("store", window)).unwrap()
}

/// Puts as the recorded processors do: a null value removes.
fn put(store: &Store, key: &String, value: Option<&str>, time: i64) {
    match value {
        Some(value) => {
            let _: Put = store.put(key, time, value.to_owned(), time).unwrap();
        }
        None => drop(store.delete(key, time, time).unwrap()),
    }
}

fn show(rows: WindowRows<String, String>) -> String {
    rows.map(Result::unwrap)
        .map(|(at, value)| format!("{}{value}@{} ", at.key, at.window.start / 1000))
        .collect()
}

/// Feeds every run of a recording to `process`, whose answer must be the value put out to `topic`.
fn replay(
    recording: &Value,
    topic: &str,
    new: impl Fn() -> Store,
    process: impl Fn(&Store, &String, Option<&str>, i64) -> Option<String>,
) {
    let mut answers = 0;
    for run in recording["runs"].as_array().unwrap() {
        let store = new();
        for step in run["steps"].as_array().unwrap() {
            let record = &step["in"];
            let key = record[1].as_str().unwrap().to_owned();
            let answer = process(&store, &key, record[2].as_str(), record[3].as_i64().unwrap());
            let out = step["out"].as_array().into_iter().flatten();
            let recorded: Vec<&str> =
                out.filter(|out| out[0] == topic).map(|out| out[2].as_str().unwrap()).collect();
            assert_eq!(answer.iter().map(String::as_str).collect::<Vec<_>>(), recorded, "{step}");
            answers += recorded.len();
        }
    }
    assert!(answers > 20, "the recording has answers");
}

const BOTH: [(&str, WindowExpiry); 2] =
    [("out", WindowExpiry::Persistent), ("memory", WindowExpiry::InMemory)];

#[test]
fn the_windows_of_a_key_are_those_recorded() {
    let new = || store(20_000, 5000, WindowExpiry::Persistent, false);
    replay(&recording(""), "out", new, |store, key, value, time| {
        put(store, key, value, time);
        let rows = store.fetch_range(key, time - 5000..=time).map(Result::unwrap);
        Some(rows.map(|(start, value)| format!("{value}@{} ", start - time)).collect())
    });
}

#[test]
fn expired_windows_vanish_when_they_did_in_the_recording() {
    for (topic, expiry) in BOTH {
        let new = || store(100_000, 5000, expiry, false);
        replay(&recording("-expiry"), topic, new, |store, key, value, time| {
            put(store, key, value, time);
            Some(show(store.all()))
        });
    }
}

#[test]
fn every_kind_of_fetch_answers_as_recorded() {
    for (topic, expiry) in BOTH {
        let new = || store(60_000, 5000, expiry, false);
        replay(&recording("-fetches"), topic, new, |store, key, value, now| {
            let times = || now - 20_000..=now;
            let (a, b) = ("a".to_owned(), "b".to_owned());
            let (from_a, to_b) = (Bound::Included(&a), Bound::Included(&b));
            match value.unwrap() {
                "x" => Some(format!(
                    "range: {}/ {}",
                    show(store.fetch_keys(from_a, to_b, times())),
                    show(store.fetch_keys_backward(from_a, to_b, times()))
                )),
                "y" => Some(format!(
                    "open: {}/ {}/ {}",
                    show(store.fetch_keys(to_b, Bound::Unbounded, times())),
                    show(store.fetch_keys(Bound::Unbounded, to_b, times())),
                    show(store.fetch_keys(Bound::Unbounded, Bound::Unbounded, times()))
                )),
                "z" => Some(format!(
                    "all: {}/ {}/ {}",
                    show(store.fetch_all(times())),
                    show(store.fetch_all_backward(times())),
                    show(store.all_backward())
                )),
                "w" => {
                    let one = |time| store.fetch(key, time).unwrap().unwrap_or("null".to_owned());
                    Some(format!("one: {} {}", one(now), one(now - 1000)))
                }
                value => {
                    put(store, key, Some(value), now);
                    None
                }
            }
        });
    }
}

#[test]
fn duplicates_stay_side_by_side_in_the_order_they_came() {
    for expiry in [WindowExpiry::Persistent, WindowExpiry::InMemory] {
        let new = || store(60_000, 4000, expiry, true);
        replay(&recording("-duplicates"), "out", new, |store, key, value, time| {
            put(store, key, value, time);
            let text = |rows: streams_core::state::StartRows<String>| -> String {
                rows.map(|row| row.unwrap().1).collect()
            };
            let times = || time - 4000..=time;
            let back = text(store.fetch_range_backward(key, times()));
            Some(format!("{back}|{}", text(store.fetch_range(key, times()))))
        });
    }
}
