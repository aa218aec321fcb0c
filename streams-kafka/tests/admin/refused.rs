//! What is wrong with topics keeps an application from starting, and the command that the error gives makes it right.

use std::sync::Arc;
use std::time::Duration;

use streams_core::log::{Log, NewTopic, TopicConfig};
use streams_core::runtime::{App, Config};
use streams_core::windows::{JoinWindows, TimeWindows};
use streams_core::{ErrorKind, Materialized, StreamsBuilder, Topic, Topology};
use streams_kafka::testing::{Cluster, run_tool};

use crate::support::*;

/// Runs the commands that stand in an error or a warning; how many there were.
fn obey(text: &str) -> usize {
    let commands: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|l| l.starts_with("kafka-"))
        .collect();
    for command in &commands {
        run_tool(command).unwrap_or_else(|error| panic!("{error}\nof:\n{text}"));
    }
    commands.len()
}

struct Case {
    id: &'static str,
    log: Arc<dyn Log>,
    topology: Topology,
}

impl Case {
    fn app(&self) -> App {
        App::new(self.topology.clone(), Config::new(self.id), Arc::clone(&self.log))
    }

    /// The refusal, which is the same for a start.
    fn refusal(&self, kind: ErrorKind) -> String {
        let error = self.app().check_topics().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(self.app().start().unwrap_err().to_string(), error.to_string());
        error.to_string()
    }

    /// Waits until nothing is refused: brokers learn of changes one after the other.
    fn accepted(&self) -> Vec<String> {
        wait_for("the topics to be right", || self.app().check_topics().ok())
    }
}

/// Windows of two joined streams, and a table.
fn join(id: &'static str) -> Case {
    let topic = |name: &str| Topic::<String, String>::new(format!("{id}.{name}").leak());
    let builder = StreamsBuilder::new();
    let windows = JoinWindows::of(Duration::from_secs(1)).no_grace();
    let right = builder.stream(&topic("right"));
    let joined = builder.stream(&topic("left")).join(right, windows, |a, b| format!("{a}{b}"));
    let table = builder.table(&topic("table"));
    joined.join_table(table, |a, b| format!("{a}{b}")).to(&topic("out"));
    Case { id, log: log(), topology: builder.build().unwrap() }
}

#[test]
fn missing_topics_and_joined_topics_of_different_counts() {
    let case = join(unique("missing"));
    let id = case.id;
    case.log.create_topics(&[NewTopic::new(format!("{id}.left"), 3)]).unwrap();
    let text = case.refusal(ErrorKind::NotFound);
    for name in ["right", "table", "out"] {
        let command = format!("--create --topic {id}.{name} --partitions 3");
        assert!(text.contains(&command), "{command} is not in {text}");
    }
    assert!(text.contains("--partitions 3 --config cleanup.policy=compact"), "{text}");
    // One of them is created with another count than the text says.
    case.log.create_topics(&[NewTopic::new(format!("{id}.right"), 2)]).unwrap();
    let text = case.refusal(ErrorKind::NotFound);
    assert_eq!(obey(&text), 2, "{text}");
    let text = wait_for("all topics to be there", || {
        let error = case.app().check_topics().unwrap_err();
        (error.kind() == ErrorKind::Topology).then(|| error.to_string())
    });
    assert!(text.contains(&format!("topic `{id}.right` has 2 partitions")), "{text}");
    assert!(text.contains(&format!("--alter --topic {id}.right --partitions 3")), "{text}");
    assert_eq!(obey(&text), 1, "{text}");
    assert_eq!(case.accepted(), [""; 0]);
    case.app().create_topics().unwrap();
}

#[test]
fn internal_topics_of_wrong_counts_and_settings() {
    let id = unique("wrong");
    let lines: Topic<Option<String>, String> = Topic::new(format!("{id}.lines").leak());
    let users: Topic<String, String> = Topic::new(format!("{id}.users").leak());
    let builder = StreamsBuilder::new();
    let words = builder.stream(&lines).group_by(|_, word| word.clone());
    let windows = TimeWindows::tumbling(Duration::from_secs(60)).no_grace();
    let _ = words.clone().count_with(Materialized::named("totals"));
    let _ = words.windowed_by(windows).count_with(Materialized::named("windows"));
    let _ = builder.table(&users).filter_with(|_, _| true, Materialized::named("some"));
    let case = Case { id, log: log(), topology: builder.build().unwrap() };
    let week = TopicConfig { retention: Some(Duration::from_secs(604_800)), ..TopicConfig::default() };
    let topics = [
        NewTopic::new(lines.name(), 2),
        NewTopic::new(users.name(), 1).with_config(week),
        NewTopic::new(format!("{id}-totals-changelog"), 3),
    ];
    case.log.create_topics(&topics).unwrap();
    let text = case.refusal(ErrorKind::Exists);
    assert!(text.contains(&format!("{id}-totals-changelog has 3 partitions and must have 2")), "{text}");
    assert!(text.contains("cleanup.policy is `delete` and must be `compact`"), "{text}");
    let delete = text.lines().find(|line| line.contains("--delete --topic")).unwrap();
    assert_eq!(obey(delete), 1, "{text}");
    case.accepted();
    case.app().create_topics().unwrap();

    let topics = case.log.list_topics().unwrap();
    let own = |topic: &&String| topic.starts_with(id) && topic.ends_with("-repartition");
    let repartition = topics.iter().find(own).unwrap();
    let bootstrap = Cluster::shared().bootstrap();
    let configs = format!("kafka-configs.sh --bootstrap-server {bootstrap} --alter --entity-type topics");
    std::thread::scope(|scope| {
        for (topic, settings) in [
            (repartition.clone(), "cleanup.policy=[compact,delete],retention.ms=86400000"),
            (format!("{id}-totals-changelog"), "cleanup.policy=delete"),
            (format!("{id}-windows-changelog"), "retention.ms=59000,min.insync.replicas=2"),
        ] {
            let command = format!("{configs} --entity-name {topic} --add-config {settings}");
            scope.spawn(move || run_tool(&command).unwrap());
        }
    });
    let text = wait_for("all settings to be known", || {
        let error = case.app().check_topics().err()?.to_string();
        error.contains("for 4 reasons").then_some(error)
    });
    for part in [
        "cleanup.policy is `compact,delete` and must be `delete`",
        "retention.ms is 86400000 and must be -1",
        "--add-config 'cleanup.policy=compact'",
        "retention.ms is 59000 and must be at least 60000",
        "--add-config 'retention.ms=86460000'",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(obey(&text), 4, "{text}");
    // What is no reason to refuse.
    let warnings = case.accepted();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("and should be `compact`: the topic is read as a table"), "{warnings:?}");
    assert!(warnings[1].contains("nothing can be written to it"), "{warnings:?}");
    assert_eq!(warnings.iter().map(|warning| obey(warning)).sum::<usize>(), 2);
    wait_for("the warnings to be heeded", || case.app().check_topics().unwrap().is_empty().then_some(()));
}
