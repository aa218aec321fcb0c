//! Repartitions below one change of key.

use proptest::prelude::*;
use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::serde::{DefaultSerde, OptionSerde, Serde, SerdeRef, StringSerde};
use streams_core::testing::TestDriverOptions;
use streams_core::{
    Grouped, KStream, Materialized, Optimization, Record, Result, StreamsBuilder, Topic, Topology,
};

use crate::support::*;

type Text = Option<String>;

const IN: Topic<Text, Text> = Topic::new("in");
const TOPICS: [&str; 5] = ["out-1", "out-2", "out-3", "out-4", "out-5"];

fn counts(number: usize) -> Topic<String, i64> {
    Topic::new(TOPICS[number - 1])
}

fn texts(number: usize) -> Topic<String, String> {
    Topic::new(TOPICS[number - 1])
}

fn shown(text: &Text) -> String {
    text.clone().unwrap_or_default()
}

/// The first character of the value; none of a value that begins with `n`.
fn rekeyed(builder: &StreamsBuilder) -> KStream<Text, Text> {
    builder
        .stream(&IN)
        .select_key(|_, v| v.clone().filter(|v| !v.starts_with('n')).map(|v| v[..1].to_owned()))
}

fn count(stream: KStream<String, Text>, topic: &Topic<String, i64>) {
    stream.group_by_key().count().to_stream().to(topic);
}

/// Passes records on under a new key.
struct Rekey;

impl Processor<Text, Text, String, Text> for Rekey {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, Text>,
        record: Record<Text, Text>,
    ) -> UserResult {
        let key = shown(&record.value);
        Ok(ctx.forward(record.with_key(key))?)
    }
}

/// Topologies with the number of repartition topics that are left when all is optimized.
const SHAPES: &[(usize, fn(&StreamsBuilder))] = &[
    // Several ways, and null keys and values are required to be none at different places.
    (1, |b| {
        let keyed = rekeyed(b);
        count(keyed.clone().filter(|_, v| shown(v).len() > 1).require_key(), &counts(1));
        count(keyed.clone().require_key(), &counts(2));
        let full = keyed.clone().require_value().peek(|_, _| {}).require_key();
        full.group_by_key().reduce(|_, r| r).to_stream().to(&texts(3));
        keyed.require_key().require_value().to_table::<String>().to_stream().to(&texts(4));
    }),
    // Changes of value keep their own.
    (3, |b| {
        let keyed = rekeyed(b).require_key();
        count(keyed.clone(), &counts(1));
        let lengths = keyed.clone().map_values(|v| shown(&v).len() as i64);
        lengths.clone().group_by_key().reduce(|l, r| l + r).to_stream().to(&counts(2));
        lengths.filter(|_, v| *v > 1).group_by_key().count().to_stream().to(&counts(3));
        count(keyed.filter_not(|k, _| k == "a"), &counts(4));
    }),
    // One way that divides below a filter.
    (1, |b| {
        let keyed = rekeyed(b).require_key().filter(|k, _| k != "c");
        count(keyed.clone(), &counts(1));
        count(keyed.clone(), &counts(2));
        keyed.map_values(|v| shown(&v)).to(&texts(3));
    }),
    // A split moves below with its branches.
    (1, |b| {
        let keyed = rekeyed(b);
        let mut split = keyed.clone().split();
        count(split.branch(|k, _| k.as_deref() == Some("a")).require_key(), &counts(1));
        let rest = split.default_branch();
        count(rest.clone().require_key(), &counts(2));
        rest.require_key().map_values(|v| shown(&v)).to(&texts(3));
        count(keyed.require_key(), &counts(4));
    }),
    // Merged streams have their repartitions below the merge.
    (1, |b| {
        let other = b.stream(&IN).select_key(|_, _| Some("other".to_owned()));
        let merged = rekeyed(b).merge(other);
        count(merged.clone().require_key(), &counts(1));
        count(merged.filter(|k, _| k.is_some()).require_key(), &counts(2));
    }),
    // One of the merged streams also goes its own way.
    (2, |b| {
        let keyed = rekeyed(b).require_key();
        count(keyed.clone(), &counts(1));
        let other = b.stream(&IN).select_key(|_, _| "other".to_owned());
        count(keyed.merge(other), &counts(2));
    }),
    // A named grouping is used twice, and a second change of key lies behind.
    (2, |b| {
        let keyed = rekeyed(b).require_key();
        let grouped = keyed.clone().group_by_key_with(Grouped::new().named("g"));
        grouped.clone().count_with(Materialized::named("one")).to_stream().to(&counts(1));
        grouped.count_with(Materialized::named("two")).to_stream().to(&counts(2));
        count(keyed.clone(), &counts(3));
        let again = keyed.select_key(|k, v| format!("{k}{}", shown(v).len()));
        count(again.clone(), &counts(4));
        count(again.peek(|_, _| {}), &counts(5));
    }),
    // A processor changes the key; what the user asks for stays where it is.
    (2, |b| {
        let keyed: KStream<String, Text> = b.stream(&IN).process(|| Rekey);
        count(keyed.clone(), &counts(1));
        count(keyed.clone(), &counts(2));
        count(keyed.repartition(), &counts(3));
    }),
];

