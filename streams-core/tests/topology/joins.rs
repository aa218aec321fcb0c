//! Joins: partition counts of their sides, handles of two builders, names, and what is said of them.

use std::sync::Arc;

use streams_core::log::embedded::EmbeddedLog;
use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, Config};
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::windows::JoinWindows;
use streams_core::{
    ErrorKind, Joined, KStream, KTable, Materialized, Optimization, Repartitioned, Result, StreamJoined,
    StreamsBuilder, Topic, Topology,
};

use crate::support::{message, ms, steady};

const LEFT: Topic<String, String> = Topic::new("left");
const RIGHT: Topic<String, String> = Topic::new("right");
const OUT: Topic<String, String> = Topic::new("out");

fn windows() -> JoinWindows {
    JoinWindows::of(ms(10)).grace(ms(5))
}

#[track_caller]
fn streams_joined(left: KStream<String, String>, right: KStream<String, String>) -> KStream<String, String> {
    left.left_join(right, windows(), |left, right| format!("{left}{right:?}"))
}

#[track_caller]
fn table_joined(stream: KStream<String, String>, table: KTable<String, String>) -> KStream<String, String> {
    stream.join_table(table, |value, row| value + row)
}

fn driver(topology: &Topology, counts: &[(&str, u32)]) -> Result<TestDriver> {
    let partitions = counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    TestDriver::with(topology, TestDriverOptions { partitions, ..TestDriverOptions::default() })
}

#[test]
fn sides_of_different_counts_are_refused_at_start_and_told_what_to_do_which_then_works() -> Result<()> {
    let builder = StreamsBuilder::new();
    streams_joined(builder.stream(&LEFT), builder.stream(&RIGHT)).to(&OUT);
    let topology = builder.build()?;
    let expected = "`KSTREAM-MERGE-_` (@) joins by key what has different partition counts, so equal keys would not meet:\n    \
         topic `left` has 4 partitions and is read by `KSTREAM-SOURCE-_` (@)\n    \
         topic `right` has 1 partition and is read by `KSTREAM-SOURCE-_` (@)\n  \
         create the topics with equal counts, or put `.repartition_with(Repartitioned::new().partitions(4))` between the \
         stream of `right` and the join";
    assert_eq!(message(driver(&topology, &[("left", 4)])), expected);

    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
    log.create_topics(&[NewTopic::new("left", 4), NewTopic::new("right", 1), NewTopic::new("out", 1)])?;
    let refused = App::new(topology, Config::new("app"), Arc::clone(&log)).run_to_end();
    assert_eq!(refused.as_ref().err().map(streams_core::Error::kind), Some(ErrorKind::Topology));
    let adding = "or, while a topic is empty or its records have no keys (keys would move to other partitions), add \
         partitions:\n    log.delete_topics(&[\"right\"])?; log.create_topics(&[NewTopic::new(\"right\", 4)])?; // this \
         deletes its records";
    assert_eq!(message(refused), format!("application `app` cannot start: {expected}\n  {adding}"));
    assert_eq!(log.list_topics()?.len(), 3, "nothing was created");

    let builder = StreamsBuilder::new();
    let right = builder.stream(&RIGHT).repartition_with(Repartitioned::new().partitions(4));
    streams_joined(builder.stream(&LEFT), right).to(&OUT);
    App::new(builder.build()?, Config::new("app"), log).run_to_end()?;
    Ok(())
}

#[test]
fn only_streams_are_advised_to_be_repartitioned() -> Result<()> {
    for both_tables in [false, true] {
        let builder = StreamsBuilder::new();
        let table = builder.table(&RIGHT);
        if both_tables {
            let _ = builder.table(&LEFT).join(table, |left, right| format!("{left}{right}"));
        } else {
            table_joined(builder.stream(&LEFT), table).to(&OUT);
        }
        let said = message(driver(&builder.build()?, &[("right", 2)]));
        assert!(
            said.contains("topic `left` has 1 partition and") && said.contains("topic `right` has 2"),
            "{said}"
        );
        let advice = "create the topics with equal counts, or put `.repartition_with(Repartitioned::new().partitions(2))` \
                      between the stream of `left` and the join";
        let alone = "create the topics with equal counts";
        assert!(said.ends_with(if both_tables { alone } else { advice }), "{said}");
    }
    Ok(())
}

