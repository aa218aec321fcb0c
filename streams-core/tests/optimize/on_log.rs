//! Tables whose topic is their changelog, on a log.

use std::collections::BTreeMap;
use std::sync::Arc;

use streams_core::ids::TopicPartition;
use streams_core::log::embedded::EmbeddedLog;
use streams_core::log::{Log, NewTopic};
use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::runtime::{App, Config, Guarantee, Metrics, Start, Subscription, TopicProducer};
use streams_core::{
    Consumed, Materialized, Optimization, Record, Result, Store, StreamsBuilder, Topic, Topology,
};

const PRICES: Topic<String, Option<i64>> = Topic::new("prices");
const TABLE: Topic<String, i64> = Topic::new("prices");
const ASK: Topic<String, String> = Topic::new("ask");
const ANSWERS: Topic<String, Option<i64>> = Topic::new("answers");
const STORE: Store<String, i64> = Store::new("store");
const KEYS: i64 = 100;

struct Answer;

impl Processor<String, String, String, Option<i64>> for Answer {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, Option<i64>>,
        record: Record<String, String>,
    ) -> UserResult {
        let found = ctx.store(&STORE)?.get(&record.key)?;
        Ok(ctx.forward(record.with_value(found))?)
    }
}

fn topology(optimization: Optimization) -> Topology {
    let builder = StreamsBuilder::new();
    builder.optimize(optimization);
    let _ = builder.table_with(&TABLE, Consumed::new(), Materialized::as_store(&STORE));
    builder.stream(&ASK).process(|| Answer).with_store(&STORE).to(&ANSWERS);
    builder.build().unwrap()
}

fn log() -> Arc<dyn Log> {
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
    log.create_topics(&["prices", "ask", "answers"].map(|name| NewTopic::new(name, 2))).unwrap();
    log
}

fn key(number: i64) -> String {
    format!("k{number}")
}

/// A price for every key at `time`, then a question about every key behind it; a null price for the first.
fn send(log: &Arc<dyn Log>, price: i64, time: i64) {
    let mut prices = TopicProducer::open(&**log, &PRICES).unwrap();
    (0..KEYS).for_each(|n| prices.send(&key(n), &Some(price).filter(|_| n > 0), time).unwrap());
    prices.flush().unwrap();
    ask(log, time + 1);
}

fn ask(log: &Arc<dyn Log>, time: i64) {
    let mut questions = TopicProducer::open(&**log, &ASK).unwrap();
    (0..KEYS).for_each(|n| questions.send(&key(n), &String::new(), time).unwrap());
    questions.flush().unwrap();
}

/// Runs to the end of the input; what was answered in this run.
fn run(
    log: &Arc<dyn Log>,
    config: Config,
    optimization: Optimization,
) -> (Metrics, Vec<(String, Option<i64>)>) {
    let mut reader = Subscription::open(log, &ANSWERS, Start::Latest).unwrap();
    let metrics = App::new(topology(optimization), config, Arc::clone(log)).run_to_end().unwrap();
    let mut answers = Vec::new();
    while let Some(answer) = reader.next_now().unwrap() {
        answers.push((answer.record.key, answer.record.value));
    }
    answers.sort();
    (metrics, answers)
}

fn expected(price: Option<i64>) -> Vec<(String, Option<i64>)> {
    let mut all: Vec<_> = (0..KEYS).map(|n| (key(n), price.filter(|_| n > 0))).collect();
    all.sort();
    all
}

#[test]
fn a_table_is_restored_from_its_topic_and_from_disk_only_what_is_new() -> Result<()> {
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        let dir = tempfile::tempdir()?;
        let log = log();
        let config = |on_disk: bool| {
            let mut config = Config::new("app");
            config.guarantee = guarantee;
            config.state_dir = on_disk.then(|| dir.path().to_owned());
            config
        };
        send(&log, 1, 10);
        let (metrics, answers) = run(&log, config(true), Optimization::ALL);
        assert_eq!((metrics.restored, answers), (0, expected(Some(1))));
        ask(&log, 20);
        let (metrics, answers) = run(&log, config(true), Optimization::ALL);
        assert_eq!(
            (metrics.restored, answers),
            (0, expected(Some(1))),
            "a clean stop leaves nothing to restore"
        );
        send(&log, 2, 30);
        let (metrics, answers) = run(&log, config(false), Optimization::ALL);
        assert_eq!((metrics.restored, answers), (100, expected(Some(2))), "in memory all of it is restored");
        ask(&log, 40);
        let (metrics, answers) = run(&log, config(true), Optimization::ALL);
        assert_eq!((metrics.restored, answers), (100, expected(Some(2))), "the disk is one round behind");
        let topics = log.list_topics()?;
        assert_eq!(topics, ["answers", "ask", "prices"], "there is no changelog");
        assert_eq!(
            App::new(topology(Optimization::ALL), config(false), Arc::clone(&log)).internal_topics()?,
            []
        );
    }
    Ok(())
}

