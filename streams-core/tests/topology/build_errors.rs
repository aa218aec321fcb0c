//! Mistakes in topologies: every one in one report, with names and source lines, and none of them a panic.

use proptest::prelude::*;
use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::serde::DefaultSerde;
use streams_core::testing::TestDriver;
use streams_core::windows::TimeWindows;
use streams_core::{
    Consumed, Grouped, Materialized, Record, Repartitioned, Store, StreamsBuilder, Topic, WindowStoreOptions,
};

use crate::support::{message, ms};

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

/// Reads a store that it is not connected to.
struct Intruder;

impl Processor<String, String, String, String> for Intruder {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        _record: Record<String, String>,
    ) -> UserResult {
        ctx.store(&STORE)?;
        Ok(())
    }
}

/// One mistake: how to make it, and all that is said of it. `#` in names and texts is the number of the injection, so
/// that mistakes do not meet; `@` is a source line.
type Mistake = (fn(&StreamsBuilder, u32), &'static str);

/// A topic of a name made at run time.
fn topic<K, V>(name: &str, number: u32) -> Topic<K, V> {
    Topic::new(text(name, number))
}

fn store<V>(name: &str, number: u32) -> Store<String, V> {
    Store::new(text(name, number))
}

fn text(name: &str, number: u32) -> &'static str {
    name.replace('#', &number.to_string()).leak()
}

fn texts(name: &str, number: u32) -> Topic<String, String> {
    topic(name, number)
}