#[test]
fn a_side_that_is_repartitioned_takes_the_count_of_the_other_side() -> Result<()> {
    let builder = StreamsBuilder::new();
    let rekeyed = builder.stream(&LEFT).select_key(|_, value| value.clone());
    table_joined(rekeyed, builder.table(&RIGHT)).to(&OUT);
    let topology = builder.build()?;
    let driver = driver(&topology, &[("left", 7), ("right", 3)])?;
    let tasks: Vec<String> = driver.tasks().map(|task| task.to_string()).collect();
    let of = |sub: &str| tasks.iter().filter(|task| task.starts_with(sub)).count();
    assert_eq!((of("0_") + of("1_"), of("0_").min(of("1_"))), (10, 3), "{tasks:?}");
    let text = steady(&topology.explain());
    assert!(
        text.contains("as many partitions as `right`, with which `KSTREAM-JOIN-_` (@) joins it"),
        "{text}"
    );
    Ok(())
}

#[test]
fn counts_that_were_given_and_differ_are_refused_at_build() {
    let builder = StreamsBuilder::new();
    let [left, right] = [(&LEFT, 2), (&RIGHT, 3)].map(|(topic, count)| {
        let given = Repartitioned::new().named(topic.name()).partitions(count);
        builder.stream(topic).repartition_with(given)
    });
    streams_joined(left, right).to(&OUT);
    assert_eq!(
        message(builder.build()),
        "the topology has 1 mistake:\n- `KSTREAM-MERGE-_` (@) joins by key what has different partition counts, so equal \
         keys would not meet:\n    repartition topic `left-repartition` has 2 partitions and was given this count by the \
         repartition of `left-repartition-source` (@)\n    repartition topic `right-repartition` has 3 partitions and \
         was given this count by the repartition of `right-repartition-source` (@)\n  give the repartition \
         `left-repartition` 3 partitions"
    );
}

#[test]
fn handles_of_two_builders_are_not_joined_and_both_builders_say_so() {
    let joins: [(&str, fn(&StreamsBuilder, &StreamsBuilder)); 3] = [
        ("left_join", |one, two| streams_joined(one.stream(&LEFT), two.stream(&RIGHT)).to(&OUT)),
        ("join_table", |one, two| table_joined(one.stream(&LEFT), two.table(&RIGHT)).to(&OUT)),
        ("join", |one, two| _ = one.table(&LEFT).join(two.table(&RIGHT), |left, _| left.clone())),
    ];
    for (verb, join) in joins {
        let (one, two) = (StreamsBuilder::new(), StreamsBuilder::new());
        join(&one, &two);
        for said in [message(one.build()), message(two.build())] {
            assert!(
                said.starts_with(&format!("the topology has 1 mistake:\n- `{verb}` (@) is given ")),
                "{said}"
            );
            assert!(
                said.ends_with("which are of two builders: begin both with one `StreamsBuilder`"),
                "{said}"
            );
        }
    }
}

fn everything_joined(builder: &StreamsBuilder, named: bool) {
    let stream = builder.stream(&LEFT).select_key(|_, value| value.clone());
    let right = builder.stream(&RIGHT);
    let mut joined = StreamJoined::new();
    let mut with_table = Joined::new();
    if named {
        joined = joined.named("both").store_name("both");
        with_table = with_table.named("enriched");
    }
    let both =
        stream.clone().left_join_with(right, windows(), |left, right| format!("{left}{right:?}"), joined);
    both.to(&OUT);
    let rows = Topic::<String, String>::new("rows");
    let kept = Materialized::named("rows");
    let table = if named {
        builder.table_with(&rows, streams_core::Consumed::new(), kept)
    } else {
        builder.table(&rows)
    };
    stream.join_table_with(table, |value, row| value + row, with_table).to(&OUT);
}

#[test]
fn joins_are_named_by_what_the_report_says() -> Result<()> {
    let builder = StreamsBuilder::new();
    builder.require_explicit_names();
    everything_joined(&builder, false);
    let said = message(builder.build());
    for part in [
        "the topology has 5 mistakes",
        "(`KSTREAM-JOINTHIS-_-store`): name it with `StreamJoined::store_name(..)`, given to the join",
        "(`KSTREAM-OUTEROTHER-_-store`): name it with `StreamJoined::store_name(..)`, given to the join",
        "(`KSTREAM-OUTERSHARED-_-store`): name it with `StreamJoined::store_name(..)`, given to the join",
        "(`KSTREAM-KEY-SELECT-_-repartition`): name it with the name of the join: `Joined::named(..)` or \
         `StreamJoined::named(..)`",
        "(`rows-STATE-STORE-_`): name it with `Materialized::named(..)`, given to `table_with`",
    ] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
    let builder = StreamsBuilder::new();
    builder.require_explicit_names();
    everything_joined(&builder, true);
    builder.build()?;
    Ok(())
}

