//! What `explain` says, and that its numbers are true.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use streams_core::ids::TaskId;
use streams_core::state::engine::{Direction, Engine, EngineKind, KeyRange, StoreNumber};
use streams_core::state::{MemoryBudget, Put, TaskState, WindowStore};
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::windows::TimeWindows;
use streams_core::{
    Consumed, EmitStrategy, Grouped, Materialized, Repartitioned, Result, Store, StreamsBuilder, Topic,
    Topology,
};

use crate::support::{Nothing, ms, steady};

const IN: Topic<String, String> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");
const COUNTS: Store<String, i64> = Store::new("counts");
const TASK: TaskId = TaskId { sub_topology: 0, partition: 0 };

/// The number before or behind `mark` in a text.
fn number(text: &str, before: &str) -> usize {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in {text}")).1;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn a_count_by_another_key_is_explained_from_its_topic_to_its_changelog() -> Result<()> {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).filter(|_, _| true).group_by(|_, v| v.clone()).count().to_stream().to(&OUT);
    let expected = "\
2 sub-topologies, 1 repartition and 1 store. Internal topics are named without the application id.
State that grows without bound, by its keys: `KSTREAM-AGGREGATE-STATE-STORE-_`.

Sub-topology 0: 5 nodes, run by as many tasks as its input has partitions
  reads: `in` by `KSTREAM-SOURCE-_` (@)
  writes: `KSTREAM-AGGREGATE-STATE-STORE-_-repartition` by `KSTREAM-SINK-_` (@)

Sub-topology 1: 4 nodes and 1 store, run by as many tasks as its input has partitions
  reads: `KSTREAM-AGGREGATE-STATE-STORE-_-repartition` by `KSTREAM-SOURCE-_` (@); apart from sub-topology 0, because \
the records have to move to the partitions of their keys first
  writes: `out` by `KSTREAM-SINK-_` (@)

Repartition `KSTREAM-AGGREGATE-STATE-STORE-_-repartition`, from sub-topology 0 to 1
  why: `KSTREAM-KEY-SELECT-_` (@) changes the key, and `KSTREAM-AGGREGATE-_` (@) needs the records of a key in one task
  partitions: as many partitions as the largest input of sub-topology 0
  cost: each record goes through the log once more, with its key and value

Store `KSTREAM-AGGREGATE-STATE-STORE-_` of sub-topology 1: a value per key (@)
  used by: `KSTREAM-AGGREGATE-_` (@)
  size: grows without bound: a key stays until it is deleted (`Materialized::max_keys` bounds a store)
  per key: 1 row of key + value + 8 bytes (the timestamp), beside what the engine and the memory budget add
  changelog: `KSTREAM-AGGREGATE-STATE-STORE-_-changelog` (compact): at each commit one record per changed key, of key + \
value
  results: go on once per key and commit where the application does so, else on every update; without the value before, \
which nothing behind needs

Topics that the application makes
  `KSTREAM-AGGREGATE-STATE-STORE-_-repartition`: repartition with as many partitions as the largest input of \
sub-topology 0, consumed records are deleted (delete)
  `KSTREAM-AGGREGATE-STATE-STORE-_-changelog`: changelog of sub-topology 1, a partition per task (compact)
";
    assert_eq!(steady(&builder.build()?.explain()), expected);
    Ok(())
}

#[test]
fn windows_tables_and_what_holds_parts_together_are_explained() -> Result<()> {
    let builder = StreamsBuilder::new();
    builder.add_store(&COUNTS);
    let windows = TimeWindows::hopping(ms(60_000), ms(25_000)).grace(ms(5_000));
    let grouped = builder.stream(&IN).process(|| Nothing).named("first").with_store(&COUNTS).group_by_key();
    let _ = grouped
        .windowed_by(windows)
        .emit_strategy(EmitStrategy::OnWindowClose)
        .count_with(Materialized::named("windows").logged(false));
    let fixed = Repartitioned::new().named("fixed").partitions(3);
    let other = builder.stream(&Topic::<String, String>::new("other"));
    let _ = other.process(|| Nothing).named("second").with_store(&COUNTS).repartition_with(fixed);
    builder.table(&Topic::<String, i64>::new("rows")).filter(|_, v| *v > 0).to_stream().to(&OUT);
    let text = steady(&builder.build()?.explain());
    for part in [
        "  together: `first` (@) and `second` (@) use the store `counts`\n",
        "  why: `repartition` asks for it (@); before it, `second` (@) changes the key\n  partitions: 3 partitions, as \
         was asked for\n",
        "Store `windows` of sub-topology 1: a value per key and window of 60s, kept for 65s (@)\n",
        "  size: bounded by time: a window is no longer shown when another one starts more than 65s after it, but not \
         before its result was emitted; with the commit it leaves memory, with the next flush the engine, by segments \
         of 60s\n",
        "  per record: changes at most 3 windows\n",
        "  per key: at most 3 rows that are shown and 5 that are kept, each of key + value + 20 bytes (window start, \
         sequence, timestamp), beside what the engine and the memory budget add\n",
        "  changelog: none: what the state directory loses is lost\n",
        "\nTables without a store of their own, which cost nothing: rows that are looked up in them are computed from the \
         tables they are made of\n  `KTABLE-SOURCE-_` (@)\n  `KTABLE-FILTER-_` (@)\n",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    Ok(())
}

#[test]
fn a_repartition_that_only_the_user_wants_is_called_so() -> Result<()> {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&IN).map_values(|v| v).repartition();
    let text = steady(&builder.build()?.explain());
    assert!(text.contains("`repartition` asks for it (@); the key is not changed before it"), "{text}");
    Ok(())
}

