//! Explicit names of stores and internal topics, where they are asked for (KIP-1111).

use streams_core::windows::TimeWindows;
use streams_core::{
    Consumed, Grouped, Materialized, Optimization, Repartitioned, Result, StreamsBuilder, Topic,
};

use crate::support::{message, ms};

const IN: Topic<String, String> = Topic::new("in");
const OUT: Topic<String, String> = Topic::new("out");

fn strict() -> StreamsBuilder {
    let builder = StreamsBuilder::new();
    builder.require_explicit_names();
    builder
}

#[test]
fn what_kafka_refuses_is_refused_with_its_place_and_what_names_it() {
    let builder = strict();
    let _ = builder.stream(&IN).group_by(|_, v| v.clone()).count();
    assert_eq!(
        message(builder.build()),
        "the topology has 2 mistakes:\n\
         - the store made at @, and with it its changelog, has a generated name (`KSTREAM-AGGREGATE-STATE-STORE-_`): name it \
         with `Materialized::named(..)`, given to `count_with`, `reduce_with` or `aggregate_with`\n\
         - the repartition topic made at @ has a generated name (`KSTREAM-AGGREGATE-STATE-STORE-_-repartition`): name \
         it with `Grouped::named(..)`, given to `group_by_with` or `group_by_key_with`"
    );
    // The names of the recording of the JVM for this program.
    let text = builder.build().err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text.contains("(`KSTREAM-AGGREGATE-STATE-STORE-0000000002`)"), "{text}");
    assert!(text.contains("(`KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition`)"), "{text}");
}

#[test]
fn every_unnamed_store_and_topic_is_in_the_one_report() {
    let builder = strict();
    let stream = builder.stream(&IN);
    let _ = stream.clone().repartition().group_by_key().reduce(|a, _| a);
    let windows = TimeWindows::tumbling(ms(10)).no_grace();
    let _ = stream.clone().group_by_key().windowed_by(windows).count();
    let _ = stream.clone().select_key(|_, v| v.clone()).to_table::<String>();
    let unnamed = || {
        Materialized::with(
            streams_core::serde::DefaultSerde::serde(),
            streams_core::serde::DefaultSerde::serde(),
        )
    };
    // These have stores because the join needs them.
    let latest = stream.clone().to_table_with::<String>(unnamed());
    let rows = builder.table_with(&Topic::<String, String>::new("rows"), Consumed::new(), unnamed());
    let _ = rows.join(latest, |row, _| row.clone());
    let _ = stream.group_by_with(|_, v| v.clone(), Grouped::new().named("named")).count();
    let text = message(builder.build());
    for part in [
        "the topology has 7 mistakes",
        "(`KSTREAM-REPARTITION-_-repartition`): name it with `Repartitioned::named(..)`, given to `repartition_with`",
        "(`KSTREAM-REDUCE-STATE-STORE-_`): name it with `Materialized::named(..)`, given to `count_with`",
        "(`KSTREAM-AGGREGATE-STATE-STORE-_`): name it with `Materialized::named(..)`, given to `count_with`",
        "(`KSTREAM-TOTABLE-_-repartition`): name it with `Repartitioned::named(..)`, given to a `repartition_with` before",
        "(`KSTREAM-TOTABLE-STATE-STORE-_`): name it with `Materialized::named(..)`, given to `to_table_with`",
        "(`rows-STATE-STORE-_`): name it with `Materialized::named(..)`, given to `table_with`",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert!(!text.contains("`named-repartition`"), "{text}");
}

#[test]
fn a_program_with_explicit_names_builds_also_if_its_nodes_are_unnamed_or_named_like_generated_ones()
-> Result<()> {
    let builder = strict();
    let named = Repartitioned::new().named("orders-2024000001");
    let stream = builder.stream(&IN).map(|k, v| (v, k)).repartition_with(named);
    let _ = stream.clone().group_by_key().count_with(Materialized::named("KSTREAM-COUNTS-0000000099"));
    // A repartition that is called after its store has an explicit name, too.
    let _ = stream.clone().group_by(|_, v| v.clone()).count_with(Materialized::named("by-value"));
    // A table without a store, and nothing to name.
    let _ = builder.table(&Topic::<String, String>::new("rows")).to_stream();
    stream.to(&OUT);
    builder.build()?;
    Ok(())
}

#[test]
fn a_method_that_a_mistake_names_takes_it_away() -> Result<()> {
    let builder = strict();
    let stream = builder.stream(&IN);
    let by_value = stream.clone().group_by_with(|_, v| v.clone(), Grouped::new().named("by-value"));
    let _ = by_value.count_with(Materialized::named("counts"));
    let repartitioned =
        stream.select_key(|_, v| v.clone()).repartition_with(Repartitioned::new().named("moved"));
    let _ = repartitioned.to_table_with::<String>(Materialized::named("latest"));
    let _ = builder.table_with(
        &Topic::<String, String>::new("rows"),
        Consumed::new(),
        Materialized::named("rows"),
    );
    builder.build()?;
    Ok(())
}

#[test]
fn of_a_table_that_is_restored_from_its_topic_only_the_store_has_to_be_named() {
    for (optimization, with) in
        [(Optimization::ALL, ""), (Optimization::NONE, ", and with it its changelog,")]
    {
        let builder = strict();
        builder.optimize(optimization);
        let table = builder.table(&Topic::<String, String>::new("rows"));
        let _ = builder.stream(&IN).join_table(table, |value, row| value + row);
        let said = message(builder.build());
        let want = format!("- the store made at @{with} has a generated name (`rows-STATE-STORE-_`)");
        assert!(said.starts_with("the topology has 1 mistake") && said.contains(&want), "{said}");
    }
}