const MISTAKES: &[Mistake] = &[
    (
        |b, n| {
            let name = text("twin#", n);
            b.stream(&texts("a#", n))
                .filter(|_, _| true)
                .named(name)
                .filter(|_, _| true)
                .named(name)
                .to(&OUT);
        },
        "2 nodes are named `twin#`, at @ and at @: name them apart with `.named(..)`",
    ),
    (
        |b, n| b.stream(&texts("a#", n)).map_values(|v| v).named(text("no name #", n)).to(&OUT),
        "node `no name #` (@): `no name #` is not a legal name: 1 to 249 of a-z, A-Z, 0-9, `.`, `_` and `-`, not `.` or \
         `..`",
    ),
    (
        |b, n| b.stream(&texts("a#", n)).to(&texts("no topic #", n)),
        "topic of `KSTREAM-SINK-_` (@): `no topic #` is not a legal name: 1 to 249 of a-z, A-Z, 0-9, `.`, `_` and `-`, \
         not `.` or `..`",
    ),
    (
        |b, n| {
            let stream = b.stream(&texts("a#", n));
            let _ = stream.clone().process(|| Pass).with_store(&store::<i64>("twins#", n));
            b.add_store(&store::<i64>("twins#", n));
            b.add_store(&store::<i64>("twins#", n));
            stream.process(|| Pass).with_store(&store::<i64>("twins#", n)).to(&OUT);
        },
        "processor `KSTREAM-PROCESSOR-_` (@) is given the store `twins#` (@), which was not added: call `add_store` or \
         `add_window_store` before\n\
         2 stores are named `twins#`, at @ and at @: name them apart, or add it once and use it twice",
    ),
    (
        |b, n| {
            let windows = TimeWindows::tumbling(ms(10));
            let grouped = b.stream(&texts("a#", n)).group_by_key();
            let named = || Materialized::as_store(&store("windows#", n));
            let _ = grouped.clone().windowed_by(windows.no_grace()).count_with(named());
            let _ = grouped.windowed_by(windows.grace(ms(5))).count_with(named());
        },
        "2 stores are named `windows#`, at @ (windows of 10ms kept for 10ms) and at @ (windows of 10ms kept for 15ms): \
         give each a name of its own",
    ),
    (
        |b, n| {
            b.stream(&texts("a#", n)).to(&OUT);
            b.add_store(&store::<i64>("idle#", n));
        },
        "store `idle#` (@) is used by no node: connect it with `with_store` or leave it out",
    ),
    (
        |b, n| {
            b.add_window_store(&store::<i64>("short#", n), WindowStoreOptions::new(ms(10), ms(5)));
            b.stream(&texts("a#", n)).process(|| Pass).with_store(&store::<i64>("short#", n)).to(&OUT);
        },
        "the window store `short#` (@) keeps windows for 5ms, which is less than their size (10ms): keep them for at \
         least their size and grace",
    ),
    (
        |b, n| {
            let windows = TimeWindows::tumbling(ms(10)).grace(ms(5));
            let short = Materialized::as_store(&store("brief#", n)).retention(ms(14));
            let _ = b.stream(&texts("a#", n)).group_by_key().windowed_by(windows).count_with(short);
        },
        "the window store `brief#` (@) keeps windows for 14ms, which is less than their size and grace together (15ms): \
         keep them at least that long",
    ),
    (
        |b, n| {
            let windows = TimeWindows::tumbling(ms(10)).no_grace();
            let bounded = Materialized::as_store(&store("bounded#", n)).max_keys(3);
            let _ = b.stream(&texts("a#", n)).group_by_key().windowed_by(windows).count_with(bounded);
        },
        "the window store `bounded#` (@) is given `max_keys`, which bounds key-value stores only: windows go by their \
         retention",
    ),
    (
        |b, n| {
            let forgetful = Materialized::as_store(&store("forgetful#", n)).retention(ms(10));
            let _ = b.stream(&texts("a#", n)).group_by_key().count_with(forgetful);
        },
        "the key-value store `forgetful#` (@) is given a retention, but it keeps its keys until they are deleted: leave \
         it out, or bound the store with `max_keys`",
    ),
    (
        |b, n| {
            let none = Materialized::as_store(&store("none#", n)).max_keys(0);
            let _ = b.stream(&texts("a#", n)).group_by_key().count_with(none);
        },
        "store `none#` (@) may keep 0 keys: at least 1 is needed",
    ),
    (
        |b, n| b.stream(&texts("a#", n)).with_store(&STORE).to(&OUT),
        "`KSTREAM-SOURCE-_` (@) is no processor, but is given the store `counts` (@): call `with_store` directly behind \
         `process`",
    ),
    (
        |b, n| b.streams(&[texts("a#", n), texts("a#", n)]).to(&OUT),
        "the stream at @ names the topic `a#` twice: its records would come twice; name it once",
    ),
    (|b, _| b.streams::<String, String>(&[]).to(&OUT), "the stream at @ has no topics: name at least one"),
    (
        |b, n| b.stream_matching::<String, String>(text("a#(", n)).to(&OUT),
        "the pattern `a#(` at @ is no regular expression: found open group without closing ')'",
    ),
    (
        |b, n| {
            b.stream_matching::<String, String>(text("orders#-.*", n)).to(&OUT);
            b.stream(&texts("orders#-eu", n)).to(&OUT);
        },
        "the pattern `orders#-.*` of `KSTREAM-SOURCE-_` (@) matches `orders#-eu`, which `KSTREAM-SOURCE-_` (@) reads: a \
         topic has one reader; make the pattern narrower, or read the topics by name",
    ),
    (
        |b, n| {
            b.stream(&texts("mixed#", n)).to(&OUT);
            b.stream(&topic::<Option<String>, i64>("mixed#", n))
                .map(|_, _| (String::new(), String::new()))
                .to(&OUT);
        },
        "the topic `mixed#` is read as `alloc::string::String` and `alloc::string::String` by `KSTREAM-SOURCE-_` (@) and \
         as `alloc::string::String` and `i64` by `KSTREAM-SOURCE-_` (@): one of them would fail on its records; read it \
         once and map the rest",
    ),
    (
        |b, n| {
            let _ = b.table(&texts("rows#", n));
            let kept = Materialized::named(text("kept#", n));
            let _ = b.table_with(&texts("rows#", n), Consumed::new(), kept);
        },
        "2 tables are made of the topic `rows#`, by `KSTREAM-SOURCE-_` (@) and `KSTREAM-SOURCE-_` (@): each would keep \
         all of it; make one and clone it",
    ),
    (
        |b, n| {
            let twice = || Repartitioned::new().named(text("same#", n));
            b.stream(&texts("a#", n)).repartition_with(twice()).to(&OUT);
            b.stream(&texts("b#", n)).repartition_with(twice()).to(&OUT);
        },
        "2 repartitions are named `same#`, at @ and at @: their records would mix in one topic; name them apart, or \
         repartition once and clone the stream",
    ),
    (
        |b, n| {
            let none = Repartitioned::new().partitions(0);
            b.stream(&texts("a#", n)).repartition_with(none).to(&OUT);
        },
        "`KSTREAM-SOURCE-_` (@) repartitions into 0 partitions: at least 1 is needed",
    ),
    (
        |b, n| {
            let by_text = Grouped::new().named(text("by-text#", n));
            let stored = Materialized::as_store(&store("stored#", n));
            let _ = b.stream(&texts("a#", n)).group_by_with(|_, v| v.clone(), by_text).count_with(stored);
            b.stream(&texts("by-text#-repartition", n)).to(&texts("stored#-changelog", n));
        },
        "`KSTREAM-SOURCE-_` (@) names the topic `by-text#-repartition`, but that is the internal topic of the \
         repartition at @: in the log it has the application id before its name; continue from that stream or table, \
         or rename one of them\n\
         `KSTREAM-SINK-_` (@) names the topic `stored#-changelog`, but that is the internal topic of the store \
         `stored#` (@): in the log it has the application id before its name; continue from that stream or table, or \
         rename one of them",
    ),
    (
        |b, n| {
            let windows = TimeWindows::hopping(ms(10), ms(20)).no_grace();
            let named = Materialized::as_store(&store("hops#", n));
            let _ = b.stream(&texts("a#", n)).group_by_key().windowed_by(windows).count_with(named);
        },
        "the windows at @: the advance of hopping windows must be from 1 ms to the size (10 ms), it is 20 ms",
    ),
    (
        |b, n| {
            let foreign = StreamsBuilder::new();
            b.stream(&texts("a#", n)).merge(foreign.stream(&IN)).to(&OUT);
            assert!(foreign.build().is_err(), "the other builder knows it too");
        },
        "`merge` (@) is given `KSTREAM-SOURCE-_` (@) and `KSTREAM-SOURCE-_` (@), which are of two builders: begin both \
         with one `StreamsBuilder`",
    ),
];

