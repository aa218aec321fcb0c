//! Stateless verbs, branches and sinks.

use streams_core::processor::{FixedKeyContext, FixedKeyProcessor, Processor, ProcessorContext, UserResult};
use streams_core::{Headers, KStream, Record, StreamsBuilder, Topic};

use super::{COUNTS, Case, IN, OUT, Text, case, last, shown, words};

const OTHER: Topic<Text, Text> = Topic::new("other");

pub(super) const CASES: &[Case] = &[
    case("stateless-filter", |b| b.stream(&IN).filter(|_, v| !ends_in_3_or_7(v)).to(&OUT)),
    case("stateless-filter-not", |b| {
        b.stream(&IN).filter_not(|_, v| v.is_none() || ends_in_3_or_7(v)).to(&OUT);
    }),
    case("stateless-map", |b| b.stream(&IN).map(|k, v| (v, k)).to(&OUT)),
    case("stateless-map-values", |b| {
        b.stream(&IN)
            .map_values(|v| match v {
                None => Some("none".to_owned()),
                Some(v) if v.ends_with('5') => None,
                Some(v) => Some(v + "!"),
            })
            .to(&OUT);
    }),
    case("stateless-map-values-with-key", |b| {
        let or_mark = |text: Option<&String>| text.map_or("?", String::as_str).to_owned();
        b.stream(&IN)
            .map_values_with_key(move |k, v| format!("{}={}", or_mark(k.as_ref()), or_mark(v.as_ref())))
            .to(&OUT);
    }),
    case("stateless-flat-map", |b| {
        b.stream(&IN)
            .flat_map(|k, v| {
                let key = k.unwrap_or("?".to_owned());
                let words = words(v.as_ref()).into_iter().enumerate();
                words.map(|(index, word)| (format!("{key}{index}"), word)).collect::<Vec<_>>()
            })
            .to(&OUT);
    }),
    case("stateless-flat-map-values", |b| b.stream(&IN).flat_map_values(|v| words(v.as_ref())).to(&OUT)),
    case("stateless-depth-first", |b| {
        let words = b.stream(&IN).flat_map_values(|v| words(v.as_ref()));
        let first = words.clone().map_values(|v| v + "-1");
        first.clone().to(&OUT);
        first.map_values(|v| v + "-below").to(&OUT);
        words.map_values(|v| v + "-2").to(&OUT);
    }),
    case("stateless-peek", |b| {
        let stream = b.stream(&IN).peek(|_, _| {});
        stream.clone().for_each(|_, _| {});
        stream.to(&OUT);
    }),
    case("stateless-merge", |b| {
        let (one, other) = (b.stream(&IN), b.stream(&OTHER));
        let one = one.map_values(|v| format!("{}-in", shown(v.as_ref())));
        one.merge(other.map_values(|v| format!("{}-other", shown(v.as_ref())))).to(&OUT);
    }),
    case("stateless-merge-same", |b| {
        let stream = b.stream(&IN);
        let mapped = |stream: KStream<Text, Text>| {
            stream.map_values(|v| Some(format!("{}-mapped", shown(v.as_ref()))))
        };
        stream.clone().merge(stream.clone()).merge(mapped(stream)).to(&OUT);
    }),
    case("stateless-several-topics", |b| {
        let both = || b.streams(&[IN, OTHER]);
        both().map_values(|v| format!("{}-1", shown(v.as_ref()))).to(&OUT);
        both().map_values(|v| format!("{}-2", shown(v.as_ref()))).to(&OUT);
    }),
    case("stateless-pattern-source", |b| {
        b.stream_matching::<Text, Text>("in-[0-9]+")
            .map_values(|v| format!("{}!", shown(v.as_ref())))
            .to(&OUT);
    }),
    case("stateless-several-sinks", |b| {
        const FIRST: Topic<Text, Text> = Topic::new("first");
        const SECOND: Topic<Text, i64> = Topic::new("second");
        let stream = b.stream(&IN);
        stream.clone().to(&FIRST);
        stream.clone().map_values(|v| v.map_or(-1, |v| v.len() as i64)).to(&SECOND);
        stream.map_values(|v| Some(format!("{}-again", shown(v.as_ref())))).to(&FIRST);
    }),
    case("stateless-topic-name-extractor", |b| {
        b.streams(&[IN, OTHER]).map_values(|v| v.unwrap_or("0".to_owned())).to_dynamic(|_, v, metadata| {
            let topic = match (v.ends_with('5'), metadata.topic, metadata.timestamp % 2) {
                (true, ..) => "fives",
                (_, "other", _) => "from-other",
                (_, _, 0) => "even",
                _ => "odd",
            };
            topic.to_owned()
        });
    }),
    case("stateless-branch-default", branch_default),
    case("stateless-branch-no-default", |b| {
        let mut split = b.stream(&IN).split();
        let a = split.branch(|k, _| k.as_deref() == Some("a"));
        let five = split.branch(|_, v| ends_with(v, '5'));
        a.to(&Topic::<String, String>::new("a"));
        five.to(&Topic::<String, String>::new("five"));
    }),
    case("stateless-branch-function", |b| {
        let mut split = b.stream(&IN).split().named("s-");
        let a = split.branch(|k, _| k.as_deref() == Some("a"));
        a.map_values(|v| format!("{}-a", shown(v.as_ref()))).to(&Topic::<String, String>::new("a"));
        let b = split.branch(|k, _| k.as_deref() == Some("b")).named("b");
        let b = b.map_values(|v| Some(format!("{}-b", shown(v.as_ref()))));
        b.merge(split.default_branch()).to(&OUT);
    }),
    case("stateless-branch-merge", |b| {
        let mut split = b.stream(&IN).split().named("by-");
        let one = split.branch(|_, v| ends_with(v, '1')).named("one");
        let other = split.default_branch().named("other");
        let one = one.map_values(|v| Some(format!("{}-one", shown(v.as_ref()))));
        let other = other.select_key(|_, _| Some("z".to_owned()));
        one.clone().to(&OUT);
        other.clone().to(&OUT);
        one.merge(other).to(&Topic::<String, String>::new("merged"));
    }),
    case("stateless-process", |b| b.stream(&IN).process(|| ThreeRecords).to(&OUT)),
    case("stateless-process-values", |b| {
        let processed = b.stream(&IN).process_values(|| OneOrTwo);
        processed.clone().to(&OUT);
        processed
            .require_key()
            .group_by_key()
            .count_with(streams_core::Materialized::named("counts-store"))
            .to_stream()
            .to(&Topic::<String, i64>::new("counts"));
    }),
    case("stateless-shared-headers", |b| {
        let stream = b.stream(&Topic::<Text, String>::new("in"));
        stream.clone().to(&Topic::<String, String>::new("before"));
        stream.clone().process(|| Marking).to(&OUT);
        stream.map_values(|v| v + "-after").to(&Topic::<String, String>::new("after"));
    }),
    case("stateless-deep-chain", |b| {
        b.stream(&IN)
            .map_values(Option::unwrap_or_default)
            .filter(|_, v| !v.is_empty())
            .flat_map_values(|v| words(Some(&v)))
            .select_key(|_, v| last(v))
            .group_by_key()
            .count()
            .to_stream()
            .to(&COUNTS);
    }),
];

