//! Where streams begin, divide, come together, move and end.

use std::collections::BTreeMap;

use proptest::prelude::*;
use streams_core::serde::DefaultSerde;
use streams_core::testing::TestDriverOptions;
use streams_core::testing::laws::{Event, Events, Laws, keys, nullable};
use streams_core::{
    Consumed, DropReason, ErrorPolicies, ErrorPolicy, Partitioning, Produced, Record, Repartitioned, Result,
    StreamsBuilder, Topic,
};

use crate::operators::{Operator, keep_their_laws, ms};

const LEFT: Topic<String, i64> = Topic::new("left");
const RIGHT: Topic<String, i64> = Topic::new("right");
const KEYLESS: Topic<Option<String>, Option<i64>> = Topic::new("keyless");
const OUT: Topic<String, i64> = Topic::new("out");
const SMALL: Topic<String, i64> = Topic::new("small");
const ODD: Topic<String, i64> = Topic::new("odd");
const REST: Topic<String, i64> = Topic::new("rest");

pub(crate) const OPERATORS: &[Operator] = &[
    Operator {
        verbs: &["StreamsBuilder::stream", "StreamsBuilder::stream_with", "KStream::merge", "KStream::to"],
        laws: || {
            both(|b| {
                let one = b.stream(&LEFT);
                one.merge(b.stream_with(&RIGHT, Consumed::new())).to(&OUT);
            })
        },
    },
    Operator { verbs: &["StreamsBuilder::streams"], laws: || both(|b| b.streams(&[LEFT, RIGHT]).to(&OUT)) },
    Operator {
        verbs: &["StreamsBuilder::streams_with"],
        laws: || both(|b| b.streams_with(&[RIGHT, LEFT], Consumed::new()).to(&OUT)),
    },
    Operator {
        verbs: &["StreamsBuilder::stream_matching"],
        laws: || both(|b| b.stream_matching::<String, i64>("left|right").to(&OUT)),
    },
    Operator {
        verbs: &["StreamsBuilder::stream_matching_with"],
        laws: || both(|b| b.stream_matching_with("(left|right)", Consumed::<String, i64>::new()).to(&OUT)),
    },
    Operator {
        verbs: &["KStream::to_with"],
        laws: || {
            let to_last = |_: &str, _: &String, _: &i64, count| Partitioning::One(count - 1);
            both(move |b| b.streams(&[LEFT, RIGHT]).to_with(&OUT, Produced::new().partitioner(to_last)))
        },
    },
    Operator {
        verbs: &["KStream::split", "Split::branch", "Split::default_branch"],
        laws: || {
            routed(|b| {
                let mut split = b.stream(&LEFT).split();
                split.branch(|_, v| *v < 0).to(&SMALL);
                split.branch(|_, v| v % 2 != 0).to(&ODD);
                split.default_branch().to(&REST);
            })
        },
    },
    Operator {
        verbs: &["KStream::to_dynamic"],
        laws: || routed(|b| b.stream(&LEFT).to_dynamic(|_, v, _| route(*v).name().to_owned())),
    },
    Operator {
        verbs: &["KStream::to_dynamic_with"],
        laws: || {
            routed(|b| {
                let produced = Produced::with(String::serde(), i64::serde());
                b.stream(&LEFT).to_dynamic_with(|_, v, _| route(*v).name().to_owned(), produced);
            })
        },
    },
    Operator { verbs: &["StreamsBuilder::stream"], laws: undecodable },
    Operator { verbs: &["KStream::keyed"], laws: keyed },
    Operator { verbs: &["KStream::require_key", "KStream::require_value"], laws: required },
    Operator {
        verbs: &["KStream::repartition"],
        laws: || moved(|b| b.stream(&KEYLESS).repartition().require_key().to(&OUT)),
    },
    Operator {
        verbs: &["KStream::repartition_with"],
        laws: || {
            let by_name = || Repartitioned::new().named("moved").partitions(2);
            moved(move |b| b.stream(&KEYLESS).repartition_with(by_name()).require_key().to(&OUT))
        },
    },
];

#[test]
fn sources_routes_and_sinks_keep_their_laws() {
    keep_their_laws(OPERATORS);
}

fn events() -> Events<String, i64> {
    Events::of(keys(4), -20..20i64).disorder(ms(5))
}

/// Everything of two topics in one.
fn both(build: impl Fn(&StreamsBuilder)) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    build(&builder);
    let all = |events: &[Event]| {
        let record = |event: &Event| {
            let (key, value) = event.record(&LEFT).or(event.record(&RIGHT)).unwrap();
            (key.clone(), *value, event.time())
        };
        events.iter().map(record).collect::<Vec<_>>()
    };
    Ok(Laws::of(&builder.build()?)
        .input(&LEFT, events())
        .input(&RIGHT, events())
        .partitions(2)
        .output(&OUT)
        .reference(&OUT, all)
        .reference_drops(|_| Vec::new())
        .keys_are_independent()
        .order_insensitive_within(ms(50)))
}

fn route(value: i64) -> Topic<String, i64> {
    match value {
        ..0 => SMALL,
        _ if value % 2 != 0 => ODD,
        _ => REST,
    }
}