/// What the build says, a mistake per entry.
fn mistakes(builder: &StreamsBuilder) -> Vec<String> {
    let text = message(builder.build());
    text.split("\n- ").skip(1).map(str::to_owned).collect()
}

/// What is said of this mistake when it is made for the time `number`.
fn expected(mistake: &Mistake, number: u32) -> Vec<String> {
    text(mistake.1, number).split('\n').map(str::to_owned).collect()
}

#[test]
fn each_mistake_is_reported_once_with_its_nodes_and_lines_and_what_to_do() {
    for mistake in MISTAKES {
        let builder = StreamsBuilder::new();
        mistake.0(&builder, 7);
        assert_eq!(mistakes(&builder), expected(mistake, 7));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn all_mistakes_of_a_program_are_in_the_one_report(
        made in prop::collection::vec(0..MISTAKES.len(), 1..20)
    ) {
        let builder = StreamsBuilder::new();
        let mut want = Vec::new();
        for (number, &mistake) in made.iter().enumerate() {
            MISTAKES[mistake].0(&builder, number as u32);
            want.extend(expected(&MISTAKES[mistake], number as u32));
            // What is right is not reported.
            builder.stream(&texts("fine#", number as u32)).filter(|_, _| true).to(&OUT);
        }
        let head = message(builder.build());
        let mut got = mistakes(&builder);
        let noun = if want.len() == 1 { "mistake" } else { "mistakes" };
        prop_assert!(head.starts_with(&format!("the topology has {} {noun}:\n", want.len())), "{head}");
        want.sort();
        got.sort();
        prop_assert_eq!(got, want);
    }
}

#[test]
fn a_topology_without_sources_is_refused() {
    let message = message(StreamsBuilder::new().build());
    assert_eq!(message, "the topology has 1 mistake:\n- it has no nodes: begin with `stream` or `table`");
}

#[test]
fn lines_are_those_of_the_users_calls() {
    let builder = StreamsBuilder::new();
    builder.add_store(&STORE);
    let first = line!() - 1;
    builder.add_store_with(&STORE, Materialized::with(String::serde(), i64::serde()), Default::default());
    let text = builder.build().err().map(|e| e.to_string()).unwrap_or_default();
    let at = |line: u32| format!("at {}:{line}", file!());
    assert!(text.contains(&format!("{} and {}", at(first), at(first + 2))), "{text}");
}

#[test]
fn windows_that_cannot_be_are_refused() {
    for (size, advance) in [(10, 20), (10, 0), (0, 0)] {
        let builder = StreamsBuilder::new();
        let windows = TimeWindows::hopping(ms(size), ms(advance)).no_grace();
        let _ = builder.stream(&IN).group_by_key().windowed_by(windows).count();
        let said = message(builder.build());
        let want = if size > 0 { "from 1 ms to the size" } else { "the window size must be at least 1 ms" };
        assert!(said.contains(want), "{said}");
    }
}

#[test]
fn a_topic_may_be_read_twice_and_written_where_it_is_read() -> streams_core::Result<()> {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).filter(|_, v| v.len() < 3).map_values(|v| v + "x").to(&IN);
    builder.table(&IN).to_stream().to(&Topic::<String, String>::new("table"));
    let mut driver = TestDriver::new(&builder.build()?)?;
    driver.pipe(&IN, "k".to_owned(), "a".to_owned(), 0)?;
    let values: Vec<String> = driver.read(&IN)?.into_iter().map(|r| r.value).collect();
    assert_eq!(values, ["a", "ax", "axx"]);
    assert_eq!(driver.read_raw("table").len(), 3);
    Ok(())
}