fn branch_default(b: &StreamsBuilder) {
    let mut split = b.stream(&IN).split().named("split-");
    let small = split.branch(|_, v| v.as_ref().is_some_and(|v| v.len() == 2)).named("small");
    let odd = split.branch(|_, v| ends_with(v, '1') || ends_with(v, '5')).named("odd");
    let rest = split.default_branch().named("rest");
    small.to(&Topic::<String, String>::new("small"));
    odd.to(&Topic::<String, String>::new("odd"));
    rest.to(&Topic::<String, String>::new("rest"));
}

fn ends_with(text: &Text, end: char) -> bool {
    text.as_ref().is_some_and(|text| text.ends_with(end))
}

fn ends_in_3_or_7(text: &Text) -> bool {
    ends_with(text, '3') || ends_with(text, '7')
}

/// The record with a header more, then earlier under another key, then, for some, a new record.
struct ThreeRecords;

impl Processor<Text, Text, Text, Text> for ThreeRecords {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, Text, Text>,
        record: Record<Text, Text>,
    ) -> UserResult {
        let Record { key, value, timestamp, headers } = record;
        let marked = Some(format!("{}!", shown(value.as_ref())));
        let mut more = Record { key: key.clone(), value: marked, timestamp, headers: headers.clone() };
        more.headers.add("added", "1");
        ctx.forward(more)?;
        let second = format!("{}2", shown(key.as_ref()));
        ctx.forward(Record {
            key: Some(second),
            value: value.clone(),
            timestamp: timestamp - 1000,
            headers,
        })?;
        if ends_with(&value, '5') {
            ctx.forward(Record::new(Some("new".to_owned()), value, timestamp + 1000))?;
        }
        Ok(())
    }
}

/// Values that are not null, and some of them once more a second later.
struct OneOrTwo;

impl FixedKeyProcessor<Text, Text, String> for OneOrTwo {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, '_, Text, String>,
        _key: &Text,
        value: Text,
        timestamp: i64,
        _headers: &Headers,
    ) -> UserResult {
        let Some(value) = value else { return Ok(()) };
        ctx.forward(format!("{value}-1"), timestamp)?;
        if value.ends_with('5') {
            ctx.forward(format!("{value}-2"), timestamp + 1000)?;
        }
        Ok(())
    }
}

/// Adds a header.
struct Marking;

impl Processor<Text, String, Text, String> for Marking {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, Text, String>,
        mut record: Record<Text, String>,
    ) -> UserResult {
        record.headers.add("mark", record.value.as_bytes());
        ctx.forward(record)?;
        Ok(())
    }
}