#[test]
fn what_joins_keep_is_explained() -> Result<()> {
    let builder = StreamsBuilder::new();
    everything_joined(&builder, false);
    let text = steady(&builder.build()?.explain());
    for part in [
        "State that grows without bound, by its keys: `rows-STATE-STORE-_`.\n",
        "Store `KSTREAM-JOINTHIS-_-store` of sub-topology 1: values per key and time, kept for 25ms (@)\n",
        "  per key: a row per record of the retention, of key + value + 28 bytes",
        "Store `KSTREAM-OUTERSHARED-_-store` of sub-topology 1: records without a partner so far (@)\n",
        "  size: bounded by time: a record leaves with its first partner, or when it is put out without one, \
         after its window and grace period\n",
        "  on demand: the table `KTABLE-SOURCE-_` (@) is kept because `KSTREAM-JOIN-_` (@) needs its rows\n",
        "changes the key, and `KSTREAM-WINDOWED-_` (@) and `KSTREAM-JOIN-_` (@) need the records of a key in one task\n",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    Ok(())
}

#[test]
fn a_grouped_table_is_explained() -> Result<()> {
    let builder = StreamsBuilder::new();
    let table = builder.table(&LEFT).filter(|_, _| true);
    let _ = table.group_by(|_, value| (value.clone(), value.clone())).count();
    let text = steady(&builder.build()?.explain());
    for part in [
        "why: `KTABLE-SELECT-_` (@) changes the key, and `KTABLE-AGGREGATE-_` (@) needs the records of a key in one task\n",
        "  on demand: the table `KTABLE-SOURCE-_` (@) is kept because `KTABLE-SELECT-_` (@) needs the values before its \
         changes\n",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    Ok(())
}

#[test]
fn what_joins_log_is_as_long_as_is_said() -> Result<()> {
    let builder = StreamsBuilder::new();
    let named = StreamJoined::new().store_name("s");
    let left = builder.stream(&LEFT);
    left.left_join_with(builder.stream(&RIGHT), windows(), |l, r| format!("{l}{r:?}"), named).to(&OUT);
    let topology = builder.build()?;
    let text = topology.explain();
    let mut driver = TestDriver::new(&topology)?;
    driver.pipe(&LEFT, "key".to_owned(), "value".to_owned(), 1)?;
    for (store, extra) in [("s-this-join-store", 12), ("s-left-shared-join-store", 19)] {
        let part = text.split_once(&format!("\nStore `{store}`")).map_or("", |(_, part)| part);
        let log =
            part.split_once("changelog: ").map_or("", |(_, log)| log).lines().next().unwrap_or_default();
        assert!(log.contains(&format!("key + {extra} bytes")) && log.ends_with("+ value"), "{log}");
        let records = driver.topic_records(&format!("app-{store}-changelog"));
        let lengths: Vec<usize> = records
            .iter()
            .map(|record| record.key.as_ref().map_or(0, Vec::len) + record.value.as_ref().map_or(0, Vec::len))
            .collect();
        assert_eq!(lengths, ["keyvalue".len() + extra], "{store}");
    }
    Ok(())
}

#[test]
fn a_join_of_a_stream_with_itself_in_one_store_is_explained_as_such() -> Result<()> {
    for (optimization, stores) in [(Optimization::NONE, 2), (Optimization::ALL, 1)] {
        let builder = StreamsBuilder::new();
        builder.optimize(optimization);
        let stream = builder.stream(&LEFT);
        stream.clone().join(stream, windows(), |one, other| format!("{one}{other}")).to(&OUT);
        let topology = builder.build()?;
        let text = topology.explain();
        assert_eq!(text.matches("\nStore `").count(), stores, "{text}");
        assert_eq!(topology.to_mermaid().matches("[(").count(), stores);
        assert_eq!(topology.internal_topics().len(), stores);
    }
    Ok(())
}
