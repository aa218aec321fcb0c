//! What texts say of optimized topologies.

use streams_core::{
    Consumed, Materialized, Optimization, Repartitioned, Result, StreamsBuilder, Topic, Topology,
};

use crate::support::{changelogs, repartitions};

const IN: Topic<String, String> = Topic::new("in");
const TABLE: Topic<String, i64> = Topic::new("table");

fn optimized(build: impl FnOnce(&StreamsBuilder)) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    builder.optimize(Optimization::ALL);
    build(&builder);
    builder.build()
}

#[test]
fn a_table_is_said_to_be_restored_from_its_topic() -> Result<()> {
    let topology = optimized(|b| drop(b.table_with(&TABLE, Consumed::new(), Materialized::named("prices"))))?;
    let json: serde_json::Value = serde_json::from_str(&topology.to_json()).unwrap();
    assert_eq!(json["stores"][0]["changelog"], "table");
    assert_eq!(json["internal_topics"].as_array().map(Vec::len), Some(0));
    assert!(
        topology.explain().contains("changelog: `table`, which fills the store"),
        "{}",
        topology.explain()
    );
    assert_eq!(changelogs(&topology), [""; 0]);
    Ok(())
}

#[test]
fn a_shared_repartition_is_explained_by_those_that_need_it() -> Result<()> {
    let topology = optimized(|b| {
        let keyed = b.stream(&IN).select_key(|_, v| v.clone());
        let _ = keyed.clone().peek(|_, _| {}).group_by_key().count();
        let _ = keyed.filter(|_, _| true).group_by_key().reduce(|_, r| r);
    })?;
    let text = topology.explain();
    let why = text.lines().find(|line| line.trim_start().starts_with("why:")).unwrap();
    for (name, named) in
        [("KSTREAM-AGGREGATE-", true), ("KSTREAM-REDUCE-", true), ("PEEK", false), ("FILTER", false)]
    {
        assert_eq!(why.contains(name), named, "{why}");
    }
    Ok(())
}

#[test]
fn internal_topics_are_listed_with_the_counts_that_were_given() -> Result<()> {
    let topology = optimized(|b| {
        let stream = b.stream(&IN).repartition_with(Repartitioned::new().named("r").partitions(7));
        let _ = stream.group_by_key().count_with(Materialized::named("counts"));
    })?;
    let topics = topology.internal_topics();
    assert_eq!(repartitions(&topology), ["r-repartition"]);
    assert_eq!((topics[0].partitions, topics[1].partitions), (Some(7), None));
    assert_eq!((topics[0].store.as_deref(), topics[1].store.as_deref()), (None, Some("counts")));
    Ok(())
}
