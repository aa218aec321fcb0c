//! Topologies that optimizations change. Which are on is in the recordings; `driver.rs` follows it.

use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::windows::TimeWindows;
use streams_core::{Consumed, Grouped, Materialized, Produced, StreamsBuilder, Topic};

use super::{Case, IN, PLAIN, Text, case, last, ms};

pub(super) const CASES: &[Case] = &[
    case("config-optimization-named", named),
    case("config-optimization-none", optimizable),
    case("config-optimization-all", optimizable),
    case("config-optimization-reuse", optimizable),
];

/// A table with a store, three aggregations and a join below one change of key.
fn optimizable(b: &StreamsBuilder) {
    let table = b.table_with(&Topic::new("table"), Consumed::new(), Materialized::named("table-store"));
    let keyed = b.stream(&IN).select_key(|k, v| match v.as_deref().map(str::as_bytes) {
        None | Some([]) => k.clone(),
        Some(text @ [.., last]) => Some(char::from(b'a' + text.len() as u8 + last % 3).to_string()),
    });
    let filtered = keyed.clone().filter(|_, v| v.as_ref().is_none_or(|v| !v.ends_with('4')));
    filtered.require_key().group_by_key().count().to_stream().to(&Topic::<String, i64>::new("counts"));
    let reduced = keyed.clone().require_key().group_by_key().reduce(|_, r| r);
    reduced.to_stream().to(&Topic::<String, Text>::new("reduced"));
    keyed
        .clone()
        .map_values(|v| v.map_or(0, |v| v.len() as i64))
        .require_key()
        .group_by_key()
        .reduce(|l, r| l + r)
        .to_stream()
        .to(&Topic::<String, i64>::new("mapped"));
    keyed.require_key().require_value().join_table(table, |l: String, r: &String| l + "+" + r).to(&Topic::<
        String,
        String,
    >::new(
        "joined",
    ));
}

/// Groupings with and without names, a peek and two changes of key.
fn named(b: &StreamsBuilder) {
    let counts = |name| Topic::<String, i64>::new(name);
    let first = b.stream(&PLAIN).select_key(|_, v| last(v));
    first.clone().group_by_key_with(Grouped::new().named("one")).count().to_stream().to(&counts("out-1"));
    first
        .clone()
        .peek(|_, _| {})
        .filter(|k, _| k != "3")
        .group_by_key_with(Grouped::new().named("two"))
        .count_with(Materialized::named("store"))
        .to_stream()
        .to(&counts("out-2"));
    let second = first.filter_not(|k, _| k == "5").map(|k, v| (v.chars().take(1).collect::<String>(), k));
    second.clone().group_by_key().count().to_stream().to(&counts("out-3"));
    let windows = TimeWindows::tumbling(ms(10_000)).no_grace();
    let key = time_windowed(String::serde(), windows.size());
    second
        .group_by_key()
        .windowed_by(windows)
        .count()
        .to_stream()
        .to_with(&Topic::new("out-4"), Produced::with(key, i64::serde()));
}