fn built(shape: usize, optimization: Optimization) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    builder.optimize(optimization);
    (SHAPES[shape].1)(&builder);
    builder.build()
}

fn options(commit_each_record: bool) -> TestDriverOptions {
    TestDriverOptions { commit_each_record, ..TestDriverOptions::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn merging_changes_neither_what_is_put_out_per_key_nor_what_survives_crashes(
        inputs in inputs(prop::sample::select(vec![None, Some("a"), Some("aa"), Some("b"), Some("cab"), Some("n")])
            .prop_map(|v| v.map(|v| v.as_bytes().to_vec())))
    ) {
        for shape in 0..SHAPES.len() {
            let plain = run(&built(shape, Optimization::NONE)?, options(true), &inputs, false)?;
            let expected = outputs(&plain, &TOPICS);
            let merged = built(shape, Optimization::ALL)?;
            for disturbed in [false, true] {
                let driver = run(&merged, options(!disturbed), &inputs, disturbed)?;
                prop_assert_eq!(&outputs(&driver, &TOPICS), &expected, "shape {}, disturbed: {}", shape, disturbed);
            }
        }
    }
}

#[test]
fn what_can_share_a_repartition_does() {
    for (shape, (left, _)) in SHAPES.iter().enumerate() {
        let topology = built(shape, Optimization { merge_repartition_topics: true, ..Optimization::NONE });
        let topology = topology.unwrap();
        assert_eq!(repartitions(&topology).len(), *left, "shape {shape}: {}", topology.describe());
    }
}

#[test]
fn a_lone_repartition_keeps_its_topic_and_has_nodes_named_after_it() {
    let builder = StreamsBuilder::new();
    builder.optimize(Optimization::ALL);
    count(rekeyed(&builder).require_key(), &counts(1));
    let topology = builder.build().unwrap();
    let topic = "KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition";
    assert_eq!(repartitions(&topology), [topic]);
    let text = topology.describe();
    for part in ["filter", "sink", "source"] {
        assert!(text.contains(&format!("{topic}-{part}")), "{text}");
    }
}

/// Writes texts in capitals; which serde it is cannot be told from outside, as it has a field.
struct Capitals(bool);

impl Serde<String> for Capitals {
    fn serialize(&self, value: &String, out: &mut Vec<u8>) -> Result<()> {
        out.extend(if self.0 { value.to_uppercase() } else { value.to_lowercase() }.bytes());
        Ok(())
    }
    fn deserialize(&self, bytes: &[u8]) -> Result<String> {
        String::serde().deserialize(bytes)
    }
}

#[test]
fn a_repartition_of_other_bytes_keeps_its_own_topic() {
    let builder = StreamsBuilder::new();
    builder.optimize(Optimization::ALL);
    let keyed = rekeyed(&builder).require_key();
    let capitals: SerdeRef<String> = std::sync::Arc::new(Capitals(true));
    let grouped = |key| Grouped::with(key, Option::<String>::serde());
    let count_by = |key, number| {
        keyed.clone().group_by_key_with(grouped(key)).count().to_stream().to(&counts(number));
    };
    count_by(String::serde(), 1);
    count_by(capitals.clone(), 2);
    count_by(String::serde(), 3);
    let topology = builder.build().unwrap();
    assert_eq!(repartitions(&topology).len(), 2);
    // One serde is the same as itself, and two of a kind are, if all that they are is their type.
    let same: [SerdeRef<String>; 2] = [capitals, std::sync::Arc::new(StringSerde)];
    assert_eq!(same[0].identity(), None);
    assert_eq!(same[1].identity(), String::serde().identity());
    let inside = std::any::TypeId::of::<OptionSerde<String>>();
    assert_eq!(Option::<String>::serde().identity().unwrap().last(), Some(&inside));
}

#[test]
fn sub_topologies_are_numbered_as_if_the_shared_repartition_stood_behind_the_change_of_key() {
    let builder = StreamsBuilder::new();
    builder.optimize(Optimization::ALL);
    let keyed = rekeyed(&builder).require_key();
    // Added before the repartition, but behind the change of key that it is moved to.
    builder.stream(&Topic::<String, String>::new("later")).to(&texts(5));
    count(keyed, &counts(1));
    let text = builder.build().unwrap().describe();
    let place = |what: &str| text.find(what).unwrap();
    assert!(place("Sub-topology: 1") < place("-repartition-source"), "{text}");
    assert!(place("-repartition-source") < place("Sub-topology: 2"), "{text}");
    assert!(place("Sub-topology: 2") < place("[later]"), "{text}");
}