/// Each record in one of three topics.
fn routed(build: impl Fn(&StreamsBuilder)) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    build(&builder);
    let mut laws = Laws::of(&builder.build()?).input(&LEFT, events()).keys_are_independent();
    for topic in [SMALL, ODD, REST] {
        let of_topic = move |events: &[Event]| {
            let all = events.iter().map(|event| (event.record(&LEFT).unwrap(), event.time()));
            let here = all.filter(|((_, value), _)| route(**value).name() == topic.name());
            here.map(|((key, value), time)| (key.clone(), *value, time)).collect::<Vec<_>>()
        };
        laws = laws.output(&topic).reference(&topic, of_topic);
    }
    let all = |driver: &mut streams_core::testing::TestDriver| {
        let mut count = 0;
        for topic in [SMALL, ODD, REST] {
            count += driver.read(&topic)?.len() as u64;
        }
        Ok(count)
    };
    Ok(laws.accounts_for(all))
}

fn keyless() -> Events<Option<String>, Option<i64>> {
    Events::of(nullable(keys(4)), nullable(0..20i64))
}

#[derive(Record, Debug, Clone, PartialEq)]
struct Order {
    #[record(key)]
    customer: String,
    cents: i64,
}

fn keyed() -> Result<Laws> {
    const ORDERS: Topic<Option<String>, Order> = Topic::new("orders");
    const BY_CUSTOMER: Topic<String, Order> = Topic::new("by-customer");
    let builder = StreamsBuilder::new();
    builder.stream(&ORDERS).keyed().to(&BY_CUSTOMER);
    let orders = |events: &[Event]| {
        let all = events.iter().map(|event| (event.record(&ORDERS).unwrap().1.clone(), event.time()));
        all.map(|(order, time)| (order.customer.clone(), order, time)).collect::<Vec<_>>()
    };
    let values = (keys(4), 0..100i64).prop_map(|(customer, cents)| Order { customer, cents });
    Ok(Laws::of(&builder.build()?)
        .input(&ORDERS, Events::of(nullable(keys(2)), values))
        .partitions(2)
        .output(&BY_CUSTOMER)
        .reference(&BY_CUSTOMER, orders)
        .reference_drops(|_| Vec::new())
        .order_insensitive_within(ms(50)))
}

/// Values of any length, of which a number takes those of 8 bytes; the rest is skipped and counted.
fn undecodable() -> Result<Laws> {
    const BYTES: Topic<String, Vec<u8>> = Topic::new("left");
    let policies = ErrorPolicies { deserialization: ErrorPolicy::Skip, ..ErrorPolicies::default() };
    let builder = StreamsBuilder::new();
    builder.stream(&LEFT).to(&OUT);
    let number = |event: &Event| {
        let (key, value) = event.record(&BYTES)?;
        Some((key.clone(), i64::serde().deserialize(value).ok()?, event.time()))
    };
    let values = prop_oneof![
        any::<i64>().prop_map(|n| n.to_be_bytes().to_vec()),
        any::<[u8; 3]>().prop_map(Vec::from)
    ];
    Ok(Laws::of(&builder.build()?)
        .input(&BYTES, Events::of(keys(4), values))
        .options(TestDriverOptions { policies, default_partitions: 2, ..TestDriverOptions::default() })
        .output(&OUT)
        .reference(&OUT, move |events| events.iter().filter_map(number).collect())
        .reference_drops(move |events| {
            let bad = events.iter().filter(|event| number(event).is_none()).count();
            vec![(DropReason::Undecodable, bad as u64)]
        })
        .accounts_for(|driver| Ok(driver.read(&OUT)?.len() as u64))
        .keys_are_independent())
}

fn required() -> Result<Laws> {
    let builder = StreamsBuilder::new();
    builder.stream(&KEYLESS).require_key().require_value().to(&OUT);
    let complete = |events: &[Event]| {
        let all = events.iter().map(|event| (event.record(&KEYLESS).unwrap(), event.time()));
        all.filter_map(|((key, value), time)| Some((key.clone()?, (*value)?, time))).collect::<Vec<_>>()
    };
    let dropped = |events: &[Event]| {
        let all = || events.iter().map(|event| event.record(&KEYLESS).unwrap());
        let keyless = all().filter(|(key, _)| key.is_none()).count() as u64;
        let valueless = all().filter(|(key, value)| key.is_some() && value.is_none()).count() as u64;
        vec![(DropReason::NullKey, keyless), (DropReason::NullValue, valueless)]
    };
    Ok(Laws::of(&builder.build()?)
        .input(&KEYLESS, keyless())
        .partitions(2)
        .output(&OUT)
        .reference(&OUT, complete)
        .reference_drops(dropped)
        .accounts_for(|driver| Ok(driver.read(&OUT)?.len() as u64))
        .keys_are_independent())
}

/// Everything with a key in another topic, each key in one partition and in order.
fn moved(build: impl Fn(&StreamsBuilder)) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    build(&builder);
    let keyed = |events: &[Event]| {
        let all = events.iter().map(|event| (event.record(&KEYLESS).unwrap(), event.time()));
        all.filter_map(|((key, value), time)| Some((key.clone()?, *value, time))).collect::<Vec<_>>()
    };
    let dropped = |events: &[Event]| {
        let keyless = events.iter().filter(|event| event.record(&KEYLESS).unwrap().0.is_none()).count();
        vec![(DropReason::NullKeyAtRepartition, keyless as u64)]
    };
    Ok(Laws::of(&builder.build()?)
        .input(&KEYLESS, keyless())
        .partitions(3)
        .output(&OUT)
        .reference(&OUT, keyed)
        .reference_drops(dropped)
        .law("one partition per key", |_, driver| {
            let mut partitions = BTreeMap::new();
            for record in driver.read_raw("out") {
                assert_eq!(*partitions.entry(record.key).or_insert(record.partition), record.partition);
            }
            Ok(())
        })
        .commits_do_not_matter())
}
