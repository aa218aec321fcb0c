//! Groupings, with and without the repartition that a new key needs.

use std::collections::BTreeMap;

use streams_core::testing::laws::{Event, Events, Laws, keys, nullable};
use streams_core::{Grouped, KGroupedStream, KStream, Result, Store, StreamsBuilder, Topic};

use crate::operators::{Operator, keep_their_laws, ms};

const IN: Topic<Option<String>, String> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");
const STORE: Store<String, i64> = Store::new("counts");

pub(crate) const OPERATORS: &[Operator] = &[
    Operator {
        verbs: &["KStream::group_by_key"],
        laws: || counted(|s| s.require_key().group_by_key(), |key, _| key),
    },
    Operator {
        verbs: &["KStream::group_by_key_with"],
        laws: || {
            let named = || Grouped::new().named("grouped");
            // The key was set by hand, so a repartition lies before the grouping.
            counted(
                move |s| s.select_key(|_, v| v.clone()).group_by_key_with(named()),
                |_, value| Some(value),
            )
        },
    },
    Operator {
        verbs: &["KStream::group_by"],
        laws: || counted(|s| s.group_by(|_, v| v.clone()), |_, value| Some(value)),
    },
    Operator {
        verbs: &["KStream::group_by_with"],
        laws: || {
            let named = || Grouped::new().named("by-value");
            counted(move |s| s.group_by_with(|_, v| v.clone(), named()), |_, value| Some(value))
        },
    },
];

#[test]
fn groupings_keep_their_laws() {
    keep_their_laws(OPERATORS);
}

/// Counts of the groups, over three partitions: what each record counts for is what `group` says.
fn counted(
    grouped: impl Fn(KStream<Option<String>, String>) -> KGroupedStream<String, String>,
    group: fn(Option<String>, String) -> Option<String>,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    grouped(builder.stream(&IN))
        .count_with(streams_core::Materialized::as_store(&STORE))
        .to_stream()
        .to(&OUT);
    let latest = move |events: &[Event]| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for event in events {
            let (key, value) = event.record(&IN).unwrap();
            if let Some(group) = group(key.clone(), value.clone()) {
                *counts.entry(group).or_default() += 1;
            }
        }
        counts
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, Events::of(nullable(keys(3)), keys(4)).disorder(ms(10)))
        .partitions(3)
        .table_output(&OUT)
        .store(&STORE)
        .written_to(&OUT)
        .reference_latest(&OUT, latest)
        .accounts_for(|driver| Ok(driver.read_raw("out").len() as u64))
        .order_insensitive_within(ms(100))
        .commits_do_not_matter())
}
