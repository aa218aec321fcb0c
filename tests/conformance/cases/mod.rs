//! The topologies of the recordings, written with this library.
//!
//! Each stands under the name of its recording, whose `java` field has the same topology for Kafka Streams: read side
//! by side they show what becomes of each Java call. Nulls are in the types here, so what Java decides at run time
//! (a null key at an aggregation is dropped and counted) is a call: `require_key`.

mod aggregate;
mod config;
mod join_stream_stream;
mod join_stream_stream_names;
mod join_stream_table;
mod join_table_table;
mod optimization;
mod process;
mod process_stores;
mod process_time;
mod process_topology;
mod process_windows;
mod stateless;
mod stateless_keys;
mod table;
mod table_group;
mod table_transform;
mod window;
mod window_close;

use std::time::Duration;

use streams_core::{StreamsBuilder, Topic};

/// A topology and the name of its recording.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) build: fn(&StreamsBuilder),
}

/// All cases.
pub(crate) fn all() -> Vec<Case> {
    [
        stateless::CASES,
        stateless_keys::CASES,
        aggregate::CASES,
        table::CASES,
        join_stream_stream::CASES,
        join_stream_stream_names::CASES,
        table_group::CASES,
        table_transform::CASES,
        join_stream_table::CASES,
        join_table_table::CASES,
        config::CASES,
        optimization::CASES,
        window::CASES,
        window_close::CASES,
        process::CASES,
        process_stores::CASES,
        process_time::CASES,
        process_topology::CASES,
        process_windows::CASES,
    ]
    .concat()
}

const fn case(name: &'static str, build: fn(&StreamsBuilder)) -> Case {
    Case { name, build }
}

/// Text that may be null.
type Text = Option<String>;

/// The usual input: keys and values may be null.
const IN: Topic<Text, Text> = Topic::new("in");
/// The same topic where the recorded inputs have no nulls.
const PLAIN: Topic<String, String> = Topic::new("in");
/// The usual output.
const OUT: Topic<String, String> = Topic::new("out");
/// The usual output where values are counts.
const COUNTS: Topic<String, i64> = Topic::new("out");

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Text as Java's string concatenation shows it.
fn shown(text: Option<&String>) -> &str {
    text.map_or("null", String::as_str)
}

/// The last character.
fn last(text: &str) -> String {
    text.chars().last().map(String::from).unwrap_or_default()
}

/// The parts between commas; none of empty or null text.
fn words(text: Option<&String>) -> Vec<String> {
    text.filter(|text| !text.is_empty())
        .map_or(Vec::new(), |text| text.split(',').map(str::to_owned).collect())
}
