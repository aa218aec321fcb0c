//! Mistakes in topologies: every one in one report, with names and source lines, and none of them a panic.

use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::testing::TestDriver;
use streams_core::windows::TimeWindows;
use streams_core::{Materialized, Record, Repartitioned, Store, StreamsBuilder, Topic, WindowStoreOptions};

use crate::support::ms;

const IN: Topic<String, String> = Topic::new("in");
const OUT: Topic<String, String> = Topic::new("out");
const STORE: Store<String, i64> = Store::new("counts");

struct Pass;

impl Processor<String, String, String, String> for Pass {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        Ok(ctx.forward(record)?)
    }
}

/// The message of the build, which must name this file and all of `parts`.
fn mistakes(builder: &StreamsBuilder, parts: &[&str]) -> String {
    let message = builder.build().err().map(|e| e.to_string()).unwrap_or_default();
    for part in parts.iter().chain(&["build_errors.rs:"]) {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
    message
}

#[test]
fn a_topology_without_sources_is_refused() {
    let message = StreamsBuilder::new().build().err().map(|e| e.to_string()).unwrap_or_default();
    assert!(message.contains("begin with `stream` or `table`"), "{message}");
}

#[test]
fn every_mistake_is_in_the_one_report() {
    let builder = StreamsBuilder::new();
    builder.add_store(&STORE);
    builder.add_store(&STORE);
    builder.add_window_store(&Store::<String, i64>::new("w"), WindowStoreOptions::new(ms(10), ms(5)));
    builder.stream_matching::<String, String>("a(").to(&Topic::<String, String>::new("no topic!"));
    let _ =
        builder.stream(&IN).named("x".repeat(250)).process(|| Pass).with_store(&Store::<(), ()>::new("none"));
    let message = mistakes(
        &builder,
        &[
            "two stores are named `counts`",
            "store `counts`",
            "used by no node",
            "window store `w`",
            "less than their size",
            "`a(`",
            "no regular expression",
            "`no topic!` is not a legal name",
            "1 to 249",
            "the store `none`, which was not added",
        ],
    );
    assert!(message.starts_with("the topology has 9 mistakes"), "{message}");
}

#[test]
fn windows_that_cannot_be_are_refused() {
    for (size, advance) in [(10, 20), (10, 0), (0, 0)] {
        let builder = StreamsBuilder::new();
        let windows = TimeWindows::hopping(ms(size), ms(advance)).no_grace();
        let _ = builder.stream(&IN).group_by_key().windowed_by(windows).count();
        mistakes(
            &builder,
            &["windows at", "at least 1 ms|from 1 ms".split('|').nth((size > 0).into()).unwrap_or("")],
        );
    }
    let builder = StreamsBuilder::new();
    let windows = TimeWindows::tumbling(ms(10)).grace(ms(5));
    let short = Materialized::as_store(&STORE).retention(ms(14));
    let _ = builder.stream(&IN).group_by_key().windowed_by(windows).count_with(short);
    mistakes(&builder, &["`counts`", "keeps windows for 14ms", "15ms"]);
}

#[test]
fn streams_of_two_builders_do_not_merge_and_both_say_so() {
    let (one, two) = (StreamsBuilder::new(), StreamsBuilder::new());
    one.stream(&IN).merge(two.stream(&IN)).to(&OUT);
    mistakes(&one, &["two builders"]);
    mistakes(&two, &["two builders"]);
}

#[test]
fn a_store_is_given_to_processors_only() {
    let builder = StreamsBuilder::new();
    builder.add_store(&STORE);
    builder.stream(&IN).with_store(&STORE).process(|| Pass).to(&OUT);
    mistakes(&builder, &["KSTREAM-SOURCE-0000000000", "is no processor", "directly behind `process`"]);
}

#[test]
fn a_topic_named_twice_in_one_stream_is_refused() {
    let builder = StreamsBuilder::new();
    builder.streams(&[IN, IN]).to(&OUT);
    mistakes(&builder, &["names the topic `in` twice"]);
}

#[test]
fn a_repartition_into_no_partitions_is_refused() {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).repartition_with(Repartitioned::new().partitions(0)).to(&OUT);
    mistakes(&builder, &["0 partitions"]);
}

#[test]
fn a_builder_can_be_used_and_built_again() -> streams_core::Result<()> {
    let builder = StreamsBuilder::new();
    let stream = builder.stream(&IN);
    let mut split = stream.clone().split();
    split.branch(|_, value| value == "a").to(&Topic::<String, String>::new("as"));
    let first = builder.build()?;
    split.branch(|_, value| value == "b").to(&Topic::<String, String>::new("bs"));
    split.default_branch().to(&Topic::<String, String>::new("rest"));
    stream.to(&OUT);
    let second = builder.build()?;
    for (topology, expected) in [(&first, [1, 0, 0, 0]), (&second, [1, 1, 1, 3])] {
        let mut driver = TestDriver::new(topology)?;
        for value in ["a", "b", "c"] {
            driver.pipe(&IN, "k".to_owned(), value.to_owned(), 0)?;
        }
        assert_eq!(["as", "bs", "rest", "out"].map(|topic| driver.read_raw(topic).len()), expected);
    }
    Ok(())
}

#[test]
fn a_topic_that_two_sub_topologies_would_read_is_refused() -> streams_core::Result<()> {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).to(&OUT);
    builder.stream_matching::<String, String>("i.*").to(&OUT);
    let topology = builder.build()?;
    let message = TestDriver::new(&topology).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(message.contains("topic in is read by") && message.contains("build_errors.rs:"), "{message}");
    Ok(())
}
