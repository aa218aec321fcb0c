//! Internal topics have the names, partition counts and settings that Apache Kafka Streams gives them, and topologies
//! the text it shows: programs that ran on a broker, with what they made there (`recorded.json`, Kafka 4.3.1).
#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../conformance/describe.rs"]
mod describe;
mod programs;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use streams_core::log::embedded::EmbeddedLog;
use streams_core::log::{CleanupPolicy, Log, NewTopic, TopicConfig};
use streams_core::runtime::{App, Config};
use streams_core::{StreamsBuilder, Topology};

use programs::{PROGRAMS, Program};

fn recorded() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("topics/recorded.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn topology(program: &Program, recorded: &Value) -> Topology {
    let builder = StreamsBuilder::new();
    if let Some(words) = recorded["config"]["topology.optimization"].as_str() {
        builder.optimize(words.parse().unwrap());
    }
    (program.build)(&builder);
    builder.build().unwrap()
}

/// A log with the program's inputs and output.
fn log(name: &str, recorded: &Value) -> Arc<dyn Log> {
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
    let partitions = recorded["source_partitions"].as_object().unwrap().iter();
    let inputs =
        partitions.map(|(topic, n)| NewTopic::new(format!("{name}.{topic}"), n.as_u64().unwrap() as u32));
    let output = NewTopic::new(format!("{name}.out"), 1);
    log.create_topics(&inputs.chain([output]).collect::<Vec<_>>()).unwrap();
    log
}

fn config(name: &str, recorded: &Value) -> Config {
    let mut config = Config::new(name);
    if let Some(ms) = recorded["config"]["windowstore.changelog.additional.retention.ms"].as_u64() {
        config.changelog_additional_retention = Duration::from_millis(ms);
    }
    config
}

/// A topic's settings in the broker's words, as far as they are recorded.
fn settings(config: &TopicConfig, recorded: &Value) -> BTreeMap<String, String> {
    let cleanup = match config.cleanup_policy {
        CleanupPolicy::Delete => "delete",
        CleanupPolicy::Compact => "compact",
        CleanupPolicy::CompactDelete => "compact,delete",
    };
    let mut settings = BTreeMap::from([("cleanup.policy".to_owned(), cleanup.to_owned())]);
    if let Some(retention) = config.retention {
        settings.insert("retention.ms".to_owned(), retention.as_millis().to_string());
    } else if recorded["retention.ms"] == "-1" {
        // Without limit; the broker has a limit unless it is told otherwise, this library has none.
        settings.insert("retention.ms".to_owned(), "-1".to_owned());
    }
    if recorded["segment.bytes"].is_string() {
        settings.insert("segment.bytes".to_owned(), config.segment_bytes.to_string());
    }
    settings
}

#[test]
fn internal_topics_are_those_that_kafka_streams_makes_for_the_same_program() {
    let recorded = recorded();
    for program in PROGRAMS {
        let name = program.name;
        let recorded = &recorded["apps"][name];
        assert!(recorded["what"].is_string(), "{name} was not recorded");
        let app = App::new(topology(program, recorded), config(name, recorded), log(name, recorded));
        let made = app.internal_topics().unwrap();
        let mut expected: Vec<&String> = recorded["internal_topics"].as_object().unwrap().keys().collect();
        let mut names: Vec<&String> = made.iter().map(|topic| &topic.name).collect();
        expected.sort();
        names.sort();
        assert_eq!(names, expected, "{name}");
        for topic in &made {
            let recorded = &recorded["internal_topics"][&topic.name];
            assert_eq!(Some(u64::from(topic.partitions)), recorded["partitions"].as_u64(), "{}", topic.name);
            let configs = recorded["configs"].as_object().unwrap().iter();
            let configs: BTreeMap<String, String> =
                configs.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
            assert_eq!(settings(&topic.config, &recorded["configs"]), configs, "{}", topic.name);
        }
    }
}

#[test]
fn topologies_are_described_as_kafka_streams_describes_the_same_program() {
    let recorded = recorded();
    for program in PROGRAMS {
        let recorded = &recorded["apps"][program.name];
        let lines: Vec<&str> =
            recorded["topology"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let difference = describe::difference(&lines.join("\n"), &topology(program, recorded).describe());
        assert_eq!(difference, None, "{}", program.name);
    }
}

#[test]
fn what_is_listed_is_what_a_start_creates() {
    let recorded = recorded();
    for program in PROGRAMS {
        let name = program.name;
        let recorded = &recorded["apps"][name];
        let log = log(name, recorded);
        let before = log.list_topics().unwrap();
        let app = || App::new(topology(program, recorded), config(name, recorded), Arc::clone(&log));
        let listed = app().internal_topics().unwrap();
        app().run_to_end().unwrap();
        let mut created = log.list_topics().unwrap();
        created.retain(|topic| !before.contains(topic));
        for topic in &listed {
            let found = log.describe_topic(&topic.name).unwrap();
            let found = found.map(|found| (found.partitions, found.config));
            assert_eq!(found, Some((topic.partitions, topic.config.clone())), "{}", topic.name);
        }
        assert_eq!(created.len(), listed.len(), "{name}: {created:?}");
    }
}