#[test]
fn of_several_changes_of_the_key_the_last_on_each_way_is_the_reason() -> Result<()> {
    let builder = StreamsBuilder::new();
    let early = builder.stream(&IN).select_key(|_, v| v.clone()).named("early");
    let left = early.clone().select_key(|_, v| v.clone()).named("left");
    let right = early.filter(|_, _| true);
    let grouped = left.merge(right).group_by_key_with(Grouped::new().named("g"));
    let _ = grouped.count();
    let text = steady(&builder.build()?.explain());
    assert!(text.contains("why: `early` (@) and `left` (@) change the key, and"), "{text}");
    Ok(())
}

#[test]
fn a_table_whose_old_values_are_asked_for_says_so() -> Result<()> {
    for (filtered, said) in [(true, "; with the value before"), (false, "; without the value before")] {
        let builder = StreamsBuilder::new();
        let table = builder.table_with(&OUT, Consumed::new(), Materialized::named("t"));
        let table = if filtered { table.filter(|_, v| *v > 0) } else { table };
        let _ = table.to_stream();
        let text = builder.build()?.explain();
        assert!(text.contains(said), "{text}");
    }
    Ok(())
}

fn counting(materialized: Materialized<String, i64>) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).group_by_key().count_with(materialized).to_stream().to(&OUT);
    builder.build()
}

#[test]
fn a_key_value_store_costs_what_is_said_and_is_bounded_only_if_so() -> Result<()> {
    for bound in [None, Some(7)] {
        let mut materialized = Materialized::as_store(&COUNTS);
        if let Some(keys) = bound {
            materialized = materialized.max_keys(keys);
        }
        let topology = counting(materialized)?;
        let text = topology.explain();
        let summary = text.contains("State that grows without bound, by its keys: `counts`.");
        assert_eq!((summary, text.contains("size: grows without bound")), (bound.is_none(), bound.is_none()));
        let options = TestDriverOptions { commit_each_record: false, ..TestDriverOptions::default() };
        let mut driver = TestDriver::with(&topology, options)?;
        for time in 0..100 {
            driver.pipe(&IN, format!("key-{:02}", time % 50), String::new(), time)?;
        }
        driver.commit()?;
        let rows = driver.store(&COUNTS)?.all().count();
        assert_eq!(rows, bound.unwrap_or(50));
        if let Some(keys) = bound {
            assert_eq!(number(&text, "size: at most "), keys);
        }
        let changelog = driver.topic_records("app-counts-changelog");
        let keys: BTreeSet<_> = changelog.iter().map(|record| record.key.clone()).collect();
        assert_eq!(keys.len(), changelog.len(), "one record per key and commit");
        // The key as it is, and 8 bytes of value.
        assert!(changelog.iter().all(|r| r.key.as_ref().map(Vec::len) == Some(6)));
        assert!(changelog.iter().filter_map(|r| r.value.as_ref()).all(|value| value.len() == 8));
    }
    Ok(())
}

#[test]
fn results_go_on_as_often_as_is_said() -> Result<()> {
    for (cached, per_commit) in [(true, true), (true, false), (false, true)] {
        let topology = counting(Materialized::as_store(&COUNTS).cached(cached))?;
        let once = topology.explain().contains("go on once per key and commit where the application does so");
        assert_eq!(once, cached);
        let options = TestDriverOptions {
            commit_each_record: false,
            forward_per_commit: per_commit,
            ..TestDriverOptions::default()
        };
        let mut driver = TestDriver::with(&topology, options)?;
        (0..5).try_for_each(|time| driver.pipe(&IN, "k".to_owned(), String::new(), time))?;
        driver.commit()?;
        assert_eq!(driver.read(&OUT)?.len(), if once && per_commit { 1 } else { 5 });
    }
    Ok(())
}