#[test]
fn raw_bytes_fit_whatever_else_a_topic_is_read_as() {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).to(&OUT);
    builder.stream(&Topic::<String, Vec<u8>>::new("in")).to(&Topic::<String, Vec<u8>>::new("copy"));
    builder
        .stream(&Topic::<Option<String>, Option<String>>::new("in"))
        .to(&Topic::<String, String>::new("nulls"));
    assert_eq!(message(builder.build()), "");
}

#[test]
fn a_store_that_is_not_connected_is_an_error_with_processor_and_store_and_what_is_connected() {
    const OTHER: Store<String, i64> = Store::new("other");
    let builder = StreamsBuilder::new();
    builder.add_store(&STORE);
    builder.add_store(&OTHER);
    let _ = builder.stream(&IN).process(|| Pass).with_store(&STORE);
    builder.stream(&IN).process(|| Intruder).named("intruder").with_store(&OTHER).to(&OUT);
    let mut driver = TestDriver::new(&builder.build().unwrap()).unwrap();
    let said = message(driver.pipe(&IN, "k".to_owned(), "v".to_owned(), 0));
    let want = "processor `intruder` is not connected to the store `counts` but to `other`: call `with_store` directly \
                behind `process` where the processor is added";
    assert!(said.contains("`intruder` (@)") && said.ends_with(want), "{said}");
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
fn a_topic_that_two_patterns_match_is_refused_when_it_is_there() -> streams_core::Result<()> {
    let builder = StreamsBuilder::new();
    builder.stream_matching::<String, String>("i.*").to(&OUT);
    builder.stream_matching::<String, String>(".n").to(&OUT);
    let mut driver = TestDriver::new(&builder.build()?)?;
    let said = message(driver.pipe(&IN, "k".to_owned(), "v".to_owned(), 0));
    assert!(
        said.contains("topic in is read by `KSTREAM-SOURCE-_` (@) and by `KSTREAM-SOURCE-_` (@)"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_repartition_behind_a_pattern_waits_for_the_topics() -> streams_core::Result<()> {
    let builder = StreamsBuilder::new();
    let stream = builder.stream_matching::<String, String>("i.*");
    stream.group_by(|_, v| v.clone()).count().to_stream().to(&Topic::<String, i64>::new("counts"));
    let mut driver = TestDriver::new(&builder.build()?)?;
    driver.pipe(&IN, "k".to_owned(), "v".to_owned(), 0)?;
    assert_eq!(driver.read(&Topic::<String, i64>::new("counts"))?[0].value, 1);
    Ok(())
}

#[test]
fn a_stream_merged_with_its_own_repartition_has_the_partitions_of_its_topic() -> streams_core::Result<()> {
    let builder = StreamsBuilder::new();
    let stream = builder.stream(&IN);
    let named = Repartitioned::new().named("again");
    stream.clone().repartition_with(named).merge(stream).to(&OUT);
    let mut driver = TestDriver::new(&builder.build()?)?;
    driver.pipe(&IN, "k".to_owned(), "v".to_owned(), 0)?;
    assert_eq!(driver.read(&OUT)?.len(), 2);
    Ok(())
}

/// Streams of one topic may each be aggregated at once: their tables are not tables of the topic.
#[test]
fn aggregations_of_two_streams_of_a_topic_are_no_mistake() {
    const CLICKS: Topic<String, i64> = Topic::new("clicks");
    let builder = StreamsBuilder::new();
    builder.stream(&CLICKS).group_by_key().count().to_stream().for_each(|_, _| {});
    builder.stream(&CLICKS).group_by_key().reduce(|a: i64, b| a.max(b)).to_stream().for_each(|_, _| {});
    assert!(builder.build().is_ok());
}