#[test]
fn positions_that_were_set_back_take_the_table_back_with_them() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let log = log();
    let mut config = Config::new("app");
    config.state_dir = Some(dir.path().to_owned());
    // Asked before there are prices.
    ask(&log, 1);
    send(&log, 7, 10);
    let (_, answers) = run(&log, config.clone(), Optimization::ALL);
    let all = [expected(None), expected(Some(7))].concat();
    let sorted = |mut all: Vec<_>| {
        all.sort();
        all
    };
    assert_eq!(answers, sorted(all.clone()));
    let partitions = |topic: &str| [0, 1].map(|number| (TopicPartition::new(topic, number), None));
    log.alter_committed("app", &[partitions("prices"), partitions("ask")].concat())?;
    let (metrics, answers) = run(&log, config, Optimization::ALL);
    assert_eq!((metrics.restored, answers), (0, sorted(all)));
    Ok(())
}

#[test]
fn merged_repartitions_count_the_same_over_partitions_and_threads() -> Result<()> {
    const VISITS: Topic<String, String> = Topic::new("visits");
    const TOPICS: [&str; 3] = ["counts", "short", "last"];
    let built = |optimization| {
        let builder = StreamsBuilder::new();
        builder.optimize(optimization);
        let by_page = builder.stream(&VISITS).select_key(|_, page| page.clone());
        let count = |stream: streams_core::KStream<String, String>, number: usize| {
            stream.group_by_key().count().to_stream().to(&Topic::<String, i64>::new(TOPICS[number]));
        };
        count(by_page.clone(), 0);
        count(by_page.clone().filter(|page, _| page.len() < 3), 1);
        by_page.to_table::<String>().to_stream().to(&Topic::<String, String>::new(TOPICS[2]));
        builder.build()
    };
    let outcome = |optimization| -> Result<BTreeMap<(&str, String), Vec<u8>>> {
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
        log.create_topics(&["visits", "counts", "short", "last"].map(|name| NewTopic::new(name, 3)))?;
        let mut visits = TopicProducer::open(&*log, &VISITS)?;
        (0..3000).try_for_each(|n| visits.send(&format!("u{}", n % 41), &format!("p{}", n % 17), n))?;
        visits.flush()?;
        let mut config = Config::new("app");
        config.num_threads = 2;
        App::new(built(optimization)?, config, Arc::clone(&log)).run_to_end()?;
        let repartitions = log.list_topics()?.iter().filter(|topic| topic.ends_with("-repartition")).count();
        assert_eq!(repartitions, if optimization == Optimization::ALL { 1 } else { 3 });
        let mut last = BTreeMap::new();
        for topic in TOPICS {
            let mut reader =
                Subscription::open(&log, &Topic::<String, Vec<u8>>::new(topic), Start::Earliest)?;
            while let Some(found) = reader.next_now()? {
                last.insert((topic, found.record.key), found.record.value);
            }
        }
        Ok(last)
    };
    let merged = outcome(Optimization::ALL)?;
    assert_eq!(merged.len(), 17 + 10 + 17);
    assert_eq!(merged, outcome(Optimization::NONE)?);
    Ok(())
}

#[test]
fn a_store_that_had_a_changelog_is_filled_from_its_topic_once_that_is_its_changelog() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let log = log();
    let mut config = Config::new("app");
    config.state_dir = Some(dir.path().to_owned());
    send(&log, 3, 10);
    run(&log, config.clone(), Optimization::NONE);
    assert!(log.list_topics()?.contains(&"app-store-changelog".to_owned()));
    ask(&log, 20);
    let (metrics, answers) = run(&log, config, Optimization::ALL);
    assert_eq!((metrics.restored, answers), (100, expected(Some(3))));
    Ok(())
}
