//! Internal topics are created on a broker as Kafka Streams creates them (`tests/topics/recorded.json`, 4.3.1).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, Config};
use streams_core::{StreamsBuilder, Topology};
use streams_kafka::testing::{Cluster, run_tool};

use crate::programs::{PROGRAMS, Program};
use crate::support::*;

fn topology(program: &Program, recorded: &Value) -> Topology {
    let builder = StreamsBuilder::new();
    if let Some(words) = recorded["config"]["topology.optimization"].as_str() {
        builder.optimize(words.parse().unwrap());
    }
    (program.build)(&builder);
    builder.build().unwrap()
}

/// What the broker says was set for each topic.
fn settings_on_the_broker() -> BTreeMap<String, BTreeMap<String, String>> {
    let bootstrap = Cluster::shared().bootstrap();
    let text =
        run_tool(&format!("kafka-configs.sh --bootstrap-server {bootstrap} --describe --entity-type topics"));
    let mut found: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut topic = String::new();
    for line in text.unwrap().lines() {
        if let Some(name) =
            line.strip_prefix("Dynamic configs for topic ").and_then(|l| l.strip_suffix(" are:"))
        {
            topic = name.to_owned();
            found.entry(topic.clone()).or_default();
        } else if let Some((key, value)) = line.trim().split_once('=') {
            let value = value.split(" sensitive=").next().unwrap_or_default();
            found.entry(topic.clone()).or_default().insert(key.to_owned(), value.to_owned());
        }
    }
    found
}

#[test]
fn names_counts_and_settings_are_those_that_kafka_streams_gave_its_topics() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/topics/recorded.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let log = log();
    let mut created = Vec::new();
    for program in PROGRAMS {
        let recorded = &recorded["apps"][program.name];
        let sources = recorded["source_partitions"].as_object().unwrap().iter();
        let mut topics: Vec<NewTopic> = sources
            .map(|(topic, n)| NewTopic::new(format!("{}.{topic}", program.name), n.as_u64().unwrap() as u32))
            .collect();
        topics.push(NewTopic::new(format!("{}.out", program.name), 1));
        // A run against a cluster that stays may have been cut short.
        for topic in &topics {
            remove(&*log, &topic.name);
        }
        log.create_topics(&topics).unwrap();
        created.extend(topics.into_iter().map(|topic| topic.name));
        for (name, _) in recorded["internal_topics"].as_object().unwrap() {
            remove(&*log, name);
            created.push(name.clone());
        }
        let mut config = Config::new(program.name);
        if let Some(ms) = recorded["config"]["windowstore.changelog.additional.retention.ms"].as_u64() {
            config.changelog_additional_retention = Duration::from_millis(ms);
        }
        let app = App::new(topology(program, recorded), config, Arc::clone(&log));
        app.create_topics().unwrap();
        assert_eq!(app.check_topics().unwrap(), [""; 0], "{}", program.name);
    }
    let found = settings_on_the_broker();
    for program in PROGRAMS {
        for (name, topic) in recorded["apps"][program.name]["internal_topics"].as_object().unwrap() {
            let info = log.describe_topic(name).unwrap().unwrap_or_else(|| panic!("{name} was not created"));
            assert_eq!(Some(u64::from(info.partitions)), topic["partitions"].as_u64(), "{name}");
            let mut expected: BTreeMap<String, String> =
                serde_json::from_value(topic["configs"].clone()).unwrap();
            // All of them have it.
            expected.insert("message.timestamp.type".to_owned(), "CreateTime".to_owned());
            // Said here, because a broker may limit topics that say nothing.
            if expected.get("cleanup.policy").is_some_and(|policy| policy.contains("delete")) {
                expected.insert("retention.bytes".to_owned(), "-1".to_owned());
            }
            assert_eq!(found.get(name), Some(&expected), "{name}");
        }
    }
    let created: Vec<&str> = created.iter().map(String::as_str).collect();
    log.delete_topics(&created).unwrap();
}

fn remove(log: &dyn Log, topic: &str) {
    if log.describe_topic(topic).unwrap().is_some() {
        log.delete_topics(&[topic]).unwrap();
        wait_for("the topic to go", || log.describe_topic(topic).unwrap().is_none().then_some(()));
    }
}

#[test]
fn instances_that_start_at_once_create_the_topics_together() {
    for round in 0..5 {
        let words = Words::create(&*log(), "race", 1 + round);
        std::thread::scope(|scope| {
            // Each has clients of its own, as a process has.
            let create = || words.app(&log(), words.config()).create_topics();
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(create)).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
        });
        words.app(&log(), words.config()).check_topics().unwrap();
    }
}
