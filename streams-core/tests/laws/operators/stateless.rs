//! Verbs that look at one record at a time.

use std::sync::{Arc, Mutex};

use streams_core::testing::laws::{Event, Events, Laws, keys};
use streams_core::{DropReason, ErrorPolicies, ErrorPolicy, KStream, Result, StreamsBuilder, Topic};

use crate::operators::{Operator, keep_their_laws, ms};

const IN: Topic<String, i64> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");

pub(crate) const OPERATORS: &[Operator] = &[
    Operator {
        verbs: &["KStream::filter"],
        laws: || same_key(|s| s.filter(|_, v| v % 2 == 0).to(&OUT), |_, v| list(v % 2 == 0, v)),
    },
    Operator {
        verbs: &["KStream::filter_not"],
        laws: || {
            same_key(|s| s.filter_not(|k, v| k == "a" || *v < 0).to(&OUT), |k, v| list(k != "a" && v >= 0, v))
        },
    },
    Operator {
        verbs: &["KStream::map"],
        laws: || {
            let mapped = |k: &str, v| (format!("{k}{}", v % 3), v * 2);
            stateless(move |s| s.map(move |k, v| mapped(&k, v)).to(&OUT), move |k, v| vec![mapped(k, v)])
        },
    },
    Operator {
        verbs: &["KStream::map_values"],
        laws: || same_key(|s| s.map_values(|v| v * 3).to(&OUT), |_, v| vec![v * 3]),
    },
    Operator {
        verbs: &["KStream::map_values_with_key"],
        laws: || {
            let mapped = |k: &str, v| v + k.len() as i64;
            same_key(
                move |s| s.map_values_with_key(move |k, v| mapped(k, v)).to(&OUT),
                move |k, v| vec![mapped(k, v)],
            )
        },
    },
    Operator { verbs: &["KStream::try_map_values"], laws: fallible },
    Operator {
        verbs: &["KStream::flat_map"],
        laws: || {
            let mapped = |k: &str, v: i64| (0..v % 4).map(|n| (format!("{k}{n}"), n)).collect::<Vec<_>>();
            stateless(move |s| s.flat_map(move |k, v| mapped(&k, v)).to(&OUT), mapped)
        },
    },
    Operator {
        verbs: &["KStream::flat_map_values"],
        laws: || same_key(|s| s.flat_map_values(|v| 0..v % 4).to(&OUT), |_, v| (0..v % 4).collect()),
    },
    Operator {
        verbs: &["KStream::flat_map_values_with_key"],
        laws: || {
            let mapped = |k: &str, v: i64| vec![v; k.len() + usize::from(v > 3)];
            same_key(move |s| s.flat_map_values_with_key(move |k, v| mapped(k, v)).to(&OUT), mapped)
        },
    },
    Operator {
        verbs: &["KStream::select_key"],
        laws: || {
            let selected = |v: i64| (v % 3).to_string();
            stateless(
                move |s| s.select_key(move |_, v| selected(*v)).to(&OUT),
                move |_, v| vec![(selected(v), v)],
            )
        },
    },
    Operator { verbs: &["KStream::peek", "KStream::for_each"], laws: observed },
];

#[test]
fn stateless_operators_keep_their_laws() {
    keep_their_laws(OPERATORS);
}

fn list(some: bool, value: i64) -> Vec<i64> {
    if some { vec![value] } else { Vec::new() }
}

fn events() -> Events<String, i64> {
    Events::of(keys(4), -20..20i64).disorder(ms(5)).jumps(ms(100_000))
}

/// A topology that makes of each record what `expected` says, wherever it is in the stream.
fn stateless(
    build: impl Fn(KStream<String, i64>),
    expected: impl Fn(&str, i64) -> Vec<(String, i64)> + 'static,
) -> Result<Laws> {
    let builder = StreamsBuilder::new();
    build(builder.stream(&IN));
    let reference = move |events: &[Event]| {
        let mut rows = Vec::new();
        for event in events {
            let (key, value) = event.record(&IN).unwrap();
            rows.extend(expected(key, *value).into_iter().map(|(key, value)| (key, value, event.time())));
        }
        rows
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, events())
        .partitions(2)
        .output(&OUT)
        .reference(&OUT, reference)
        .reference_drops(|_| Vec::new())
        .order_insensitive_within(ms(100)))
}

/// The same, where keys stay.
fn same_key(
    build: impl Fn(KStream<String, i64>),
    expected: impl Fn(&str, i64) -> Vec<i64> + 'static,
) -> Result<Laws> {
    let rows = move |k: &str, v| expected(k, v).into_iter().map(|v| (k.to_owned(), v)).collect();
    Ok(stateless(build, rows)?.keys_are_independent())
}

fn fallible() -> Result<Laws> {
    let halved = |v: i64| if v % 2 == 0 { Ok(v / 2) } else { Err("odd") };
    let policies = ErrorPolicies { processing: ErrorPolicy::Skip, ..ErrorPolicies::default() };
    let options = streams_core::testing::TestDriverOptions { policies, ..Default::default() };
    let builder = StreamsBuilder::new();
    builder.stream(&IN).try_map_values(move |_, v| halved(v)).to(&OUT);
    let values = |events: &[Event]| -> Vec<(String, i64, i64)> {
        let all = events.iter().map(|event| (event.record(&IN).unwrap(), event.time()));
        all.map(|((key, value), time)| (key.clone(), *value, time)).collect()
    };
    let odd = move |events: &[Event]| values(events).iter().filter(|(_, v, _)| v % 2 != 0).count() as u64;
    let even = move |events: &[Event]| {
        values(events).into_iter().filter_map(|(k, v, t)| Some((k, halved(v).ok()?, t))).collect::<Vec<_>>()
    };
    Ok(Laws::of(&builder.build()?)
        .input(&IN, events())
        .options(options)
        .output(&OUT)
        .reference(&OUT, even)
        .reference_drops(move |events| vec![(DropReason::ProcessingFailed, odd(events))])
        .accounts_for(|driver| Ok(driver.read(&OUT)?.len() as u64))
        .keys_are_independent())
}

fn observed() -> Result<Laws> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let builder = StreamsBuilder::new();
    let note = |name: &'static str| {
        let seen = Arc::clone(&seen);
        move |key: &String, value: &i64| seen.lock().unwrap().push((name, key.clone(), *value))
    };
    let peeked = builder.stream(&IN).peek(note("peek"));
    peeked.clone().for_each(note("for_each"));
    peeked.to(&OUT);
    let all = |events: &[Event]| -> Vec<(String, i64, i64)> {
        let all = events.iter().map(|event| (event.record(&IN).unwrap(), event.time()));
        all.map(|((key, value), time)| (key.clone(), *value, time)).collect()
    };
    Ok(Laws::of(&builder.build()?).input(&IN, events()).output(&OUT).reference(&OUT, all).law(
        "showing each record once",
        move |events, _| {
            let mut expected = Vec::new();
            for (key, value, _) in all(events) {
                expected.extend(["peek", "for_each"].map(|name| (name, key.clone(), value)));
            }
            // Earlier runs were seen too.
            let mut seen = seen.lock().unwrap();
            let last = seen.len().saturating_sub(expected.len());
            assert_eq!(seen.split_off(last), expected);
            Ok(())
        },
    ))
}
