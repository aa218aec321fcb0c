//! Optimizations change the graph of a topology, not what it does: references and laws hold with and without them.

use std::collections::BTreeMap;

use streams_core::testing::laws::{Event, Events, Laws, keys, nullable};
use streams_core::{Consumed, Materialized, Optimization, Result, Store, StreamsBuilder, Topic};

use crate::operators::stream_joins::{BOTH, joined_with_itself};
use crate::operators::{Operator, keep_their_laws, ms};

const IN: Topic<String, i64> = Topic::new("in");
const COUNTS: Topic<String, i64> = Topic::new("counts");
const SUMS: Topic<String, i64> = Topic::new("sums");
const STORE: Store<String, i64> = Store::new("store");

pub(crate) const OPERATORS: &[Operator] = &[
    Operator { verbs: &["StreamsBuilder::optimize"], laws: || one_change_of_key(Optimization::NONE) },
    Operator { verbs: &["StreamsBuilder::optimize"], laws: || one_change_of_key(Optimization::ALL) },
    Operator { verbs: &["StreamsBuilder::optimize"], laws: || table_of_a_topic(Optimization::NONE) },
    Operator { verbs: &["StreamsBuilder::optimize"], laws: || table_of_a_topic(Optimization::ALL) },
    Operator {
        verbs: &["StreamsBuilder::optimize"],
        laws: || {
            let events = Events::of(keys(2), 0..100i64).gap(ms(5)).disorder(ms(6)).jumps(ms(60));
            Ok(joined_with_itself(Optimization::ALL)?.input(&BOTH, events))
        },
    },
];

#[test]
fn optimized_topologies_keep_the_laws_of_others() {
    keep_their_laws(OPERATORS);
}

/// Two aggregations below one change of key, which may share a repartition topic.
fn one_change_of_key(optimization: Optimization) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    builder.optimize(optimization);
    let by_rest = builder.stream(&IN).select_key(|_, value| (value % 3).to_string());
    by_rest.clone().group_by_key().count().to_stream().to(&COUNTS);
    let large = by_rest.filter(|_, value| *value > 4).group_by_key();
    large.reduce(|a: i64, b| a + b).to_stream().to(&SUMS);
    let groups = |events: &[Event], of: fn(i64) -> Option<i64>| {
        let mut groups: BTreeMap<String, i64> = BTreeMap::new();
        for (_, value) in events.iter().filter_map(|event| event.record(&IN)) {
            if let Some(more) = of(*value) {
                *groups.entry((value % 3).to_string()).or_default() += more;
            }
        }
        groups
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, Events::of(keys(4), 0..10i64).disorder(ms(10)))
        .partitions(3)
        .table_output(&COUNTS)
        .table_output(&SUMS)
        .reference_latest(&COUNTS, move |events| groups(events, |_| Some(1)))
        .reference_latest(&SUMS, move |events| groups(events, |value| Some(value).filter(|v| *v > 4)))
        .order_insensitive_within(ms(100))
        .commits_do_not_matter())
}

/// The store of a table, whose changelog may be the topic itself.
fn table_of_a_topic(optimization: Optimization) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    builder.optimize(optimization);
    let table = builder.table_with(&IN, Consumed::new(), Materialized::as_store(&STORE));
    table.to_stream().to(&COUNTS);
    let rows = |events: &[Event]| {
        let rows = events.iter().map(|event| (event.row(&IN).unwrap(), event.time()));
        rows.map(|((key, value), time)| (key.unwrap().clone(), value.copied(), time)).collect::<Vec<_>>()
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, Events::of(keys(4), nullable(0..10i64)).disorder(ms(20)))
        .partitions(2)
        .table_output(&COUNTS)
        .reference(&COUNTS, rows)
        .store(&STORE)
        .written_to(&COUNTS)
        .keys_are_independent())
}