/// Rows of a task's only store in its engine: lengths of key and value.
fn rows(engine: &Arc<dyn Engine>) -> Vec<(usize, usize)> {
    let mut rows = Vec::new();
    let all = KeyRange::all();
    engine
        .scan(StoreNumber(1), &all, Direction::Forward, &mut |key, value| {
            rows.push((key.len(), value.len()));
            ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

#[derive(Debug, Clone)]
struct Shape {
    size: u64,
    advance: u64,
    grace: u64,
    on_close: bool,
    in_memory: bool,
}

fn shapes() -> impl Strategy<Value = Shape> {
    (20_000_u64..100_000, 1_u64..5, 0_u64..60_000, any::<bool>(), any::<bool>()).prop_map(
        |(size, per_size, grace, on_close, in_memory)| {
            let advance = (size / per_size).max(1) + if per_size > 1 { size % 7 } else { 0 };
            Shape { size, advance, grace, on_close, in_memory }
        },
    )
}

fn windowed(shape: &Shape) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let windows = TimeWindows::hopping(ms(shape.size), ms(shape.advance)).grace(ms(shape.grace));
    let emit = if shape.on_close { EmitStrategy::OnWindowClose } else { EmitStrategy::OnWindowUpdate };
    let mut store = Materialized::as_store(&COUNTS);
    if shape.in_memory {
        store = store.in_memory();
    }
    let _ = builder.stream(&IN).group_by_key().windowed_by(windows).emit_strategy(emit).count_with(store);
    builder.build()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn windows_per_record_and_shown_windows_per_key_are_at_most_what_is_said_and_reach_it(shape in shapes()) {
        let topology = windowed(&shape).unwrap();
        let text = topology.explain();
        let (changed, shown) =
            (number(&text, "per record: changes at most "), number(&text, "per key: at most "));
        let mut driver = TestDriver::new(&topology).unwrap();
        let (mut most_changed, mut most_shown) = (0, 0);
        let end = 4 * (shape.size + shape.grace + shape.advance);
        // Where a window starts, and between.
        let times = (0..end).step_by(shape.advance as usize).flat_map(|start| [start, start + shape.advance / 2]);
        for time in times {
            let before = driver.topic_records("app-counts-changelog").len();
            driver.pipe(&IN, "k".to_owned(), String::new(), time as i64).unwrap();
            most_changed = most_changed.max(driver.topic_records("app-counts-changelog").len() - before);
            let store = driver.window_store(&COUNTS).unwrap();
            most_shown = most_shown.max(store.fetch_range(&"k".to_owned(), 0..=i64::MAX).count());
        }
        prop_assert_eq!((most_changed, most_shown), (changed, shown), "{:?}\n{}", shape, text);
    }

    #[test]
    fn rows_in_the_engine_are_as_many_and_as_long_as_is_said_at_most(shape in shapes(), gaps in prop::collection::vec(1_u64..4, 60)) {
        let topology = windowed(&shape).unwrap();
        let text = topology.explain();
        let (kept, extra) = (number(&text, "that are shown and "), number(&text, "key + value + "));
        let spec = TestDriver::new(&topology).unwrap().window_store(&COUNTS).unwrap().spec().clone();
        let store = WindowStore::<String, i64>::with_default_serdes(spec).unwrap();
        let engine = EngineKind::Memory.open(Path::new("unused"), 0).unwrap().open_task(TASK).unwrap();
        let budget = Arc::new(MemoryBudget::unlimited());
        let state = TaskState::open(TASK, engine.clone(), vec![store.for_task()], budget).unwrap();
        let (mut start, mut logged) = (0, 0);
        for gap in gaps {
            prop_assert_eq!(store.put(&"key".to_owned(), start as i64, 1, start as i64).unwrap(), Put::Stored);
            state.changes(&mut |_, record| {
                // The key, and 12 bytes of start and sequence.
                assert_eq!((record.key.map(<[u8]>::len), record.value.map(<[u8]>::len)), (Some(15), Some(8)));
                logged += 1;
                Ok(())
            }).unwrap();
            state.committed(&[Some(logged)]);
            state.flush().unwrap();
            let rows = rows(&engine);
            prop_assert!(rows.len() <= kept, "{} rows, {} said: {:?}", rows.len(), kept, shape);
            prop_assert!(rows.iter().all(|(key, value)| key + value == "key".len() + 8 + extra), "{rows:?}");
            start += if gap == 3 { 1 } else { gap } * shape.advance;
        }
    }
}
